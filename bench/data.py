"""A company's year as rows, made inside PostgreSQL: 100,000 deals in under a minute, the same at every run."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import Group
from django.db import connection, transaction

from bench import analytics, driving, licences
from crm.models import Team, User
from pipelines import catalog, playbook
from pipelines.models import Condition, Field, Pipeline, Rule, Stage
from pipelines.playbook.books import SHIPPED

PASSWORD = "bench-pass-1"
FIRST = [
    "Анна",
    "Борис",
    "Вера",
    "Глеб",
    "Дарья",
    "Егор",
    "Жанна",
    "Захар",
    "Ирина",
    "Кирилл",
    "Лукерья",
    "Мирон",
]
LAST = [
    "Лукашевич",
    "Ковальчук",
    "Петренко",
    "Садовник",
    "Тарасевич",
    "Ушакевич",
    "Фомич",
    "Юревич",
    "Якимович",
]
WORDS = [
    "Базовое внедрение",
    "Аудит аккаунта",
    "Готовый виджет",
    "Комплексное внедрение",
    "Сопровождение",
    "Обучение",
]
DUE = 3_000
# One timer a rule.
COUNTDOWN_RULES = 10


def load(scale: float, now: datetime) -> None:
    """Fill an empty, migrated database with `scale` × 100,000 deals and what belongs to them.

    Countdowns and licences are ten times as many as deals, and a million at most: the aims speak of a million, and
    ten million licences no company has.
    """
    playbook.load(SHIPPED / "axelerator", now=now)
    catalog.refresh()
    with transaction.atomic(), connection.cursor() as cursor:
        _people()
        cursor.execute("SELECT setseed(0.42)")
        sizes = {
            "deals": round(100_000 * scale),
            "contacts": round(50_000 * scale),
            "companies": round(20_000 * scale),
        }
        standing_by = min(10 * sizes["deals"], 1_000_000)
        for statement in STATEMENTS:
            cursor.execute(statement, sizes | _names(now))
        _countdowns(cursor, standing_by, now)
    licences.load(standing_by, now)
    driving.load(now)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _names(now: datetime) -> dict[str, object]:
    return {
        "now": now,
        "first": FIRST,
        "last": LAST,
        "words": WORDS,
        "pipeline": catalog.by_code("leads").id,
    }


def _people() -> None:
    """A head over two teams, nineteen managers; the head is who opens the pages."""
    teams = [Team.objects.create(name=name) for name in ("Продажи", "Продажи 1", "Продажи 2")]
    head = User.objects.create_user(
        "head@bench.example", PASSWORD, first_name="Ольга", last_name="Титова"
    )
    head.groups.add(Group.objects.get(name="head"))
    teams[0].head = head
    teams[0].save()
    for team in teams[1:]:
        team.parent = teams[0]
        team.save()
    managers = Group.objects.get(name="manager")
    for number in range(19):
        manager = User.objects.create_user(
            f"m{number}@bench.example",
            None,
            first_name=FIRST[number % 12],
            last_name=LAST[number % 9],
            team=teams[1 + number % 2],
        )
        manager.groups.add(managers)
    account = User.objects.create_user(
        "account@bench.example", None, first_name="Анна", last_name="Седова"
    )
    account.groups.add(Group.objects.get(name="account_manager"))


# Each number of the series picks its words by its own digits, so that a run is like every other.
STATEMENTS = [
    """
    INSERT INTO crm_company (name, name_is_statutory, tax_id, site, address, values, created_at)
    SELECT 'ООО «' || (%(last)s::text[])[1 + i %% 9] || ' и ' || i || '»', false, lpad(i::text, 9, '1'), '', '', '{}',
           %(now)s::timestamptz - interval '400 days'
    FROM generate_series(1, %(companies)s::int) i
    """,
    """
    INSERT INTO crm_contact (name, company_id, position, values, created_at)
    SELECT (%(first)s::text[])[1 + i %% 12] || ' ' || (%(last)s::text[])[1 + (i / 12) %% 9] || ' ' || i,
           first.id + i %% %(companies)s::int, '', '{}', %(now)s::timestamptz - interval '400 days'
    FROM generate_series(1, %(contacts)s::int) i, (SELECT min(id) AS id FROM crm_company) first
    """,
    """
    INSERT INTO crm_contactpoint (kind, value, contact_id)
    SELECT 'phone', '+37529' || lpad(id::text, 7, '0'), id FROM crm_contact
    UNION ALL
    SELECT 'email', 'lead' || id || '@bench.example', id FROM crm_contact
    """,
    """
    INSERT INTO crm_deal (name, pipeline_id, stage_id, status, stage_since, budget, currency, owner_id, contact_id,
                          company_id, arrival, values, next_task_at, last_contact_at, attempts, created_at, closed_at)
    SELECT (%(words)s::text[])[1 + i %% 6] || ' ' || i, %(pipeline)s, stage.id, stage.kind,
           %(now)s::timestamptz - (i %% 360) * interval '8 hours', (i %% 500) * 100, 'BYN', owner.id,
           c.id + i %% %(contacts)s::int, k.id + i %% %(companies)s::int, 'hand',
           jsonb_build_object('platform', 'site', 'niche', 'Торговля', 'source', 'ads'),
           CASE WHEN stage.kind = 'open' AND i %% 5 > 0 THEN %(now)s::timestamptz + (i %% 100 - 30) * interval '6 hours' END,
           CASE WHEN i %% 3 > 0 THEN %(now)s::timestamptz - (i %% 40) * interval '1 day' END, i %% 4,
           %(now)s::timestamptz - (i %% 8760) * interval '1 hour',
           CASE WHEN stage.kind <> 'open' THEN %(now)s::timestamptz - (i %% 360) * interval '8 hours' END
    FROM generate_series(1, %(deals)s::int) i
    JOIN (SELECT id, kind, row_number() OVER (ORDER BY position) - 1 AS n FROM pipelines_stage
          WHERE pipeline_id = %(pipeline)s) stage ON stage.n = i %% 10
    JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM crm_user WHERE team_id IS NOT NULL) owner
         ON owner.n = (i / 10) %% 19,
    (SELECT min(id) AS id FROM crm_contact) c, (SELECT min(id) AS id FROM crm_company) k
    """,
    # A quarter of the open deals under a limit, a tenth of those past it or about to be; some clients wait for an answer.
    """
    UPDATE crm_deal SET stage_deadline = %(now)s::timestamptz + (id %% 200 - 16) * interval '6 hours'
    WHERE status = 'open' AND id %% 4 = 0
    """,
    """
    UPDATE crm_deal SET unanswered_since = %(now)s::timestamptz - (id %% 30 + 1) * interval '2 hours'
    WHERE status = 'open' AND id %% 50 = 1
    """,
    """
    INSERT INTO crm_tag (name, color) SELECT 'тег ' || i, 'secondary' FROM generate_series(1, 20) i
    """,
    """
    INSERT INTO crm_deal_tags (deal_id, tag_id)
    SELECT d.id, t.id + d.id %% 20 FROM crm_deal d, (SELECT min(id) AS id FROM crm_tag) t WHERE d.id %% 3 = 0
    """,
    """
    INSERT INTO crm_task (code, kind, text, due_at, all_day, owner_id, deal_id, state, result, scenario, revision, created_at)
    SELECT '', 'call', 'Позвонить клиенту', next_task_at, false, owner_id, id, 'open', '', '', 0, created_at
    FROM crm_deal WHERE next_task_at IS NOT NULL
    UNION ALL
    SELECT '', 'call', 'Позвонить клиенту', created_at + interval '1 hour', false, owner_id, id, 'done', 'поговорили', '',
           1, created_at
    FROM crm_deal
    """,
    # Twelve months of feed: nine entries a deal, and its passages beneath.
    """
    INSERT INTO pipelines_event (verb, deal_id, contact_id, company_id, actor_id, data, at)
    SELECT CASE n WHEN 0 THEN 'deal.opened' WHEN 1 THEN 'task.created' WHEN 2 THEN 'call.answered'
                  ELSE 'note.written' END,
           d.id, d.contact_id, d.company_id, d.owner_id,
           CASE n WHEN 0 THEN '{"to": "Новая заявка"}'
                  WHEN 1 THEN '{"text": "Позвонить клиенту", "kind": "call"}'
                  ELSE '{"text": "Поговорили о сроках, ждут решения директора"}' END::jsonb,
           d.created_at + n * interval '9 hours'
    FROM crm_deal d, generate_series(0, 8) n
    """,
    *analytics.STATEMENTS,
]


def _countdowns(cursor: object, count: int, now: datetime) -> None:
    """That many armed countdowns, none of them due, on a pipeline of their own."""
    pipeline = Pipeline.objects.create(
        code="bench-countdowns", name="Отсчёты (замер)", playbook="bench", position=90
    )
    stage = Stage.objects.create(
        pipeline=pipeline, code="active", name="Действует", position=0, needs_task=False
    )
    Field.objects.create(pipeline=pipeline, code="expires_on", label="Действует до", type="date")
    rules = [
        Rule.objects.create(
            pipeline=pipeline,
            stage=stage,
            code=f"reminder-{number}",
            clause="BENCH",
            when="before",
            date="expires_on",
            period=f"{number + 1}d",
            name="create_task",
            position=number,
            params={"kind": "call", "text": "Уточнить намерение продлить лицензию", "due": "1d"},
        )
        for number in range(COUNTDOWN_RULES)
    ]
    assert not Condition.objects.filter(rule__in=rules).exists()
    owner = User.objects.exclude(team=None).earliest("pk")
    cursor.execute(  # type: ignore[attr-defined]
        """
        INSERT INTO crm_deal (name, pipeline_id, stage_id, status, stage_since, budget, currency, owner_id, arrival,
                              values, attempts, created_at)
        SELECT 'Лицензия ' || i, %s, %s, 'open', %s, 12000, 'RUB', %s, 'hand', '{"expires_on": "2027-06-01"}', 0, %s
        FROM generate_series(1, %s) i
        """,
        [pipeline.id, stage.id, now, owner.id, now, count // COUNTDOWN_RULES],
    )
    cursor.execute(  # type: ignore[attr-defined]
        """
        INSERT INTO pipelines_timer (deal_id, rule_id, due_at, occasion, state)
        SELECT d.id, r.id, %s::timestamptz + interval '30 days' + (d.id %% 1000) * interval '1 hour', 'bench', 'armed'
        FROM crm_deal d, unnest(%s::bigint[]) AS r(id) WHERE d.pipeline_id = %s
        """,
        [now, [rule.id for rule in rules], pipeline.id],
    )


def make_due(now: datetime) -> None:
    """Bring `DUE` countdowns, each of another deal, to their moment."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE pipelines_timer SET due_at = %s WHERE id IN (
                SELECT DISTINCT ON (deal_id) id FROM pipelines_timer WHERE state = 'armed' AND occasion = 'bench'
                ORDER BY deal_id, id LIMIT %s)
            """,
            [now, DUE],
        )
