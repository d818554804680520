"""Form fields that read and show numbers the Vietnamese way. Django's own take 1.000 for 1."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError

from programs.models import TargetVersion
from programs.numbers import UnreadableNumber, read_number, show_number
from programs.planning import Shape

if TYPE_CHECKING:
    _VersionForm = forms.ModelForm[TargetVersion]
else:
    _VersionForm = forms.ModelForm


class NumberInput(forms.TextInput):
    """A text box: `type=number` reads 1.250 by the browser's language, not by ours."""

    def __init__(self, attrs: dict[str, Any] | None = None, *, decimals: bool = False) -> None:
        mode = "decimal" if decimals else "numeric"
        super().__init__({"inputmode": mode, "autocomplete": "off", "size": "14", **(attrs or {})})


class VietnameseDecimalField(forms.DecimalField):
    """1.250 is 1250, 22,6 is 22.6, 1.25 is refused with both readings named.

    An empty box is None, never 0. Shows a stored number without idle zeros.
    """

    widget = NumberInput(decimals=True)

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]
        if value is None or isinstance(value, Decimal):
            return value
        if not str(value).strip():
            return None
        try:
            return read_number(str(value), decimals=self.decimal_places or 0)
        except UnreadableNumber as refusal:
            raise ValidationError(str(refusal), code="invalid") from refusal

    def prepare_value(self, value: Any) -> Any:
        return show_number(value) if isinstance(value, Decimal) else value


class VietnameseIntegerField(forms.IntegerField):
    """A whole number; 1.000 is a thousand. Shown without dots: years and codes are such numbers."""

    widget = NumberInput

    def to_python(self, value: Any) -> int | None:
        if value is None or isinstance(value, int):
            return value
        if not str(value).strip():
            return None
        try:
            return int(read_number(str(value), decimals=0))
        except UnreadableNumber as refusal:
            raise ValidationError(str(refusal), code="invalid") from refusal


class MoneyField(VietnameseIntegerField):
    """Đồng, shown with dots."""

    def prepare_value(self, value: Any) -> Any:
        return show_number(value) if isinstance(value, int) else value


class VersionForm(_VersionForm):
    """A new version of a plan. «Đúng bằng» and «khoảng» are typed once, into «từ»."""

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if (
            cleaned
            and cleaned.get("shape") in (Shape.EXACT, Shape.ABOUT)
            and cleaned.get("upper") is None
            and "upper" not in self.errors
        ):
            cleaned["upper"] = cleaned.get("lower")
        return cleaned
