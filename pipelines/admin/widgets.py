"""Widgets of the rule editor: a period, pairs of field and value, and the parameters of a guard or an action."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from pipelines.clock import Duration

UNITS = [("m", _("minutes")), ("h", _("hours")), ("d", _("days")), ("w", _("weeks"))]


class DurationWidget(forms.Widget):
    """A number, its unit, and whether it is calendar or working time; a composite period (1d 12h) as text."""

    template_name = "admin/pipelines/widgets/duration.html"

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        text = "" if value is None else str(value)
        context["widget"] |= {"text": text, "units": UNITS} | _parts(text)
        return context

    def value_from_datadict(self, data: Any, files: Any, name: str) -> str:
        if name in data:
            return str(data[name]).strip()
        amount = str(data.get(f"{name}_amount", "")).strip()
        if not amount.isascii() or not amount.isdigit():
            return amount
        working = " working" if data.get(f"{name}_working") else ""
        return f"{amount}{data.get(f'{name}_unit', 'd')}{working}"

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return name not in data and f"{name}_amount" not in data

    def id_for_label(self, id_: str) -> str:
        return id_


def _parts(text: str) -> dict[str, Any]:
    if not text:
        return {"simple": True, "amount": "", "unit": "d", "working": False}
    try:
        duration = Duration.parse(text)
    except ValueError:
        # What can't be read is shown as typed, beside the sentence that says so.
        return {"simple": False}
    if len(duration.amounts) != 1:
        return {"simple": False}
    [(amount, unit)] = duration.amounts
    return {"simple": True, "amount": amount, "unit": unit, "working": duration.working}


class PairsRows(forms.Widget):
    """Field and value, a row a pair; the value of a list field is chosen from its list."""

    template_name = "admin/pipelines/widgets/pairs.html"

    def __init__(self, fields: list[tuple[str, str]], choices: dict[str, dict[str, str]]) -> None:
        super().__init__()
        self.fields, self.choices = fields, choices

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        known = dict(self.fields)
        rows = [
            {
                "code": code,
                "value": item,
                "unknown": bool(code) and code not in known,
                "options": _with(self.choices.get(code), item),
            }
            for code, item in [*_pairs(value).items(), ("", "")]
        ]
        context["widget"] |= {"rows": rows, "fields": self.fields, "choices": self.choices}
        return context

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        if f"{name}_code" not in data:
            return data.get(name)
        codes, values = data.getlist(f"{name}_code"), data.getlist(f"{name}_value")
        return {
            code: value for code, value in zip(codes, values, strict=False) if code or value.strip()
        }

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return f"{name}_code" not in data


def _pairs(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    lines = [line.partition("=") for line in str(value or "").splitlines() if line.strip()]
    return {code.strip(): item.strip() for code, _eq, item in lines}


def _with(options: dict[str, str] | None, value: Any) -> dict[str, str] | None:
    """The options with the present value among them, so that saving changes nothing unasked."""
    if options is None or not value or str(value) in options:
        return options
    return {**options, str(value): str(value)}


class ParamsWidget(forms.Widget):
    """The parameters' own form inside a field of the rule's; `form` is set for each rule."""

    template_name = "admin/pipelines/widgets/params.html"
    form: Any = None
    entry = ""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["widget"] |= {"form": self.form, "entry": self.entry}
        return context

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return None

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        # An empty answer is an answer: it must reach the row.
        return False

    def id_for_label(self, id_: str) -> str:
        return ""


class ParamsField(forms.Field):
    """Carries the validated parameters of `EntryForm` into the row."""

    widget = ParamsWidget

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("required", False)
        kwargs.setdefault("label", _("parameters"))
        super().__init__(**kwargs)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return False


def bare(widget: Any) -> None:
    """No pencils and crosses beside a select: stages are changed on their own pages."""
    for what in ("add", "change", "delete", "view"):
        setattr(widget, f"can_{what}_related", False)
