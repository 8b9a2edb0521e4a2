"""Requests of a playbook with scenarios, made as rows: what a press of a scenario and a sweep of violations work on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection

from crm.models import Deal, Task
from pipelines import catalog, playbook
from pipelines.models import Violation
from pipelines.playbook.books import SHIPPED

PIPELINE, TASK, SCENARIO, NEXT = "driving", "process", "no_answer", "no_touch"
PRESSED, MOVED, BROKEN = 1_000, 1_000, 3_000

STATEMENTS = [
    """
    INSERT INTO crm_deal (name, pipeline_id, stage_id, status, stage_since, budget, currency, owner_id, contact_id,
                          arrival, values, attempts, created_at, next_task_at, scenarios_off)
    SELECT 'Заявка ' || i, %(pipeline)s, %(stage)s, 'open', %(now)s, 0, 'RUB', owner.id, c.id + i %% c.n, 'form', '{}', 0,
           %(now)s, %(now)s, false
    FROM generate_series(1, %(count)s) i
    JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM crm_user WHERE team_id IS NOT NULL) owner
         ON owner.n = i %% 19,
    (SELECT min(id) AS id, count(*) AS n FROM crm_contact) c
    """,
    """
    INSERT INTO crm_task (code, kind, text, due_at, all_day, owner_id, deal_id, state, result, scenario, revision, created_at)
    SELECT %(task)s, 'call', 'Обработать заявку', next_task_at, false, owner_id, id, 'open', '', '', 0, created_at
    FROM crm_deal WHERE pipeline_id = %(pipeline)s
    """,
    """
    INSERT INTO pipelines_timer (deal_id, rule_id, due_at, occasion, state)
    SELECT d.id, r.id, %(now)s::timestamptz + interval '1 day', 'bench', 'armed'
    FROM crm_deal d, pipelines_rule r
    WHERE d.pipeline_id = %(pipeline)s AND r.stage_id = %(stage)s AND r.name = 'record_violation' AND r.when = 'stay'
    """,
]


def load(now: datetime) -> None:
    """Add the requests, each with its task and the armed timer of its violation; needs the people of `bench.data`."""
    playbook.load(SHIPPED / "idrive", now=now)
    catalog.refresh()
    pipeline = catalog.by_code(PIPELINE)
    names: dict[str, Any] = {
        "now": now,
        "pipeline": pipeline.id,
        "stage": pipeline.first_stage.id,
        "task": TASK,
        "count": PRESSED + MOVED + BROKEN,
    }
    with connection.cursor() as cursor:
        for statement in STATEMENTS:
            cursor.execute(statement, names)


def facts() -> dict[str, Any]:
    """Which tasks are to be pressed, and which deals are moved by hand."""
    deals = list(
        Deal.objects.filter(pipeline__code=PIPELINE).order_by("pk").values_list("pk", flat=True)
    )
    tasks = Task.objects.filter(deal__in=deals[:PRESSED]).order_by("pk")
    return {
        "pressed": list(tasks.values_list("pk", flat=True)),
        "driven": deals[PRESSED : PRESSED + MOVED],
        "driving_first": catalog.by_code(PIPELINE).first_stage.id,
    }


def place(number: int) -> int:
    """Each request is worked once: those timed come first, those counted (from 4,000 on) at the end."""
    return number if number < 4_000 else PRESSED - 1 - number % 100


def make_due(now: datetime) -> None:
    """Bring `BROKEN` requests past their limit."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE pipelines_timer SET due_at = %s WHERE id IN (
                SELECT t.id FROM pipelines_timer t JOIN crm_deal d ON d.id = t.deal_id
                JOIN pipelines_pipeline p ON p.id = d.pipeline_id
                WHERE p.code = %s AND t.state = 'armed' ORDER BY t.id DESC LIMIT %s)
            """,
            [now, PIPELINE, BROKEN],
        )


def broken() -> int:
    return Violation.objects.count()
