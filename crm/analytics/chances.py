"""What came of the deals that passed a stage in the last twelve months: what the forecast and its lists count by."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.core.cache import cache
from django.db import connection

from pipelines.catalog import CompiledPipeline

# Fewer closed deals that passed a stage say nothing of the next one.
ENOUGH = 20
YEAR = timedelta(days=365)
# What came of a year's deals is the same an hour later.
KEPT = 3600


class Chance(NamedTuple):
    """Of the closed deals that passed a stage: how many there were, how many were won, how long the won took from it."""

    closed: int
    won: int
    days: float

    @property
    def share(self) -> float | None:
        return self.won / self.closed if self.closed >= ENOUGH else None

    @property
    def way(self) -> timedelta:
        """From the stage to the end, in whole days."""
        return timedelta(days=round(self.days))

    def expected(self, since: date, today: date) -> date:
        """When a deal that stands there since the day is expected; one later than usual is expected now."""
        return max(today, since + self.way)


NONE = Chance(0, 0, 0)


def chances(pipeline: CompiledPipeline, now: datetime) -> dict[int, Chance]:
    """By the stage's id, of the whole company's deals closed in the last twelve months; counted once an hour."""
    key = f"analytics:chances:{pipeline.id}:{pipeline.edition}"
    found: dict[int, Chance] | None = cache.get(key)
    if found is None:
        found = _chances(pipeline, now)
        cache.set(key, found, KEPT)
    return found


def _chances(pipeline: CompiledPipeline, now: datetime) -> dict[int, Chance]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT p.to_stage_id, count(*), count(*) FILTER (WHERE d.status = 'won'),
                   coalesce(avg(extract(epoch FROM d.closed_at - p.at)) FILTER (WHERE d.status = 'won'), 0) / 86400
            FROM crm_deal d JOIN crm_passage p ON p.deal_id = d.id AND p.first
            WHERE d.archived_at IS NULL AND d.closed_at >= %s AND d.closed_at < %s AND d.status IN ('won', 'lost')
              AND d.stage_id = ANY(%s)
            GROUP BY 1
            """,
            [now - YEAR, now, [stage.id for stage in pipeline.stages]],
        )
        return {
            stage: Chance(closed, won, float(days))
            for stage, closed, won, days in cursor.fetchall()
        }
