"""The forms of tasks: what, by when, with which reminder, whose."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.forms import AnswersForm, DueField
from crm.models import Task, User
from crm.planning import times
from crm.planning.setting import usual_reminder


class WhenFields(AnswersForm):
    """A day with an hour, or the day alone."""

    due_at = DueField(label=gettext_lazy("Until"))
    all_day = forms.BooleanField(
        label=gettext_lazy("all day"),
        required=False,
        widget=forms.CheckboxInput(attrs={"class": "form-check-input"}),
    )

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        due = found.get("due_at")
        if due is None or isinstance(due, datetime) or found.get("all_day"):
            return found
        self.add_error("due_at", _("Write a date and a time."))
        return found

    def due_for(self, owner: User) -> datetime:
        """The moment meant: of a whole day the end of that day by the owner's clock, whoever typed it."""
        due = self.cleaned_data["due_at"]
        if not self.cleaned_data["all_day"]:
            return due  # type: ignore[no-any-return]
        day = timezone.localdate(due) if isinstance(due, datetime) else due
        return times.end_of_day(day, times.zone_of(owner))


class PostponeForm(WhenFields):
    pass


class TaskForm(WhenFields):
    """A task made or changed by hand."""

    text = forms.CharField(
        label=gettext_lazy("What is to be done"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"), choices=Task.Kind.choices, initial=Task.Kind.CALL
    )
    minutes = forms.TypedChoiceField(
        label=gettext_lazy("Takes"), required=False, coerce=int, empty_value=None
    )
    remind_minutes = forms.TypedChoiceField(
        label=gettext_lazy("Remind"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", gettext_lazy("never")), *times.REMINDERS],
    )
    owner = forms.ModelChoiceField(
        label=gettext_lazy("Responsible"),
        queryset=User.objects.none(),
        required=False,
        empty_label=None,
    )
    field_order = ("text", "kind", "due_at", "all_day", "minutes", "remind_minutes", "owner")

    def __init__(self, *args: Any, people: list[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        minutes: Any = self.fields["minutes"]
        minutes.choices = [("", _("as usual")), *_lengths(self.initial.get("minutes"))]
        if len(people) > 1:
            owner: Any = self.fields["owner"]
            owner.queryset = User.objects.filter(pk__in=[person.pk for person in people])
            owner.choices = [(person.pk, str(person)) for person in people]
        else:
            del self.fields["owner"]

    @property
    def reminds(self) -> bool:
        """Whether the form that was sent asked about the reminder; a short one leaves it as usual."""
        return self.add_prefix("remind_minutes") in self.data


def start_of(user: User, due_at: datetime, *, all_day: bool = False) -> dict[str, Any]:
    """What a new task's form shows at first."""
    return {
        "due_at": due_at,
        "all_day": all_day,
        "remind_minutes": usual_reminder(user),
        "owner": user.pk,
    }


def shown_of(task: Task) -> dict[str, Any]:
    """A task as its form shows it."""
    noon = datetime.combine(task.due_day, time(12))
    return {
        "text": task.text,
        "kind": task.kind,
        # The day by its owner's clock, which may be another one by the reader's.
        "due_at": noon if task.all_day else task.due_at,
        "all_day": task.all_day,
        "minutes": task.minutes,
        "remind_minutes": task.remind_minutes,
        "owner": task.owner_id,
    }


def length_words(minutes: int) -> str:
    """«1 h 30 min»."""
    hours, rest = divmod(minutes, 60)
    parts = [_("%(hours)s h") % {"hours": hours}] if hours else []
    if rest:
        parts.append(_("%(minutes)s min") % {"minutes": rest})
    return " ".join(parts)


def _lengths(own: int | None) -> list[tuple[int, str]]:
    """The usual lengths, and the one that was drawn in the calendar."""
    known = sorted({*times.LENGTHS, *([own] if own else [])})
    return [(minutes, length_words(minutes)) for minutes in known]
