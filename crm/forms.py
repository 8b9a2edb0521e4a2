"""The forms of the card and its dialogs. They shape and show; what is right is decided by the verbs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from crm.card import fields as card_fields
from crm.clients import points
from crm.contacting import (
    CALL_ANSWERED,
    CALL_MISSED,
    CALL_UNANSWERED,
    CALLS,
    CHANNELS,
    MESSAGE_RECEIVED,
    MESSAGE_SENT,
)
from crm.models import ContactPoint, Deal, Task, User
from crm.planning.tasks import NextTask
from pipelines import catalog, fields, remedies
from pipelines.catalog import CompiledField, CompiledScenario
from pipelines.errors import BadAnswer, RegulationError


class AnswersForm(forms.Form):
    """A form that shows what a verb said: the sentence of a bad answer stands at its field."""

    # A browser's own complaints are in its own language and hide ours.
    use_required_attribute = False

    def take(self, error: RegulationError) -> None:
        """Put the error's sentences at their fields, those of unknown fields above the form."""
        said = error.errors if isinstance(error, BadAnswer) else {"": str(error)}
        for code, sentence in said.items():
            self.add_error(code if code in self.fields else None, sentence)


class MomentField(forms.CharField):
    """A date and time in the user's zone; gives an aware datetime in UTC."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"})

    def clean(self, value: Any) -> datetime | None:
        text = super().clean(value)
        try:
            return fields.parse_moment(text) if text else None
        except (ValueError, OverflowError) as error:
            raise forms.ValidationError(str(error)) from error

    def prepare_value(self, value: Any) -> Any:
        return as_typed(value) if isinstance(value, datetime) else value


class DueField(MomentField):
    """The same, or a day without an hour, which a task for a whole day needs; gives a `date` then."""

    # What card_dialogs.js turns into a field of days while «all day» beside it is ticked.
    widget = forms.DateTimeInput(attrs={"type": "datetime-local", "data-due": ""})

    def clean(self, value: Any) -> Any:
        text = str(value or "").strip()
        if "T" in text or " " in text or not text:
            return super().clean(value)
        try:
            return fields.parse_day(text)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error


def as_typed(moment: datetime) -> str:
    """A moment as <input type=datetime-local> takes it."""
    local = timezone.localtime(moment) if timezone.is_aware(moment) else moment
    return local.strftime("%Y-%m-%dT%H:%M")


def tomorrow(now: datetime) -> datetime:
    """Ten in the morning of the next day: what a new task is offered."""
    return (timezone.localtime(now) + timedelta(days=1)).replace(
        hour=10, minute=0, second=0, microsecond=0
    )


class NextTaskFields(forms.Form):
    """What comes after the task that ends, in the same form; asked for where it is the deal's last (PZ-6.2)."""

    # Beside the fields the button «without a next task» that sends this.
    SKIPPED = "no_next"

    def ask_next(self, *, due_at: datetime) -> None:
        self.fields["next_text"] = forms.CharField(
            label=_("What is to be done next"),
            required=False,
            widget=forms.Textarea(attrs={"rows": 2}),
        )
        self.fields["next_kind"] = forms.ChoiceField(
            label=_("Kind"), choices=Task.Kind.choices, required=False
        )
        self.fields["next_due_at"] = DueField(label=_("Until"), required=False)
        self.fields["next_all_day"] = forms.BooleanField(label=_("all day"), required=False)
        self.initial = {**self.initial, "next_due_at": due_at, "next_kind": Task.Kind.CALL}

    def next_task(self) -> NextTask | None:
        """What was typed; None where nothing was. Errors: BadAnswer."""
        if not (text := str(self.data.get("next_text", "")).strip()):
            return None
        all_day, due = bool(self.data.get("next_all_day")), str(self.data.get("next_due_at", ""))
        try:
            # Any moment of the day means the day.
            whole = all_day and "T" not in due
            due_at = fields.parse_moment(f"{fields.parse_day(due)}T12:00" if whole else due)
        except (ValueError, OverflowError) as error:
            raise BadAnswer({"next_due_at": str(error)}) from error
        kind = str(self.data.get("next_kind", ""))
        kind = kind if kind in Task.Kind.values else Task.Kind.OTHER
        return NextTask(text, due_at, kind, all_day)


class ResultForm(AnswersForm, NextTaskFields):
    """A task's short result (AX-2.5)."""

    result = forms.CharField(
        label=gettext_lazy("What came of it"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "autofocus": True}),
    )


class CancelForm(AnswersForm, NextTaskFields):
    reason = forms.CharField(label=gettext_lazy("Why it is not needed"), required=False)


class AskForm(AnswersForm, NextTaskFields):
    """Questions of a scenario and fields that the regulation asks for, in one form made for the occasion."""

    def ask_result(self, *, default: str) -> None:
        self.fields["result"] = forms.CharField(
            label=_("What came of it"),
            required=False,
            widget=forms.Textarea(attrs={"rows": 2, "placeholder": default}),
        )

    def ask_scenario(self, scenario: CompiledScenario, deal: Deal) -> None:
        known = catalog.pipeline(deal.pipeline_id).fields
        for question in scenario.questions:
            if question.type == "field" and question.code in known:
                self.ask_field(known[question.code], deal)
                continue
            made = fields.form_field(
                CompiledField(question.code, question.label or question.code, question.type, {})
            )
            made.required = question.required
            self.fields[question.code] = made

    def ask_fields(self, codes: list[str], deal: Deal) -> None:
        """Fields of the deal, in the widgets of the card; unknown codes are passed over."""
        known = remedies.askable(catalog.pipeline(deal.pipeline_id).fields)
        for code in codes:
            if code in known and code not in self.fields:
                self.ask_field(known[code], deal)

    def ask_field(self, field: CompiledField, deal: Deal) -> None:
        made = card_fields.form_field(field, deal)
        made.widget.attrs.pop("class", None)
        self.fields[field.code] = made
        self.initial.setdefault(
            field.code, card_fields.widget_value(field, deal.get_value(field.code))
        )

    def typed(self, data: Any) -> dict[str, Any]:
        """What was posted for the fields asked, several of a list as a list."""
        return {
            name: data.getlist(name)
            if isinstance(field, forms.MultipleChoiceField)
            else data.get(name, "")
            for name, field in self.fields.items()
            if not name.startswith("next_")
        }


class ContactedForm(AnswersForm):
    """A call or a message entered by hand: what makes attempts, silence and evidence work without telephony."""

    verb = forms.ChoiceField(
        label=gettext_lazy("What happened"),
        choices=[
            (CALL_ANSWERED, gettext_lazy("conversation")),
            (CALL_UNANSWERED, gettext_lazy("called, no answer")),
            (CALL_MISSED, gettext_lazy("the client called, nobody answered")),
            (MESSAGE_RECEIVED, gettext_lazy("the client wrote")),
            (MESSAGE_SENT, gettext_lazy("wrote to the client")),
        ],
    )
    channel = forms.ChoiceField(
        label=gettext_lazy("Channel"), required=False, choices=[("", "—"), *CHANNELS.items()]
    )
    incoming = forms.TypedChoiceField(
        label=gettext_lazy("Who called"),
        required=False,
        choices=[("", gettext_lazy("we did")), ("1", gettext_lazy("the client did"))],
        coerce=bool,
        empty_value=None,
    )
    minutes = forms.IntegerField(
        label=gettext_lazy("Minutes"), required=False, min_value=0, max_value=1440
    )
    recording = forms.CharField(label=gettext_lazy("Link to the recording"), required=False)
    text = forms.CharField(label=gettext_lazy("What was said"), required=False)

    @property
    def facts(self) -> dict[str, Any]:
        """What was typed, as `contacting.record_contact` takes it."""
        typed = dict(self.cleaned_data)
        minutes = typed.pop("minutes")
        typed["seconds"] = minutes * 60 if minutes else None
        # A question that fits another choice is hidden, not emptied.
        if typed["verb"] != CALL_ANSWERED:
            typed |= {"incoming": None, "seconds": None, "recording": ""}
        if typed["verb"] in CALLS:
            typed["channel"] = ""
        return typed


def _phone() -> forms.CharField:
    return forms.CharField(
        label=gettext_lazy("Phone"),
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "tel"}),
    )


def _email() -> forms.CharField:
    return forms.CharField(
        label=gettext_lazy("E-mail"),
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "email"}),
    )


class PersonForm(AnswersForm):
    """A contact: his name and how to reach him."""

    name = forms.CharField(label=pgettext_lazy("person", "Name"), required=False)
    phone, email = _phone(), _email()


class CompanyForm(PersonForm):
    name = forms.CharField(label=gettext_lazy("Name"), required=False)
    tax_id = forms.CharField(label=gettext_lazy("Tax number"), required=False, max_length=20)


class CompanyEditForm(CompanyForm):
    """All that a company is known by."""

    site = forms.CharField(
        label=gettext_lazy("Site"),
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "url"}),
    )
    name_is_statutory = forms.BooleanField(
        label=gettext_lazy("The name is written as in the statutes"), required=False
    )


class PointForm(AnswersForm):
    """One more way to reach a contact or a company."""

    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"),
        choices=[
            (kind, label) for kind, label in ContactPoint.Kind.choices if kind in points.NORMAL
        ],
    )
    value = forms.CharField(label=gettext_lazy("Number or address"), required=False)


class LetterForm(AnswersForm):
    to = forms.CharField(
        label=gettext_lazy("To"),
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "email"}),
    )
    subject = forms.CharField(label=gettext_lazy("Subject"), required=False)
    body = forms.CharField(
        label=gettext_lazy("Text"), required=False, widget=forms.Textarea(attrs={"rows": 9})
    )


class NewDealForm(AnswersForm):
    """A deal with its contact and company in one form (AX-L6)."""

    name = forms.CharField(
        label=gettext_lazy("Name of the deal"),
        required=False,
        widget=forms.TextInput(attrs={"autofocus": True}),
    )
    budget = forms.CharField(
        label=gettext_lazy("Budget"),
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )
    owner = forms.ChoiceField(label=gettext_lazy("Responsible"), required=False)
    contact_name = forms.CharField(label=gettext_lazy("Contact's name"), required=False)
    phone, email = _phone(), _email()
    company_name = forms.CharField(label=gettext_lazy("Company"), required=False)
    tax_id = forms.CharField(label=gettext_lazy("Tax number"), required=False, max_length=20)

    def __init__(self, *args: Any, people: list[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if people:
            self.fields["owner"].choices = [(str(person.pk), str(person)) for person in people]  # type: ignore[attr-defined]
        else:
            del self.fields["owner"]
