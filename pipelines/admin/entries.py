"""The form of a row that names a guard or an action: its parameters are widgets of the entry's own form.

The select names the entry; the parameters' form stands inside the row's under the prefix `params`, with a hidden
field that says for which entry it was drawn. A post whose select and hidden field differ (the page works without
JavaScript) is not read as parameters: the form comes back with the right widgets.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib.auth.models import Group
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from pipelines import fields as field_values
from pipelines.catalog import CompiledPipeline
from pipelines.clock import Duration
from pipelines.guards import role_label
from pipelines.params import (
    DurationField,
    FieldField,
    PairsField,
    ParamsForm,
    RoleField,
    RolesField,
    WordsField,
)

from .definitions import choices_of_fields
from .editions import RegulationForm
from .widgets import DurationWidget, PairsRows, ParamsField


def params_form(
    entry: Any,
    pipeline: CompiledPipeline,
    *,
    prefix: str,
    data: Any = None,
    raw: dict[str, Any] | None = None,
) -> ParamsForm:
    """The entry's form dressed for a page: bound to `data`, or showing the stored `raw` parameters."""
    initial = plain_params(entry, raw or {})
    form: ParamsForm = entry.form(
        data, initial=initial, prefix=prefix, pipeline=pipeline.vocabulary
    )
    for name, field in form.fields.items():
        _dress(form, name, field, pipeline, initial)
    return form


def _dress(
    form: ParamsForm,
    name: str,
    field: forms.Field,
    pipeline: CompiledPipeline,
    initial: dict[str, Any],
) -> None:
    if isinstance(field, DurationField):
        field.widget = DurationWidget()
    elif isinstance(field, PairsField):
        rows: Any = PairsRows(field.flat_choices, choices_of_fields(pipeline))
        field.widget = rows
    elif isinstance(field, (RoleField, RolesField)):
        roles = role_choices(_list(initial.get(name)))
        field.choices = roles if isinstance(field, RolesField) else [("", "—"), *roles]
    if isinstance(field, forms.MultipleChoiceField):
        _tick_boxes(field, field.choices, _list(initial.get(name)))
    elif isinstance(field, WordsField):
        _offer_choices(form, name, field, pipeline, initial)
    elif isinstance(field, forms.ChoiceField):
        # Without an empty choice a browser would send the first one for a parameter nobody set.
        field.choices = _with_empty(_with_unknown(field.choices, _list(initial.get(name))))
        if isinstance(field, FieldField) and any(
            isinstance(other, WordsField) for other in form.fields.values()
        ):
            # Its choices are what the words may be: the page asks anew when another field is chosen.
            field.widget.attrs["data-redraw"] = ""
    elif isinstance(field.widget, forms.TextInput):
        field.widget.attrs.setdefault("class", "vTextField")
    field.is_tick = isinstance(field.widget, forms.CheckboxInput)  # type: ignore[attr-defined]
    field.labels_one = not isinstance(field.widget, (forms.CheckboxSelectMultiple, PairsRows))  # type: ignore[attr-defined]


def _offer_choices(
    form: ParamsForm,
    name: str,
    field: WordsField,
    pipeline: CompiledPipeline,
    initial: dict[str, Any],
) -> None:
    """Words about a list field are its choices to tick; other words are typed, one a line."""
    named = next((key for key, item in form.fields.items() if isinstance(item, FieldField)), None)
    chosen = form[named].value() if named else None
    options = choices_of_fields(pipeline).get(str(chosen)) if chosen else None
    if options:
        _tick_boxes(field, list(options.items()), _list(initial.get(name)))
        field.prepare_value = lambda value: value  # type: ignore[method-assign]
    elif not field.help_text:
        field.help_text = _("One a line.")


def _tick_boxes(field: Any, choices: Any, present: list[Any]) -> None:
    field.widget = forms.CheckboxSelectMultiple(choices=_with_unknown(choices, present))


def _with_unknown(choices: Any, present: list[Any]) -> list[tuple[Any, Any]]:
    """The choices, and what stands in the row and is no longer among them: it is shown, and refused by name."""
    found = list(choices)
    known = {str(code) for code, _label in found}
    return [*found, *((code, code) for code in present if code and str(code) not in known)]


def _with_empty(choices: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    return choices if any(code == "" for code, _label in choices) else [("", "—"), *choices]


def role_choices(present: list[Any] = []) -> list[tuple[str, str]]:  # noqa: B006 (never changed)
    names = Group.objects.order_by("pk").values_list("name", flat=True)
    return _with_unknown([(name, role_label(name)) for name in names], present)


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value] if value else []


def plain_params(entry: Any, raw: dict[str, Any]) -> dict[str, Any]:
    """Stored parameters as their form reads them: a bare word is a list of one, a period is a period."""
    form = entry.form(raw)
    form.is_valid()
    return {
        name: form.cleaned_data[name] if name in form.cleaned_data else raw.get(name)
        for name in form.fields
        if name in raw
    }


def stored_params(entry: Any, form: ParamsForm, raw: dict[str, Any]) -> dict[str, Any]:
    """What is kept of a valid form: plain data without empty ones; what did not change stays as it was written."""
    before = plain_params(entry, raw)
    kept = {}
    for name in form.fields:
        value = form.cleaned_data.get(name)
        if name in raw and _plain(value) == _plain(before.get(name)):
            kept[name] = raw[name]
        elif value not in (None, "", [], {}, False):
            kept[name] = _plain(value)
    return kept


def _plain(value: Any) -> Any:
    match value:
        case Duration():
            return str(value)
        case Decimal():
            return int(value) if value == value.to_integral_value() else str(value.normalize())
        case dict():
            return {key: str(item) for key, item in value.items()}
        case tuple():
            return list(value)
        case _:
            return value


class EntryForm(RegulationForm):
    """A row with a guard or an action and its parameters. Subclasses say which field names the entry, and how."""

    params = ParamsField()
    entry_field = "name"
    compiled: CompiledPipeline

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields[self.entry_field].widget.attrs["data-entry"] = ""
        self.chosen = str(self[self.entry_field].value() or "")
        self.entry = self.find_entry(self.chosen)
        self.raw: dict[str, Any] = {}
        if self.instance.pk and self.chosen == self.stored_choice():
            self.raw = dict(self.instance.params)
        self.params_form: ParamsForm | None = None
        if self.entry is not None:
            prefix = self.add_prefix("params")
            drawn = self.is_bound and self.data.get(f"{prefix}-entry") == self.chosen
            self.params_form = params_form(
                self.entry,
                self.compiled,
                prefix=prefix,
                data=self.data if drawn else None,
                raw=self.raw,
            )
        widget: Any = self.fields["params"].widget
        widget.form, widget.entry = self.params_form, self.chosen

    def find_entry(self, chosen: str) -> Any:
        """The guard or action that the select's value means; None for nothing or an unknown one."""
        raise NotImplementedError

    def stored_choice(self) -> str:
        """The select's value for the row as it is stored."""
        return str(self.instance.name)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if self.entry is not None and self.params_form is not None:
            if self.params_form.is_bound:
                self._check_values()
                if self.params_form.is_valid():
                    cleaned["params"] = stored_params(self.entry, self.params_form, self.raw)
                else:
                    self.add_error("params", _("See what is said at the fields."))
            elif self.entry.form(self.raw, pipeline=self.compiled.vocabulary).is_valid():
                cleaned["params"] = self.raw
            else:
                self.add_error(
                    "params", _("Now fill in what “%(label)s” needs.") % self.entry.__dict__
                )
        return cleaned

    def _check_values(self) -> None:
        """Values for fields must be such as the fields can hold; at run time it would be a failed rule."""
        assert self.params_form is not None
        self.params_form.is_valid()
        for name, field in self.params_form.fields.items():
            if not isinstance(field, PairsField):
                continue
            for code, value in (self.params_form.cleaned_data.get(name) or {}).items():
                known = self.compiled.fields.get(code)
                if known is None:
                    continue
                try:
                    field_values.clean(known, value)
                except ValueError as error:
                    self.params_form.add_error(name, f"«{known.label}»: {error}")

    @cached_property
    def changed_data(self) -> list[str]:
        changed = list(super().changed_data)
        form = self.params_form
        stored = form is not None and form.is_bound and self.instance.pk and form.is_valid()
        if stored and form and stored_params(self.entry, form, self.raw) != self.raw:
            changed.append("params")
        return changed
