"""Licences as rows, made inside PostgreSQL, on the pipeline of the shipped playbook."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from crm.models import Task
from notifications.models import Message
from pipelines import catalog

DUE = 3_000
PIPELINE, STEP = "licences", "ladder.30"

STATEMENTS = [
    """
    INSERT INTO crm_deal (name, pipeline_id, stage_id, status, stage_since, budget, currency, owner_id, contact_id,
                          company_id, arrival, values, attempts, created_at)
    SELECT 'Лицензия ' || i, %(pipeline)s, %(stage)s, 'open', %(now)s::timestamptz - interval '200 days', 12000, 'BYN',
           owner.id, c.id + i %% c.n, k.id + i %% k.n, 'hand', '{}', 0, %(now)s::timestamptz - interval '200 days'
    FROM generate_series(1, %(count)s) i
    JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM crm_user WHERE team_id IS NOT NULL) owner
         ON owner.n = i %% 19,
    (SELECT min(id) AS id, count(*) AS n FROM crm_contact) c, (SELECT min(id) AS id, count(*) AS n FROM crm_company) k
    """,
    """
    INSERT INTO licenses_licence (deal_id, state, expires_on, expiry_source, expiry_set_at, account_id, renewal_months,
                                  refusal_kind, refusal_reason, reminded, revision, created_at)
    SELECT id, 'active', (%(now)s::timestamptz + interval '40 days' + (id %% 300) * interval '1 day')::date, 'computed',
           created_at, '', 12, '', '', '{}', 1, created_at
    FROM crm_deal WHERE pipeline_id = %(pipeline)s
    """,
    """
    INSERT INTO licenses_period (licence_id, number, starts_on, ends_on, months, bonus_months, currency, at)
    SELECT id, 1, expires_on - 365, expires_on, 12, 0, 'BYN', created_at FROM licenses_licence
    """,
    # The whole ladder is armed, as the engine arms it when a date is set.
    """
    INSERT INTO pipelines_timer (deal_id, rule_id, due_at, occasion, state)
    SELECT l.deal_id, r.id, l.expires_on + CASE WHEN r.when = 'before' THEN -r.period::interval ELSE r.period::interval END,
           'licence.expires_on:' || l.expires_on, 'armed'
    FROM licenses_licence l, pipelines_rule r
    WHERE r.pipeline_id = %(pipeline)s AND r.date = 'licence.expires_on' AND r.is_active
    """,
]


def load(count: int, now: datetime) -> None:
    """Add `count` running licences, none of them due; needs the contacts and people of `bench.data`."""
    pipeline = catalog.by_code(PIPELINE)
    names = {
        "now": now,
        "pipeline": pipeline.id,
        "stage": pipeline.first_stage.id,
        "count": count,
    }
    with connection.cursor() as cursor:
        for statement in STATEMENTS:
            cursor.execute(statement, names)


def make_due(now: datetime) -> None:
    """Bring `DUE` licences to the first step of the ladder: their end, and the moment of its timer."""
    pipeline = catalog.by_code(PIPELINE)
    step = next(rule.id for rule in pipeline.rules if rule.code == STEP)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH due AS (
                UPDATE pipelines_timer SET due_at = %(now)s WHERE id IN (
                    SELECT id FROM pipelines_timer WHERE rule_id = %(rule)s AND state = 'armed' ORDER BY id LIMIT %(due)s)
                RETURNING deal_id)
            UPDATE licenses_licence SET expires_on = (%(now)s::timestamptz + interval '30 days')::date
            WHERE deal_id IN (SELECT deal_id FROM due)
            """,
            {"now": now, "rule": step, "due": DUE},
        )


def done() -> tuple[int, int]:
    """How many tasks the step has set, and how many letters wait to leave."""
    return Task.objects.filter(code="ask_renewal").count(), Message.objects.filter(
        template__code="licence_30_days"
    ).count()
