"""The forms of one's own page. One part is saved at a time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from crm import preferences
from crm.clients import points
from crm.models import User
from crm.notices.kinds import CHANNELS, Kind, kinds_for, wants
from crm.planning.setting import NEVER, REMIND_AT_FIRST, REMIND_PREFERENCE
from crm.planning.times import REMINDERS
from crm.profile import zones
from pipelines.errors import BadAnswer

THEME, SOUND = "theme", "sound"
# «auto»: as the system wants it.
THEMES = [
    ("auto", gettext_lazy("as the system")),
    ("light", gettext_lazy("light")),
    ("dark", gettext_lazy("dark")),
]


class PersonForm(forms.ModelForm):
    """Who one is. The e-mail is what one signs in with: an administrator changes it."""

    class Meta:
        model = User
        fields = ("last_name", "first_name", "middle_name", "phone")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("last_name", "first_name"):
            self.fields[name].required = True
        self.fields["phone"].widget.attrs.update(type="tel", autocomplete="tel")

    def clean_phone(self) -> str:
        typed: str = self.cleaned_data["phone"].strip()
        try:
            return points.normalize_phone(typed) if typed else ""
        except (ValueError, BadAnswer) as error:
            raise forms.ValidationError(
                _("This is no phone number: +7 900 123-45-67, for example.")
            ) from error


class HabitsForm(forms.Form):
    """How the workplace speaks and looks."""

    time_zone = forms.ChoiceField(label=gettext_lazy("Time zone"))
    language = forms.ChoiceField(label=gettext_lazy("Language"), choices=settings.LANGUAGES)
    theme = forms.ChoiceField(label=gettext_lazy("Theme"), choices=THEMES)
    remind = forms.ChoiceField(
        label=gettext_lazy("Remind of a task"),
        choices=[(NEVER, gettext_lazy("never")), *REMINDERS],
        help_text=gettext_lazy("What a new task begins with; each can say otherwise."),
    )
    sound = forms.BooleanField(label=gettext_lazy("A sound with each notice"), required=False)

    def __init__(self, user: User, *args: Any, now: datetime, **kwargs: Any) -> None:
        remind = preferences.get(user, REMIND_PREFERENCE)
        kwargs["initial"] = {
            "time_zone": user.time_zone,
            "language": user.language,
            "theme": theme_of(user) or "auto",
            "remind": remind if remind == NEVER or isinstance(remind, int) else REMIND_AT_FIRST,
            "sound": bool(preferences.get(user, SOUND)),
        }
        super().__init__(*args, **kwargs)
        zone: Any = self.fields["time_zone"]
        zone.choices = zones.choices(now, get_language() or "ru", also=user.time_zone)

    def clean_remind(self) -> int | str:
        said: str = self.cleaned_data["remind"]
        return said if said == NEVER else int(said)


class NoticesForm(forms.Form):
    """A tick for each kind and channel that the person may have."""

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kinds = kinds_for(user)
        for entry in self.kinds:
            for channel in _channels(entry):
                self.fields[_name(entry, channel)] = forms.BooleanField(
                    required=False, initial=wants(user, entry.code, channel)
                )

    def rows(self) -> list[tuple[Kind, list[forms.BoundField | None]]]:
        """Each kind with its ticks, None where it has no such channel."""
        return [
            (
                entry,
                [
                    self[_name(entry, channel)] if channel in _channels(entry) else None
                    for channel in CHANNELS
                ],
            )
            for entry in self.kinds
        ]

    @property
    def wanted(self) -> dict[str, dict[str, bool]]:
        """As `crm.notices.kinds.choose` takes it."""
        return {
            entry.code: {
                channel: self.cleaned_data[_name(entry, channel)] for channel in _channels(entry)
            }
            for entry in self.kinds
        }


def theme_of(user: Any) -> str:
    """«light» or «dark»; empty where the system decides, or for one who has not signed in."""
    said = getattr(user, "chosen", {}).get(THEME)
    return said if said in ("light", "dark") else ""


def _channels(entry: Kind) -> tuple[Any, ...]:
    return ("mail",) if entry.only_mail else CHANNELS


def _name(entry: Kind, channel: str) -> str:
    return f"{entry.code}-{channel}"
