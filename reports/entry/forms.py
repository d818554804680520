"""One line of the list of activities, as it is typed. Says what is wrong with it, all at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from programs.forms import MoneyField
from programs.models import Activity, Indicator
from programs.models.activity import ActivityKind, FundingPhase, ParticipantRole
from programs.numbers import UnreadableNumber
from reports.entry.activities import SOURCES, Described, Money
from reports.entry.said import read_cell, shown
from reports.models import Report

LAST_BEFORE_FIRST = "Ngày kết thúc ở trước ngày bắt đầu. Hãy sửa một trong hai ngày."
NOT_A_DAY = "Không rõ là ngày nào. Hãy gõ dd/mm/yyyy, ví dụ 28/08/2026."

DESCRIBED = ("name", "kind", "starts_on", "ends_on", "place", "implementer", "beneficiary")


class ActivityForm(forms.Form):
    name = forms.CharField(
        label="Tên hoạt động",
        max_length=300,
        error_messages={"required": "Chưa có tên hoạt động. Hãy gõ tên."},
    )
    kind = forms.ChoiceField(
        label="Loại",
        choices=ActivityKind.choices,
        error_messages={"required": "Chưa có loại. Hãy chọn trong danh sách."},
    )
    starts_on = forms.DateField(
        label="Từ ngày",
        error_messages={
            "required": "Chưa có ngày bắt đầu. Hãy gõ dd/mm/yyyy.",
            "invalid": NOT_A_DAY,
        },
    )
    ends_on = forms.DateField(
        label="Đến hết ngày", required=False, error_messages={"invalid": NOT_A_DAY}
    )
    place = forms.CharField(label="Địa điểm", max_length=250, required=False)
    implementer = forms.CharField(label="Đơn vị thực hiện", max_length=250, required=False)
    beneficiary = forms.CharField(label="Đơn vị thụ hưởng", max_length=250, required=False)
    national = MoneyField(label="KCQG (đồng)", min_value=0, required=False)
    local = MoneyField(label="KCĐP (đồng)", min_value=0, required=False)
    counterpart = MoneyField(label="Đối ứng (đồng)", min_value=0, required=False)
    other = MoneyField(label="Khác (đồng)", min_value=0, required=False)
    code = forms.CharField(
        label="Mã",
        max_length=40,
        required=False,
        widget=forms.TextInput({"placeholder": "để trống: tự đặt", "autocomplete": "off"}),
    )

    def __init__(
        self,
        *args: Any,
        report: Report,
        columns: Sequence[Indicator],
        activity: Activity | None = None,
        **kwargs: Any,
    ) -> None:
        self.report = report
        self.columns = columns
        self.activity = activity
        if activity is not None:
            # Who read a whole list has it already.
            kwargs["initial"] = kwargs.get("initial") or _initial(report, activity)
        super().__init__(*args, **kwargs)
        for column in columns:
            self.fields[_name(column)] = forms.CharField(
                label=column.name,
                max_length=60,
                required=False,
                widget=forms.TextInput({"inputmode": "decimal", "autocomplete": "off"}),
            )
        for date_field in ("starts_on", "ends_on"):
            self.fields[date_field].widget.attrs |= {
                "placeholder": "dd/mm/yyyy",
                "inputmode": "numeric",
                "autocomplete": "off",
            }
        for people in ("implementer", "beneficiary"):
            self.fields[people].widget.attrs["list"] = "organisations"
        for field in self.fields.values():
            is_select = isinstance(field.widget, forms.Select)
            field.widget.attrs["class"] = "form-select" if is_select else "form-control"

    def number_fields(self) -> list[forms.BoundField]:
        return [self[_name(column)] for column in self.columns]

    def money_fields(self) -> list[forms.BoundField]:
        return [self[source] for source in SOURCES]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        first, last = cleaned.get("starts_on"), cleaned.get("ends_on")
        if first and last and last < first:
            self.add_error(
                "ends_on", "Ngày kết thúc ở trước ngày bắt đầu. Hãy sửa một trong hai ngày."
            )
        counted_on = last or first
        period = self.report.period
        if counted_on and not period.starts_on <= counted_on <= period.ends_on:
            self.add_error(
                "ends_on" if last else "starts_on",
                f"Hoạt động tính vào kỳ mà nó kết thúc; ngày này nằm ngoài {period.name}. "
                "Hãy sửa ngày, hoặc nhập ở báo cáo của kỳ đó.",
            )
        for column in self.columns:
            text = cleaned.get(_name(column), "")
            try:
                read_cell(text, column)
            except UnreadableNumber as why:
                self.add_error(_name(column), str(why))
        code = cleaned.get("code", "")
        same = Activity.objects.filter(
            program=self.report.program_id, province=self.report.province_id, code=code
        )
        is_its_own = self.activity is not None and self.activity.code == code
        if code and not is_its_own and same.exists():
            self.add_error("code", "Tỉnh đã có hoạt động mang mã này trong chương trình.")
        return cleaned

    def described(self) -> Described:
        """What was typed. Call when the form is valid."""
        typed = self.cleaned_data
        return Described(
            name=typed["name"],
            kind=ActivityKind(typed["kind"]),
            starts_on=typed["starts_on"],
            ends_on=typed["ends_on"],
            code=typed["code"],
            place=typed["place"],
            implementer=typed["implementer"],
            beneficiary=typed["beneficiary"],
            money=Money(**{source: typed[source] or 0 for source in SOURCES}),
            numbers={column.pk: typed[_name(column)] for column in self.columns},
        )

    def focus_on(self, name: str) -> None:
        self.fields[name].widget.attrs["autofocus"] = True

    def focus_on_first_error(self) -> None:
        """The keyboard goes where something is to be mended, in the order of the page."""
        order = [*DESCRIBED, *map(_name, self.columns), *SOURCES, "code"]
        if first := next((name for name in order if name in self.errors), None):
            self.focus_on(first)

    def refuse(self, column: int, why: str) -> None:
        """Say at its number what the report said against it."""
        field = f"so-{column}"
        self.add_error(field if field in self.fields else None, ValidationError(why))


def _name(column: Indicator) -> str:
    return f"so-{column.pk}"


def _initial(report: Report, activity: Activity) -> dict[str, Any]:
    """The activity as it is kept, in the form's words. Three queries."""
    people = {
        part.role: part.organisation.name
        for part in activity.participations.select_related("organisation").order_by("-pk")
    }
    paid = activity.funding.filter(phase=FundingPhase.DISBURSED).first()
    money = {source: getattr(paid, source) or None for source in SOURCES} if paid else {}
    numbers = {
        f"so-{figure.indicator_id}": shown(figure)
        for figure in activity.figures.filter(report=report)
    }
    return {
        "name": activity.name,
        "kind": activity.kind,
        "code": activity.code,
        "starts_on": activity.starts_on,
        "ends_on": activity.ends_on,
        "place": activity.place,
        "implementer": people.get(ParticipantRole.IMPLEMENTER, ""),
        "beneficiary": people.get(ParticipantRole.BENEFICIARY, ""),
        **money,
        **numbers,
    }
