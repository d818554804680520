"""What every page of the administration stands on: one access rule, one search, one history."""

from programs.administration.columns import NOTHING, VisibleFilter, shown, words
from programs.administration.fields import administers_nation, person_of
from programs.administration.inlines import LoadedFormSet, ReadOnlyInline, ScopedInline
from programs.administration.rows import ReadOnlyAdmin, ScopedAdmin

__all__ = [
    "NOTHING",
    "LoadedFormSet",
    "ReadOnlyAdmin",
    "ReadOnlyInline",
    "ScopedAdmin",
    "ScopedInline",
    "VisibleFilter",
    "administers_nation",
    "person_of",
    "shown",
    "words",
]
