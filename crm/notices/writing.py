"""Giving a notice: a row for the bell and a letter for whoever wants one, both in the caller's transaction."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.text import Truncator, capfirst
from django.utils.translation import gettext as _

from crm import live, outgoing
from crm.models import Notice, User
from crm.models.notice import KEY_LIMIT, TEXT_LIMIT, URL_LIMIT
from crm.notices.kinds import KINDS, wants
from pipelines.fields import storable

log = logging.getLogger(__name__)

KEPT = timedelta(days=90)
# A statement deletes so many, so that no lock lasts.
FORGOTTEN_AT_ONCE = 5000


def notify(
    user: User,
    kind: str,
    *,
    text: str | Promise | Callable[[], str],
    url: str = "",
    now: datetime,
    key: str | None = None,
) -> Notice | None:
    """Tell the person; None where he wants nothing of the kind under the bell, or was told of `key` before.

    `text` is asked for in his language and zone; `url` is a path of ours. The caller has made sure that he may see
    what it speaks of. Errors: KeyError for an unknown kind.
    """
    bell, mail = wants(user, kind, "bell"), wants(user, kind, "mail")
    if not user.is_active or not (bell or mail):
        return None
    if key is not None and len(key) > KEY_LIMIT:
        raise ValueError("The key of a notice is too long.")
    with translation.override(user.language), timezone.override(ZoneInfo(user.time_zone)):
        said = storable(str(text() if callable(text) else text)).strip()
        if mail:
            _queue_letter(user, kind, said, url, now=now, key=key)
    if not bell:
        return None
    notice = Notice(
        user=user,
        kind=kind,
        text=Truncator(said).chars(TEXT_LIMIT),
        url=url if len(url) <= URL_LIMIT else "",
        at=now,
        key=key or "",
    )
    if not _insert(notice):
        return None
    live.publish(f"user:{user.pk}", {"what": "notice", "kinds": [kind]})
    return notice


def _insert(notice: Notice) -> bool:
    """Save the new notice; False where the person has one with its key. One statement, and no savepoint."""
    columns = ("user_id", "kind", "text", "url", "at", "key")
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {Notice._meta.db_table} ({', '.join(columns)})"  # noqa: S608 (our own names)
            " VALUES (%s, %s, %s, %s, %s, %s)"
            " ON CONFLICT (user_id, key) WHERE NOT key = '' DO NOTHING RETURNING id",
            [getattr(notice, column) for column in columns],
        )
        row = cursor.fetchone()
    if row is None:
        return False
    notice.pk, notice._state.adding, notice._state.db = row[0], False, connection.alias
    return True


def _queue_letter(
    user: User, kind: str, said: str, url: str, *, now: datetime, key: str | None
) -> None:
    office = outgoing.letters()
    link = f"\n\n{settings.BASE_URL}{url}" if url else ""
    switch = _("Which letters you get is chosen in the profile: %(link)s") % {
        "link": settings.BASE_URL + "/profile/"
    }
    try:
        office.queue_system_letter(
            to=user.email,
            subject=f"{capfirst(str(KINDS[kind].label))}: {Truncator(said).chars(120)}",
            body=f"{said}{link}\n\n—\n{switch}",
            now=now,
            dedupe_key=f"notice:{user.pk}:{key}" if key else None,
        )
    except office.LetterError as error:
        # An address that takes no letters must not undo the deed that is told of.
        log.warning("User %s is told by the bell alone: %s", user.pk, error)


def forget_old(now: datetime) -> int:
    """Delete some of the notices that are older than anybody reads; returns how many."""
    old = Notice.objects.filter(at__lt=now - KEPT).order_by("pk").values("pk")[:FORGOTTEN_AT_ONCE]
    return Notice.objects.filter(pk__in=old).delete()[0]
