"""Widgets of sales: where the deals stand, and the plan of the month beside what was sold."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from crm import visibility
from crm.board.cards import Words
from crm.board.reading import NOTHING
from crm.board.totals import Total, stage_totals
from crm.desktop.registry import PIPELINE, Ask, Size, widget
from crm.filters import address
from crm.goals import reading
from crm.models import User


@widget(
    "stages",
    _("Deals by stage"),
    icon="layout-kanban",
    size=Size.HALF,
    template="crm/desktop/stages.html",
    takes=(PIPELINE,),
)
def stages(ask: Ask) -> dict[str, Any]:
    """How many deals stand on each open stage and for how much, from the board's own counters."""
    pipeline = ask.pipeline
    if pipeline is None:
        return {"rows": []}
    shown = [stage for stage in visibility.stages_of(ask.user, pipeline) if stage.kind == "open"]
    totals = stage_totals([stage.id for stage in shown], ask.user.visible_owner_ids)
    words = Words(ask.now)
    most = max((total.deals for total in totals.values()), default=0)
    rows = []
    for stage in shown:
        total = totals.get(stage.id, NOTHING)
        url = address("crm:table", pipeline=pipeline.code, stage=[stage.code])
        rows.append(
            {
                "stage": stage,
                "count": total.deals,
                "sum": words.money(total.amount, pipeline.currency),
                "share": round(100 * total.deals / most) if most else 0,
                "url": url,
            }
        )
    whole = Total(
        sum(total.deals for total in totals.values()),
        sum((total.amount for total in totals.values()), NOTHING.amount),
    )
    return {
        "pipeline": pipeline,
        "rows": rows,
        "total": whole.deals,
        "sum": words.money(whole.amount, pipeline.currency),
        "all_url": address("crm:table", pipeline=pipeline.code, status="open"),
    }


@widget(
    "plan",
    _("Plan and fact of the month"),
    icon="target-arrow",
    size=Size.HALF,
    template="crm/desktop/plan.html",
    takes=(PIPELINE,),
    slow=True,
)
def plan(ask: Ask) -> dict[str, Any]:
    """Each person's goal of this month beside what he has sold; where a pipeline is chosen, of that one."""
    chosen = ask.pipeline if ask.chosen.get(PIPELINE) else None
    month = reading.first_of(ask.shared.today)
    table = reading.table(ask.user, first=month, until=reading.first_of(month, 1), pipeline=chosen)
    calendar = reading.calendar_of(ask.shared.pipelines, chosen)
    pace = reading.pace_of(month, ask.shared.today, calendar) if calendar else reading.Pace(0, 0)
    rows = []
    for row in table:
        goals, done = row.goals.get(month, []), row.sold[month]
        if not goals and not (isinstance(row.whose, User) and done.count):
            continue
        rows.append(
            {
                "whose": row.whose,
                "is_team": not isinstance(row.whose, User),
                "count": done.count,
                "sums": sorted(done.sums.items()),
                "progress": [item for goal in goals for item in reading.progress(goal, done, pace)],
                "url": reading.list_of(row.owners, month, chosen) if row.owners else "",
            }
        )
    return {"rows": rows, "pace": pace, "month": month, "words": Words(ask.now), "pipeline": chosen}
