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
    notice = draft(user, kind, text=text, url=url, now=now, key=key)
    return notice if notice is not None and give([notice]) else None


def draft(
    user: User,
    kind: str,
    *,
    text: str | Promise | Callable[[], str],
    url: str = "",
    now: datetime,
    key: str | None = None,
) -> Notice | None:
    """What `notify` is asked, its letter queued and the notice not yet given; None where none is wanted."""
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
    return Notice(
        user=user,
        kind=kind,
        text=Truncator(said).chars(TEXT_LIMIT),
        url=url if len(url) <= URL_LIMIT else "",
        at=now,
        key=key or "",
    )


def give(notices: list[Notice]) -> int:
    """Save the drafts and tell the open pages; how many were new. One statement for all, and no savepoint.

    Of several drafts only one alone gets its number: those that were told before are left out.
    """
    if not notices:
        return 0
    columns = ("user_id", "kind", "text", "url", "at", "key")
    places = ", ".join(["(%s, %s, %s, %s, %s, %s)"] * len(notices))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {Notice._meta.db_table} ({', '.join(columns)}) VALUES {places}"  # noqa: S608 (our own names)
            " ON CONFLICT (user_id, key) WHERE NOT key = '' DO NOTHING RETURNING id, user_id, kind",
            [getattr(notice, column) for notice in notices for column in columns],
        )
        rows = cursor.fetchall()
    if rows and len(notices) == 1:
        (notice,) = notices
        notice.pk, notice._state.adding, notice._state.db = rows[0][0], False, connection.alias
    for user_id, kind in dict.fromkeys((user_id, kind) for _pk, user_id, kind in rows):
        live.publish(f"user:{user_id}", {"what": "notice", "kinds": [kind]})
    return len(rows)


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
