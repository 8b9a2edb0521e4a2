"""The list under the bell, and what is read of it."""

from __future__ import annotations

from datetime import datetime

from crm.models import Notice, User
from crm.models.notice import NOTICES_COUNTED
from crm.notices.kinds import KINDS, Kind
from pipelines.transactions import verb

# Under the bell; the page shows the rest.
LATEST = 8
PORTION = 50


def latest(
    user: User, *, unread: bool = False, kind: str = "", before: int | None = None
) -> list[Notice]:
    """A portion of the user's notices, newest first; one more than is shown tells that there are others."""
    found = Notice.objects.filter(user=user)
    if unread:
        found = found.unread()
    if kind:
        found = found.filter(kind=kind)
    if before is not None:
        found = found.filter(pk__lt=before)
    return list(found.order_by("-pk")[: PORTION + 1])


def count(user: User) -> str:
    """How many wait to be read, in words: «5», «99+», empty for none."""
    return in_words(Notice.objects.filter(user=user).unread()[: NOTICES_COUNTED + 1].count())


def in_words(number: int) -> str:
    return f"{NOTICES_COUNTED}+" if number > NOTICES_COUNTED else str(number or "")


@verb
def read(notice: Notice, *, now: datetime) -> None:
    """Note that its person has looked at it; the first time counts."""
    Notice.objects.filter(pk=notice.pk).unread().update(read_at=now)


@verb
def read_all(user: User, *, now: datetime) -> int:
    return Notice.objects.filter(user=user).unread().update(read_at=now)


def icon(notice: Notice) -> str:
    known: Kind | None = KINDS.get(notice.kind)
    return known.icon if known else "bell"
