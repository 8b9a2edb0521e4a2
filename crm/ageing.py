"""How old a deal is on its stage and in silence, by the stage's limit; and the countdown of a short limit.

Nothing counts working time for each deal: `stage_deadline` was worked out when the deal came, and a share of the way
to it needs no calendar. Only a countdown, which is under a day, looks at the working hours left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext as _

from pipelines.catalog import CompiledStage
from pipelines.clock import Span, WorkCalendar

Tone = Literal["", "near", "late"]
NEAR = 0.75
DAY_SECONDS = 86_400


def tone(since: datetime, deadline: datetime | None, now: datetime) -> Tone:
    """How much of the stage's limit is used up; nothing to say where there is no limit."""
    if deadline is None:
        return ""
    if now >= deadline:
        return "late"
    return "near" if (now - since) >= NEAR * (deadline - since) else ""


def silence_tone(
    last_contact: datetime | None, since: datetime, deadline: datetime | None, now: datetime
) -> Tone:
    """The same for silence: as long as the stage's limit without a contact is too long."""
    if deadline is None or last_contact is None:
        return ""
    return tone(last_contact, last_contact + (deadline - since), now)


@dataclass(frozen=True, slots=True)
class Countdown:
    """What is left of a short limit: `spans` are the working hours ahead up to the deadline."""

    deadline: datetime
    now: datetime
    spans: Sequence[Span]
    words: str
    tone: Tone
    # From so many milliseconds on it is near its end.
    near: int = 0

    @property
    def over(self) -> str:
        return _("overdue")

    @property
    def stamps(self) -> str:
        """The spans in milliseconds, for the script that counts on: «from-to,from-to»."""
        return ",".join(f"{_stamp(start)}-{_stamp(end)}" for start, end in self.spans)

    @property
    def stamp(self) -> int:
        return _stamp(self.now)


def countdown(
    stage: CompiledStage,
    deadline: datetime | None,
    *,
    calendar: WorkCalendar,
    now: datetime,
) -> Countdown | None:
    """The countdown of a deal on the stage; None where its limit is a day or longer."""
    if deadline is None or stage.limit is None or stage.limit.seconds >= DAY_SECONDS:
        return None
    if stage.kind != "open":
        return None
    if now >= deadline:
        words = _("overdue by %(time)s") % {"time": in_words(now - deadline)}
        return Countdown(deadline, now, (), words, "late")
    spans = _ahead(calendar, now, deadline) if stage.limit.working else ((now, deadline),)
    left = sum((end - start for start, end in spans), timedelta())
    said = in_words(left)
    words = said
    if spans and spans[0][0] > now:
        hour = f"{timezone.localtime(spans[0][0]):%H:%M}"
        words = _("from %(hour)s, %(time)s") % {"hour": hour, "time": said}
    near = timedelta(seconds=stage.limit.seconds) * (1 - NEAR)
    state: Tone = "near" if left <= near else ""
    return Countdown(deadline, now, spans, words, state, int(near.total_seconds() * 1000))


def _ahead(calendar: WorkCalendar, now: datetime, deadline: datetime) -> tuple[Span, ...]:
    found: list[Span] = []
    moment = now
    while moment < deadline:
        start = calendar.next_working(moment)
        if start >= deadline:
            break
        day = start.astimezone(ZoneInfo(calendar.zone)).date()
        end = next(closes for opens, closes in calendar.intervals(day) if opens <= start < closes)
        found.append((start, min(end, deadline)))
        moment = end
    return tuple(found)


def in_words(span: timedelta) -> str:
    """«14 min», «3 h 5 min», «1 d 4 h», «2 d»: minutes rounded up, so that nothing is left at nought only."""
    minutes = -(-int(span.total_seconds()) // 60)
    hours, rest = divmod(minutes, 60)
    if hours >= 48:
        return _("%(n)s d") % {"n": hours // 24}
    if hours >= 24:
        return _("%(days)s d %(hours)s h") % {"days": hours // 24, "hours": hours % 24}
    if hours:
        return _("%(hours)s h %(minutes)s min") % {"hours": hours, "minutes": rest}
    return _("%(n)s min") % {"n": rest}


def _stamp(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
