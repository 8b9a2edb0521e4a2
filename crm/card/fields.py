"""The fields of a deal as the card edits them: by tab, each with its widget, its value in words and what was seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from crm import evidence
from crm.card import widgets
from crm.card.editing import Conflict, seal
from crm.models import Deal
from pipelines import fields as field_values
from pipelines import registry
from pipelines.catalog import CompiledField, CompiledPipeline
from pipelines.models import Event

# Built-in fields stand in the card's head, not in a tab.
HEAD = ("name", "budget")
EVIDENCE_LIMIT = 50
FEW = 12


@dataclass
class Editor:
    """One field of the card: its widget, what it shows, and what came of the last try to save it."""

    field: CompiledField
    bound: forms.BoundField
    words: str
    seen: str
    error: str = ""
    saved: bool = False
    conflict: Conflict | None = None

    @property
    def widget(self) -> SafeString:
        """Belongs to the form that posts without JavaScript; marked after an error."""
        return widgets.html(
            self.bound, {"form": "fields-form"}, invalid=bool(self.error or self.conflict)
        )

    @property
    def heading(self) -> SafeString:
        """The widget of a name: it takes as many lines as it needs, and Enter saves it, as in a field of one line."""
        area = forms.Textarea({**self.bound.field.widget.attrs, "cols": None, "rows": 1})
        extra = {"form": "fields-form", "data-line": "", "enterkeyhint": "done"}
        return widgets.html(
            self.bound, extra, invalid=bool(self.error or self.conflict), widget=area
        )

    @property
    def theirs(self) -> str:
        return field_values.show(self.field, self.conflict.theirs) if self.conflict else ""


@dataclass(frozen=True)
class Tab:
    name: str
    editors: list[Editor]

    @property
    def filled(self) -> int:
        return sum(1 for editor in self.editors if editor.words)


def editors(
    deal: Deal,
    pipeline: CompiledPipeline,
    codes: list[str],
    *,
    typed: Any = None,
    proofs: list[Event] | None = None,
) -> dict[str, Editor]:
    """Editors of the fields with these codes; with `typed` (a QueryDict) the widgets keep what was typed.

    `proofs` is the deal's evidence where it was read already.
    """
    form = forms.Form(
        data=typed,
        initial={code: widget_value(pipeline.fields[code], deal.get_value(code)) for code in codes},
    )
    form.fields = {code: form_field(pipeline.fields[code], deal, proofs) for code in codes}
    return {
        code: Editor(
            field=pipeline.fields[code],
            bound=form[code],
            words=words(pipeline.fields[code], deal.get_value(code), deal),
            seen=seal(deal.get_value(code)),
        )
        for code in codes
    }


def tabs(deal: Deal, pipeline: CompiledPipeline, proofs: list[Event]) -> list[Tab]:
    """The deal's own fields by tab, in the order of the regulation."""
    own = [
        field for field in pipeline.fields.values() if not field.built_in and field.record == "deal"
    ]
    made = editors(deal, pipeline, [field.code for field in own], proofs=proofs)
    by_tab: dict[str, list[Editor]] = {}
    for field in own:
        by_tab.setdefault(field.tab or _("Main"), []).append(made[field.code])
    return [Tab(name, items) for name, items in by_tab.items()]


def of_record(
    deal: Deal, pipeline: CompiledPipeline, record: str, proofs: list[Event]
) -> list[Editor]:
    """The fields that the regulation adds to the deal's contact or company; none where the deal has no such."""
    if getattr(deal, f"{record}_id") is None:
        return []
    return list(
        editors(
            deal,
            pipeline,
            [code for code, field in pipeline.fields.items() if field.record == record],
            proofs=proofs,
        ).values()
    )


def form_field(field: CompiledField, deal: Deal, proofs: list[Event] | None = None) -> forms.Field:
    """The field's widget; evidence becomes a choice among the entries of the feed that prove something."""
    if field.type == "evidence":
        fits = evidence.fitting(deal, field.code)
        known = [
            event for event in (evidence_of(deal) if proofs is None else proofs) if fits(event)
        ]
        entries = [("", "—"), *((str(event.pk), describe(event)) for event in known)]
        made = forms.ChoiceField(
            choices=entries, label=str(field.label), required=False, help_text=field.help_text
        )
        return _styled(field, made)
    return plain_form_field(field)


def plain_form_field(field: CompiledField) -> forms.Field:
    """The widget of a field that needs no deal to choose from."""
    return _styled(field, field_values.form_field(field))


def _styled(field: CompiledField, made: forms.Field) -> forms.Field:
    if field.code == "budget":
        made.widget.attrs["placeholder"] = "0"
    if field.type == "choices" and len(field.choices) <= FEW:
        made.widget = forms.CheckboxSelectMultiple(choices=list(field.choices.items()))
    if isinstance(made.widget, forms.CheckboxSelectMultiple):
        return made
    ticks, lists = (
        isinstance(made.widget, forms.CheckboxInput),
        isinstance(made.widget, forms.Select),
    )
    style = "form-check-input" if ticks else "form-select" if lists else "form-control"
    made.widget.attrs["class"] = style
    return made


def widget_value(field: CompiledField, value: Any) -> Any:
    """A stored value as its widget takes it."""
    match field.type:
        case "money" | "number":
            return "" if value is None else field_values.show(field, value)
        case "datetime":
            moment = parse_datetime(value) if value else None
            return timezone.localtime(moment).strftime("%Y-%m-%dT%H:%M") if moment else ""
        case "yes_no" | "control":
            return bool(value)
        case "choices":
            return value or []
        case _:
            return "" if value is None else str(value)


def words(field: CompiledField, value: Any, deal: Deal) -> str:
    """The value in words; evidence as its entry of the feed."""
    if field.type != "evidence" or not value:
        return field_values.show(field, value)
    event = Event.objects.filter(pk=value, deal=deal).first()
    return describe(event) if event else ""


def evidence_of(deal: Deal) -> list[Event]:
    """The newest entries of the deal's feed that are evidence of something."""
    found = Event.objects.filter(deal=deal, verb__in=evidence.VERBS).order_by("-pk")
    return [
        event
        for event in found[:EVIDENCE_LIMIT]
        if evidence.proves(event) or evidence.is_turning(event)
    ]


def describe(event: Event) -> str:
    """A feed entry in one line."""
    day = date_format(timezone.localtime(event.at), "SHORT_DATETIME_FORMAT")
    text = Truncator(event.data.get("text") or event.data.get("subject") or "").chars(60)
    label = registry.verbs[event.verb].label if event.verb in registry.verbs else event.verb
    return f"{day} · {label}" + (f" · {text}" if text else "")


def posted(pipeline: CompiledPipeline, data: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """From a posted form: what was typed and what was seen, by code, for the fields that it says it holds."""
    return posted_for(pipeline.fields, data)


def posted_for(
    known: Mapping[str, CompiledField], data: Any
) -> tuple[dict[str, Any], dict[str, str]]:
    """The same for any fields by code."""
    codes = [code for code in data.getlist("code") if code in known]
    answers = {
        code: data.getlist(code) if known[code].type == "choices" else data.get(code, "")
        for code in codes
    }
    seen = {code: data[f"seen:{code}"] for code in codes if f"seen:{code}" in data}
    return answers, seen
