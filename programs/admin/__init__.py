"""Pages of the administration for what was promised. Django finds them here."""

from programs.admin import catalogues, plans

__all__ = ["catalogues", "plans"]
