"""The widget of the funnel: how many deals came to each stage in a period, as the report on it counts them."""

from __future__ import annotations

import json
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm import rights, visibility
from crm.analytics import funnel
from crm.analytics.asking import Question
from crm.desktop.registry import PERIOD, PIPELINE, Ask, Size, widget
from crm.filters import address
from crm.filters.passed import AFTER_STAGE
from crm.models import User


def _sees_analytics(user: User) -> bool:
    return user.may(rights.ANALYTICS)


@widget(
    "funnel",
    gettext_lazy("Funnel of the period"),
    icon="filter",
    size=Size.HALF,
    template="crm/desktop/funnel.html",
    for_whom=_sees_analytics,
    takes=(PIPELINE, PERIOD),
    slow=True,
    charts=True,
)
def widget_of_the_funnel(ask: Ask) -> dict[str, Any]:
    pipeline = ask.pipeline
    if pipeline is None:
        return {"rows": []}
    question = Question(
        user=ask.user,
        now=ask.now,
        pipelines=(pipeline,),
        pipeline_code=pipeline.code,
        period=ask.period,
        owners=ask.user.visible_owner_ids,
    )
    came = funnel.entries(question)
    way = [item for item in visibility.stages_of(ask.user, pipeline) if item.kind != "lost"]
    rows: list[dict[str, Any]] = [
        {
            "stage": stage,
            "count": came.get(stage.id, 0),
            "url": question.deals_url(entered=f"{stage.code}{AFTER_STAGE}{ask.period.code}"),
        }
        for stage in way
    ]
    chart = {
        "kind": "funnel",
        "title": f"{pipeline.name}, {ask.period.label}",
        "categories": [row["stage"].name for row in rows],
        "series": [
            {
                "name": _("Came"),
                "points": [{"value": row["count"], "url": row["url"]} for row in rows],
            }
        ],
    }
    return {
        "pipeline": pipeline,
        "period": ask.period,
        "rows": rows if any(row["count"] for row in rows) else [],
        "chart": json.dumps(chart, ensure_ascii=False),
        "report": address("crm:analytics", pipeline=pipeline.code, period=ask.period.code),
    }
