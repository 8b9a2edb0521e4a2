"""What the board shows: columns with counts and sums, and portions of cards, in two statements whatever the rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import chain
from typing import Any, NamedTuple

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Count, Sum
from django.db.models.expressions import RawSQL
from django.utils import timezone

from crm import visibility
from crm.board.totals import Total, stage_totals
from crm.filters import DealFilter
from crm.models import Deal, User
from crm.visibility import DealQuerySet
from pipelines import catalog
from pipelines.catalog import CompiledPipeline, CompiledStage

PORTION = 50
# What a tall screen shows; the rest comes by scrolling.
FIRST = 20
NOTHING = Total(0, Decimal(0))


class Row(NamedTuple):
    """A deal as its card needs it; the order is that of the SELECT below."""

    stage_id: int
    id: int
    name: str
    budget: Decimal
    currency: str
    status: str
    stage_since: datetime
    stage_deadline: datetime | None
    next_task_at: datetime | None
    last_contact_at: datetime | None
    owner_id: int
    contact: str | None
    company: str | None
    owner: str | None
    tags: list[list[str]] | None


@dataclass
class Column:
    stage: CompiledStage
    total: Total = NOTHING
    rows: list[Row] = field(default_factory=list)
    # Where the next portion begins; empty when there is none.
    after: str = ""


def first_busy(user: User, pipelines: list[CompiledPipeline]) -> CompiledPipeline:
    """The first with open deals of one who sees only his own, by the counters; for a head the first of all."""
    owners = user.visible_owner_ids
    if len(pipelines) == 1 or owners is None or len(owners) > 1:
        return pipelines[0]
    stages = [
        [stage.id for stage in visibility.stages_of(user, item) if stage.kind == "open"]
        for item in pipelines
    ]
    totals = stage_totals(chain.from_iterable(stages), owners)
    busy = (
        item
        for item, ids in zip(pipelines, stages, strict=True)
        if not totals.keys().isdisjoint(ids)
    )
    return next(busy, pipelines[0])


def may_open(user: User, stage: CompiledStage) -> bool:
    """Whether «+» stands over the column: the user may enter, and the stage asks for nothing before it lets a deal in."""
    if stage.kind != "open" or not (user.is_crm_admin or stage.lets("enter", user.role_names)):
        return False
    pipeline = catalog.pipeline(stage.pipeline_id)
    asks = (rule for rule in pipeline.rules if rule.stage_id == stage.id)
    return not any(rule.effect == "require" and rule.when == "enter" for rule in asks)


def columns(
    user: User, stages: list[CompiledStage], asked: DealFilter, *, now: datetime, first: int = FIRST
) -> list[Column]:
    """Every column with its exact count and sum and its first cards."""
    totals = totals_of(user, stages, asked, now=now)
    # A column known to be empty asks for no cards.
    cards = portions(
        user, [stage for stage in stages if stage.id in totals], asked, now=now, size=first
    )
    return [
        _column(stage, totals.get(stage.id, NOTHING), cards[stage.id], first) for stage in stages
    ]


def portion(
    user: User, stage: CompiledStage, asked: DealFilter, *, now: datetime, after: str = ""
) -> Column:
    """The cards of one column that follow `after`. Errors: ValueError for a mark that no page gave out."""
    mark = parse_mark(after) if after else None
    cards = portions(user, [stage], asked, now=now, size=PORTION, after=mark)
    return _column(stage, NOTHING, cards[stage.id], PORTION)


def totals_of(
    user: User, stages: Iterable[CompiledStage], asked: DealFilter, *, now: datetime
) -> dict[int, Total]:
    """Counts and sums by stage id: from the counters where nothing is filtered, else counted; empty stages left out."""
    ids = [stage.id for stage in stages]
    if not asked.is_active:
        return stage_totals(ids, user.visible_owner_ids)
    deals = asked.apply(Deal.objects.visible_to(user), now=now).filter(stage__in=ids)
    counted = deals.order_by().values_list("stage").annotate(Count("id"), Sum("budget"))
    return {stage: Total(count, amount) for stage, count, amount in counted}


# More of them than this is «99+»: counting on would tell nobody anything.
FORGOTTEN = 99


def without_task(user: User, stages: Iterable[CompiledStage]) -> str:
    """How many open deals of the stages should have a task and have none (PZ-6.2), in words; empty for none."""
    needing = [stage.id for stage in stages if stage.needs_task and stage.kind == "open"]
    deals = Deal.objects.visible_to(user).open().filter(next_task_at=None, stage__in=needing)
    found = deals.order_by()[: FORGOTTEN + 1].count() if needing else 0
    return f"{FORGOTTEN}+" if found > FORGOTTEN else str(found or "")


def card(user: User, pk: int) -> Row | None:
    """One deal as its card; None where the user does not see it."""
    found = _read(Deal.objects.visible_to(user).filter(pk=pk))
    return found[0] if found else None


def cards_of(
    user: User,
    stages: Iterable[CompiledStage],
    asked: DealFilter,
    numbers: Iterable[int],
    *,
    now: datetime,
) -> list[Row]:
    """Those of the deals that belong on the user's board of these stages and this filter."""
    seen = asked.apply(Deal.objects.visible_to(user), now=now)
    return _read(seen.filter(pk__in=list(numbers), stage__in=[stage.id for stage in stages]))


def portions(
    user: User,
    stages: list[CompiledStage],
    asked: DealFilter,
    *,
    now: datetime,
    size: int,
    after: tuple[datetime, int] | None = None,
) -> dict[int, list[Row]]:
    """Up to `size` + 1 cards of each stage, the latest come first, in one statement; the last tells if there are more."""
    found: dict[int, list[Row]] = defaultdict(list)
    if not stages or asked.errors:
        return found
    deals = asked.apply(Deal.objects.visible_to(user), now=now)
    if after:
        since, pk = after
        # Not OFFSET: what came meanwhile would shift the portions, and far ones would cost more.
        deals = deals.filter(stage_since__lte=since).exclude(stage_since=since, id__gte=pk)
    # Text is looked for once and its finds numbered; for all else each column reads the head of its own index.
    read = _read_numbered if asked.has_text and len(stages) > 1 else _read_each
    for row in read(deals, [stage.id for stage in stages], size + 1):
        found[row.stage_id].append(row)
    return found


def parse_mark(text: str) -> tuple[datetime, int]:
    """«2026-03-01T10:00:00+00:00~17» apart. Errors: ValueError."""
    moment, _, pk = text.partition("~")
    since = datetime.fromisoformat(moment)
    if timezone.is_naive(since) or not pk.isdigit():
        raise ValueError(text)
    return since, int(pk)


def _column(stage: CompiledStage, total: Total, rows: list[Row], size: int) -> Column:
    more = len(rows) > size
    rows = rows[:size]
    last = rows[-1] if more else None
    return Column(stage, total, rows, f"{last.stage_since.isoformat()}~{last.id}" if last else "")


_COLUMNS = (
    "stage_id", "id", "name", "budget", "currency", "status", "stage_since", "stage_deadline", "next_task_at",
    "last_contact_at", "owner_id", "contact_id", "company_id",
)  # fmt: skip

# The names are joined to what was picked only. `picked` is SQL that the ORM made from `visible_to`.
_SHOWN = """
SELECT d.stage_id, d.id, d.name, d.budget, d.currency, d.status, d.stage_since, d.stage_deadline, d.next_task_at,
       d.last_contact_at, d.owner_id, c.name, k.name,
       u.last_name || coalesce(' ' || nullif(left(u.first_name, 1), '') || '.', ''),
       (SELECT array_agg(ARRAY[t.name, t.color] ORDER BY t.name)
        FROM crm_deal_tags AS dt JOIN crm_tag AS t ON t.id = dt.tag_id WHERE dt.deal_id = d.id)
FROM {picked}
LEFT JOIN crm_contact AS c ON c.id = d.contact_id
LEFT JOIN crm_company AS k ON k.id = d.company_id
LEFT JOIN crm_user AS u ON u.id = d.owner_id
ORDER BY d.stage_id, d.stage_since DESC, d.id DESC
"""


def _read_each(deals: DealQuerySet, stage_ids: list[int], size: int) -> list[Row]:
    """Up to `size` of each stage. The ORM has no LATERAL: with it the statement is planned once for all columns
    (a UNION of ten would be planned ten times), and each column reads no more of its index than it shows.
    """
    of_a_stage = deals.filter(stage=RawSQL("asked.stage_id", ())).order_by("-stage_since", "-id")[
        :size
    ]
    return _read(
        of_a_stage,
        "unnest(%s::bigint[]) AS asked(stage_id) CROSS JOIN LATERAL ({deals}) AS d",
        [stage_ids],
    )


def _read_numbered(deals: DealQuerySet, stage_ids: list[int], size: int) -> list[Row]:
    """The same, going through all the deals once."""
    numbered = """(
        SELECT * FROM (
            SELECT f.*, row_number() OVER (PARTITION BY stage_id ORDER BY stage_since DESC, id DESC) AS place
            FROM ({deals}) AS f
        ) AS n WHERE place <= %s
    ) AS d"""
    return _read(deals.filter(stage__in=stage_ids).order_by(), numbered, last=[size])


def _read(
    deals: DealQuerySet,
    picked: str = "({deals}) AS d",
    first: Iterable[Any] = (),
    last: Iterable[Any] = (),
) -> list[Row]:
    """Rows of the deals; `first` and `last` are the parameters of `picked` before and after those of the deals."""
    try:
        sql, params = deals.values_list(*_COLUMNS).query.sql_with_params()
    except EmptyResultSet:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_SHOWN.format(picked=picked.format(deals=sql)), [*first, *params, *last])
        return [Row(*found) for found in cursor.fetchall()]
