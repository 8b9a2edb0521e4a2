"""The kinds of notices, and which of them a person wants by which channel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from crm import preferences, rights
from crm.models import User

Channel = Literal["bell", "mail"]
CHANNELS: tuple[Channel, ...] = ("bell", "mail")
# Under this key of the preferences: {kind: {channel: true or false}}, only what differs from the defaults.
PREFERENCE = "notices"


@dataclass(frozen=True)
class Kind:
    """One kind of notices; `allowed(user)` says who may have it at all."""

    code: str
    label: str | Promise
    icon: str
    bell: bool
    mail: bool
    allowed: Callable[[User], bool] | None = None
    # One that has no place under the bell, such as a digest.
    only_mail: bool = False

    def is_for(self, user: User) -> bool:
        return self.allowed is None or self.allowed(user)

    def default(self, channel: Channel) -> bool:
        return self.bell if channel == "bell" else self.mail


KINDS: dict[str, Kind] = {}


def kind(
    code: str,
    label: str | Promise,
    *,
    icon: str = "bell",
    bell: bool = True,
    mail: bool = False,
    allowed: Callable[[User], bool] | None = None,
    only_mail: bool = False,
) -> str:
    """Register a kind and return its code, so that callers hold a constant."""
    if code in KINDS:
        raise ValueError(f"{code!r} is registered twice")
    KINDS[code] = Kind(code, label, icon, bell and not only_mail, mail, allowed, only_mail)
    return code


def kinds_for(user: User) -> list[Kind]:
    """The kinds that this person may have, in the order of their registration."""
    return [entry for entry in KINDS.values() if entry.is_for(user)]


def wants(user: User, code: str, channel: Channel) -> bool:
    """Whether the person is told of this kind by this channel. Errors: KeyError for an unknown kind."""
    entry = KINDS[code]
    if not entry.is_for(user) or (entry.only_mail and channel == "bell"):
        return False
    chosen = preferences.get(user, PREFERENCE)
    of_kind = chosen.get(code) if isinstance(chosen, dict) else None
    said = of_kind.get(channel) if isinstance(of_kind, dict) else None
    return said if isinstance(said, bool) else entry.default(channel)


def choose(user: User, wanted: dict[str, dict[str, bool]]) -> None:
    """Keep what differs from the defaults; kinds that `wanted` does not name stay as they were."""
    kept = preferences.get(user, PREFERENCE)
    kept = dict(kept) if isinstance(kept, dict) else {}
    for entry in kinds_for(user):
        if entry.code in wanted:
            kept.pop(entry.code, None)
            differing = {
                channel: bool(on)
                for channel, on in wanted[entry.code].items()
                if channel in CHANNELS and bool(on) != entry.default(channel)
            }
            if differing:
                kept[entry.code] = differing
    preferences.put(user, PREFERENCE, kept or None)


def sees_new_requests(user: User) -> bool:
    """PZ-3.4: only those whose role may be told of requests that are not theirs."""
    return user.may(rights.NEW_REQUESTS)


MENTION = kind("mention", gettext_lazy("I am mentioned in a note"), icon="at", mail=True)
TASK_ASSIGNED = kind("task.assigned", gettext_lazy("a task is given to me"), icon="checkbox")
TASK_REMINDER = kind("task.reminder", gettext_lazy("a reminder of a task"), icon="alarm")
DEAL_ASSIGNED = kind("deal.assigned", gettext_lazy("a deal is given to me"), icon="user-share")
MESSAGE_INCOMING = kind(
    "message.incoming", gettext_lazy("a client of mine wrote or called"), icon="message"
)
REQUEST_NEW = kind(
    "request.new",
    gettext_lazy("a new request has come in"),
    icon="inbox",
    allowed=sees_new_requests,
)
VIOLATION = kind(
    "violation.recorded", gettext_lazy("a violation of mine is recorded"), icon="alert-octagon"
)
WARNING = kind("warning", gettext_lazy("the regulation warns"), icon="alert-triangle")
LICENCE = kind("licence.due", gettext_lazy("a licence of my client runs out"), icon="hourglass")
BATCH_FINISHED = kind(
    "batch.finished", gettext_lazy("my change of many records is done"), icon="stack-2"
)
IMPORT_FINISHED = kind("import.finished", gettext_lazy("my import is done"), icon="table-import")
DIGEST = kind(
    "digest",
    gettext_lazy("overdue tasks, every working day at 9:00"),
    icon="mail",
    mail=True,
    only_mail=True,
)
