"""What the measurements are made on: ids and marks read once from the loaded database."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from bench import driving
from crm.models import ContactPoint, Deal, User
from licenses.models import Licence
from pipelines import catalog
from pipelines.models import Timer

LETTER = (
    'INSERT INTO notifications_message (channel, deal_id, "to", subject, text, html, status, attempts, uncertain,'
    " error, secret, message_id, next_try_at, created_at) VALUES ('email', %s, 'a@example.com', 'Тема', 'Текст', '',"
    " 'queued', 0, false, '', false, %s, %s, now())"
)


def read() -> dict[str, Any]:
    catalog.refresh()
    pipeline = catalog.by_code("leads")
    head = User.objects.get(email="head@bench.example")
    in_order = Deal.objects.filter(pipeline=pipeline.id).order_by("-created_at", "-id")
    rows = in_order.count()
    # Page 500, or half-way where there are fewer.
    far = in_order[min(499 * 50, rows // 2)]
    first = (
        in_order.filter(stage=pipeline.first_stage.id).order_by("pk").values_list("pk", flat=True)
    )
    spare = list(first)
    half = len(spare) // 2
    return {
        "pipeline": pipeline.id,
        "stages": [stage.id for stage in pipeline.stages],
        "stage_codes": [stage.code for stage in pipeline.stages],
        "owners": sorted(head.visible_owner_ids or ()),
        "far_at": far.created_at,
        "far_id": far.pk,
        "far_mark": f"={far.created_at.isoformat()}~{far.pk}",
        "part": "тарасевич 47",
        "phones": list(
            ContactPoint.objects.filter(kind="phone")
            .order_by("pk")
            .values_list("value", flat=True)[:5000]
        ),
        "some": list(in_order.values_list("pk", flat=True)[rows // 100 :][:5000]),
        # The pages and the floor move deals of their own.
        "spare": spare[:half],
        "spare_of_pages": spare[half:],
        "now": timezone.now(),
        "licences": Licence.objects.count(),
        "timers": Timer.objects.filter(state="armed").count(),
        "countdowns": Timer.objects.filter(
            state="armed", occasion="bench", rule__pipeline__playbook="bench"
        ).count(),
        "letter_sql": LETTER,
        **driving.facts(),
    }
