"""The one form that a refused move opens: exactly the missing fields, every refusal with its clause."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from crm import evidence
from crm.models import Deal, User
from pipelines import catalog, explain, fields, registry, remedies
from pipelines.catalog import CompiledField, CompiledStage
from pipelines.errors import Refusal
from pipelines.models import Event

PREFIX = "f"
# More entries than this nobody looks through; the latest come first.
ENTRIES = 100


class MoveForm(forms.Form):
    """Asks for the fields with these codes, named `f-<code>`. The engine checks the values, not this form."""

    def __init__(self, deal: Deal, codes: Iterable[str], typed: QueryDict | None = None) -> None:
        data = typed.copy() if typed is not None else None
        super().__init__(data, prefix=PREFIX, auto_id="move-%s")
        known = remedies.askable(catalog.pipeline(deal.pipeline_id).fields)
        for code in codes:
            if code not in known:
                continue
            self.fields[code] = _field(known[code], deal)
            value, name = _typed(known[code], deal.get_value(code)), self.add_prefix(code)
            if data is None:
                self.initial[code] = value
            elif name not in data and value not in (None, "", False):
                # Asked for only now: it shows what the deal holds, not an empty answer.
                data.setlist(name, value if isinstance(value, list) else [value])

    def blame(self, errors: dict[str, str]) -> None:
        """Put the engine's sentences at the fields they speak of."""
        self.full_clean()
        self.errors.clear()
        for code, sentence in errors.items():
            self.add_error(code if code in self.fields else None, sentence)


def answers_of(data: QueryDict, deal: Deal) -> dict[str, Any]:
    """What was typed, by field code, as `engine.move` takes it; lists only for fields that hold several."""
    known = catalog.pipeline(deal.pipeline_id).fields
    found: dict[str, Any] = {}
    for name in data:
        code = name.removeprefix(f"{PREFIX}-")
        if code != name:
            several = code in known and known[code].type == "choices"
            found[code] = data.getlist(name) if several else data[name]
    return found


def refusals_now(
    deal: Deal, stage: CompiledStage, *, user: User, now: datetime
) -> tuple[Refusal, ...]:
    """What stands against the move before anybody tried it."""
    answers = explain.stage_answers(deal, user=user, now=now)
    return next((answer.refusals for answer in answers if answer.stage.id == stage.id), ())


def _field(field: CompiledField, deal: Deal) -> forms.Field:
    if field.type != "evidence":
        return fields.form_field(field)
    entries = Event.objects.filter(deal=deal, verb__in=evidence.VERBS).order_by("-pk")[:ENTRIES]
    fits = evidence.fitting(deal, field.code)
    choices = [(entry.pk, _entry(entry)) for entry in entries if fits(entry)]
    nothing = (
        _("The feed has no incoming call, letter or message of the client yet.")
        if fits is evidence.is_turning
        else _("The feed has no letter or message of the client and no recorded conversation yet.")
    )
    return forms.ChoiceField(
        label=str(field.label),
        required=False,
        choices=[("", "—"), *choices],
        help_text=field.help_text if choices else nothing,
    )


def _entry(event: Event) -> str:
    when = date_format(timezone.localtime(event.at), "SHORT_DATETIME_FORMAT")
    text = Truncator(event.data.get("text") or event.data.get("subject") or "").chars(80)
    return f"{when} · {registry.verbs[event.verb].label}" + (f": {text}" if text else "")


def _typed(field: CompiledField, value: Any) -> Any:
    """A stored value as one would type it."""
    if field.type == "datetime" and value:
        return timezone.localtime(datetime.fromisoformat(value)).strftime("%Y-%m-%dT%H:%M")
    if field.type in ("yes_no", "control"):
        return bool(value)
    return None if field.type == "money" and not value else value
