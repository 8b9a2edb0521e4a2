"""A year of passages for the reports, and the reports as they are measured."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.utils import timezone

from bench.floor import Floor

# Each deal has come to its stage by all the stages before it, a day or two on each: 5.5 passages a deal.
STATEMENTS = [
    """
    CREATE TEMP TABLE way ON COMMIT DROP AS
    WITH stage AS (
        SELECT id, row_number() OVER (ORDER BY position) - 1 AS n FROM pipelines_stage WHERE pipeline_id = %(pipeline)s
    )
    SELECT nextval('pipelines_event_id_seq') AS event_id, d.id AS deal_id, d.owner_id, d.contact_id, d.company_id, k.n,
           source.id AS from_id, target.id AS to_id,
           d.created_at + k.n * interval '30 hours' + (d.id * 7 + k.n * 13) %% 20 * interval '1 hour' AS at
    FROM crm_deal d
    JOIN stage here ON here.id = d.stage_id
    JOIN generate_series(0, 9) k(n) ON k.n <= here.n
    JOIN stage target ON target.n = k.n
    LEFT JOIN stage source ON source.n = k.n - 1
    """,
    """
    INSERT INTO pipelines_event (id, verb, deal_id, contact_id, company_id, actor_id, data, at)
    SELECT event_id, 'deal.moved', deal_id, contact_id, company_id, owner_id, '{}', at FROM way
    """,
    # Half a million passages in one statement are no day's work: the trigger would look each up in a table it knows nothing of.
    "SET LOCAL session_replication_role = replica",
    """
    INSERT INTO pipelines_stagechange (deal_id, from_stage_id, to_stage_id, event_id, at, stayed, before)
    SELECT deal_id, from_id, to_id, event_id, at, at - lag(at) OVER (PARTITION BY deal_id ORDER BY n), '{}' FROM way
    """,
    "SET LOCAL session_replication_role = DEFAULT",
    "ANALYZE pipelines_stagechange",
    """
    INSERT INTO crm_passage (change_id, deal_id, at, from_stage_id, to_stage_id, owner_id, arrival, first, seconds)
    SELECT change_id, deal_id, at, from_stage_id, to_stage_id, owner_id, arrival, first, seconds FROM crm_passage_source
    """,
    """
    UPDATE crm_task SET ended_at = created_at + id %% 50 * interval '1 hour', due_at = created_at + interval '20 hours'
    WHERE state = 'done'
    """,
]

Page = tuple[str, Callable[[Any, int], Any], Callable[[Any, int], Any], int]


def pages(facts: dict[str, Any]) -> list[Page]:
    """Twelve months up to today, of the whole pipeline."""
    today = timezone.localdate()
    asked = {"pipeline": "leads", "since": today - timedelta(days=364), "until": today}
    query = urlencode(asked)

    def report(code: str) -> Callable[[Any, int], Any]:
        return lambda client, _number: client.get(f"/analytics/{code}?{query}")

    return [
        ("analytics: overview of 12 months", report(""), _passages, 20),
        ("analytics: funnel of 12 months", report("funnel/"), _passages, 20),
        ("analytics: sales of 12 months by manager", report("sales/"), _sales, 20),
        ("analytics: tasks and talks of 12 months per employee", report("work/"), _tasks, 20),
        ("analytics: history of calls", report("calls/"), _calls, 20),
    ]


def _passages(floor: Floor, _number: int) -> None:
    floor.all(
        "SELECT to_stage_id, count(*) FROM crm_passage WHERE at >= now() - interval '1 year' AND first"
        " AND owner_id = ANY(%s) GROUP BY 1",
        floor.facts["owners"],
    )


def _sales(floor: Floor, _number: int) -> None:
    floor.all(
        "SELECT owner_id, count(*), sum(budget) FROM crm_deal WHERE closed_at >= now() - interval '1 year'"
        " AND archived_at IS NULL AND status = 'won' AND owner_id = ANY(%s) GROUP BY 1",
        floor.facts["owners"],
    )


def _tasks(floor: Floor, _number: int) -> None:
    floor.all(
        "SELECT owner_id, count(*), count(*) FILTER (WHERE ended_at > due_at) FROM crm_task WHERE state = 'done'"
        " AND ended_at >= now() - interval '1 year' AND owner_id = ANY(%s) GROUP BY 1",
        floor.facts["owners"],
    )


def _calls(floor: Floor, _number: int) -> None:
    floor.all(
        "SELECT * FROM crm_talk WHERE kind = 'call' AND person_id = ANY(%s) ORDER BY at DESC, event_id DESC LIMIT 50",
        floor.facts["owners"],
    )
