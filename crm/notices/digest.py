"""The morning letter: one's overdue tasks, at nine of one's own clock on working days, once a day.

Working days are those of the playbook one works by. The letter's key is the person and his day: whatever looks how
often, it is queued once.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm import outgoing
from crm.models import Deal, Task, User
from crm.notices.kinds import DIGEST, wants
from crm.notices.people import by_id
from pipelines import catalog
from pipelines.clock import standard
from pipelines.transactions import verb

AT = time(9)
# A worker that was away in the morning still sends it; in the afternoon it would only be late.
UNTIL = time(12)
SHOWN = 50


def send_due(now: datetime) -> int:
    """Queue the letters of those whose morning it is and who have overdue tasks; returns how many were looked at."""
    overdue = Task.objects.open().filter(owner=OuterRef("pk"), due_at__lt=now)
    people = User.objects.filter(Exists(overdue), is_active=True)
    morning = [
        pk for pk, zone in people.values_list("pk", "time_zone") if _is_morning(now, ZoneInfo(zone))
    ]
    for user in by_id(morning).values():
        send_digest(user, now=now)
    return len(morning)


@verb
def send_digest(user: User, *, now: datetime) -> bool:
    """The letter of this day, unless there is nothing to say, he wants none, or it is no working day of his."""
    today = now.astimezone(ZoneInfo(user.time_zone)).date()
    if not wants(user, DIGEST, "mail") or not _works(user, today):
        return False
    overdue = Task.objects.open().filter(owner=user, due_at__lt=now)
    number = overdue.count()
    if not number:
        return False
    first = overdue.select_related("deal", "contact", "company").order_by("due_at", "pk")[:SHOWN]
    with translation.override(user.language), timezone.override(ZoneInfo(user.time_zone)):
        subject = ngettext("%(n)s overdue task", "%(n)s overdue tasks", number) % {"n": number}
        office = outgoing.letters()
        office.queue_system_letter(
            to=user.email,
            subject=subject,
            body=_body(list(first), more=number - SHOWN),
            now=now,
            dedupe_key=f"digest:{user.pk}:{today.isoformat()}",
        )
    return True


def _is_morning(now: datetime, zone: ZoneInfo) -> bool:
    return AT <= now.astimezone(zone).time() < UNTIL


def _works(user: User, day: date) -> bool:
    """Whether it is a working day by any of the calendars of the pipelines he works in."""
    calendars = [
        pipeline.calendar
        for pipeline in catalog.pipelines()
        if user.playbook in ("", pipeline.playbook)
    ]
    return any(calendar.intervals(day) for calendar in calendars or [standard()])


def _body(tasks: list[Task], *, more: int) -> SafeString:
    """By what they are about, what has waited longest first; each with a link."""
    groups: dict[str, list[Task]] = defaultdict(list)
    for task in tasks:
        groups[_about(task)].append(task)
    parts = [
        format_html(
            "<p><strong>{}</strong></p><ul>{}</ul>",
            about or _("Without a deal"),
            format_html_join(
                "",
                '<li>{}: <a href="{}">{}</a></li>',
                ((_when(task), settings.BASE_URL + _address(task), task.text) for task in found),
            ),
        )
        for about, found in groups.items()
    ]
    if more > 0:
        said = ngettext("and %(n)s more", "and %(n)s more", more) % {"n": more}
        parts.append(format_html("<p>{}</p>", said))
    parts.append(
        format_html(
            '<p><a href="{}">{}</a> · <a href="{}#notices">{}</a></p>',
            settings.BASE_URL + reverse("crm:tasks"),
            _("All my tasks"),
            settings.BASE_URL + reverse("crm:profile"),
            _("Do not send this letter"),
        )
    )
    return SafeString("".join(parts))


def _about(task: Task) -> str:
    return str(task.deal or task.contact or task.company or "")


def _address(task: Task) -> str:
    record = task.deal or task.contact or task.company
    if isinstance(record, Deal):
        return reverse("crm:deal", args=[record.pk])
    return record.get_absolute_url() if record else reverse("crm:tasks")


def _when(task: Task) -> str:
    form = "SHORT_DATE_FORMAT" if task.all_day else "SHORT_DATETIME_FORMAT"
    return date_format(timezone.localtime(task.due_at), form)
