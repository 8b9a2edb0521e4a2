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
from django.utils.translation import gettext_lazy

from crm import evidence
from crm.forms import AnswersForm
from crm.models import Deal, User
from pipelines import catalog, explain, fields, registry, remedies
from pipelines.actor import Actor
from pipelines.catalog import CompiledField, CompiledStage
from pipelines.errors import Refusal
from pipelines.models import Event
from pipelines.overrides import REASON, UNTIL, Pledge, may_pass

PREFIX = "f"
# The button that passes with a reason.
BUTTON = "pass"
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


class PassForm(AnswersForm):
    """The reason and the day with which a person passes what else would refuse the move."""

    override_reason = forms.CharField(
        label=gettext_lazy("Reason"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    override_until = forms.DateField(
        label=gettext_lazy("To be put right by"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    @property
    def pledge(self) -> Pledge:
        """What was typed; the engine says what is wrong with it."""
        self.full_clean()
        asked = self.cleaned_data
        return Pledge(asked.get(REASON, ""), asked.get(UNTIL))

    def blame(self, errors: dict[str, str]) -> None:
        self.full_clean()
        self.errors.clear()
        for code in self.fields.keys() & errors.keys():
            self.add_error(code, errors[code])


def pledge_of(data: QueryDict) -> Pledge | None:
    """The pledge of somebody who pressed the button that passes."""
    return PassForm(data).pledge if BUTTON in data else None


def pass_form(
    refusals: Iterable[Refusal], by: Actor, data: QueryDict | None, errors: dict[str, str]
) -> PassForm | None:
    """What asks for a pledge, where it would let this person move the deal; else None."""
    found = list(refusals)
    # What he may not pass must at least be lifted by what he fills in.
    if not any(may_pass(refusal, by) for refusal in found) or is_hopeless(found, by):
        return None
    if data is None or BUTTON not in data:
        return PassForm(auto_id="move-%s")
    form = PassForm(data, auto_id="move-%s")
    form.blame(errors)
    return form


def is_hopeless(refusals: Iterable[Refusal], by: Actor) -> bool:
    """Whether one of them stands whatever this person types."""
    return any(not refusal.fields and not may_pass(refusal, by) for refusal in refusals)


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
