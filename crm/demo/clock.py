"""When a story's steps happened: gaps as the story tells them, laid back from the present into working hours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

OFFICE = ZoneInfo("Europe/Minsk")
OPENS, CLOSES = 9, 18


@dataclass
class Telling:
    """Steps with the hours that passed before each; run, they end `idle` before the present."""

    steps: list[tuple[float, Callable[[datetime], None]]] = field(default_factory=list)
    weekends: bool = False

    def then(self, hours: float, step: Callable[[datetime], None]) -> None:
        self.steps.append((hours, step))

    def run(
        self,
        *,
        now: datetime,
        idle: timedelta,
        after: Callable[[datetime], None],
        before: Callable[[datetime], None] | None = None,
    ) -> None:
        """Do every step at its moment, none later than the present; `before` goes ahead of each, `after` follows it."""
        at = now - idle - timedelta(hours=sum(hours for hours, _step in self.steps))
        last = at - timedelta(days=4)
        for number, (hours, step) in enumerate(self.steps):
            at += timedelta(hours=hours)
            latest = now - timedelta(minutes=2 * (len(self.steps) - number))
            moment = min(
                max(in_office(at, weekends=self.weekends), last + timedelta(minutes=3)),
                max(latest, last + timedelta(seconds=20)),
            )
            if before:
                before(moment)
            step(moment)
            after(moment)
            last = moment


def in_office(at: datetime, *, weekends: bool = False) -> datetime:
    """A moment of the same day at which somebody is at work; of the Friday before for a weekend's, unless they work then.

    Never later than the day asked for: a step of yesterday must not become one of tomorrow.
    """
    local = at.astimezone(OFFICE)
    if not OPENS <= local.hour < CLOSES:
        local = local.replace(hour=OPENS + local.hour % (CLOSES - OPENS))
    closed = 0 if weekends else max(0, local.weekday() - 4)
    return (local - timedelta(days=closed)).astimezone(at.tzinfo)
