"""Which deals were chosen: those ticked, as they were seen, or all that the filter finds."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from django.http import QueryDict

from crm import visibility
from crm.batches.verbs import NewRow
from crm.filters import DealFilter
from crm.models import Deal, User
from crm.visibility import DealQuerySet
from pipelines.catalog import CompiledPipeline
from pipelines.numbers import whole

# More deals than this nobody means; who does narrows the filter twice.
LIMIT = 50_000


class Chosen(NamedTuple):
    id: int
    name: str
    stage_id: int
    pipeline_id: int


@dataclass
class Selection:
    """The deals, and the hidden fields by which a dialog posts the same choice again."""

    user: User
    now: datetime
    ticked: dict[int, int] = field(default_factory=dict)
    query: str | None = None

    @classmethod
    def read(cls, data: QueryDict, *, user: User, now: datetime) -> Selection:
        """`deal=<id>~<seen stage id>` repeated (or several in one `deals`, by commas), or `everything=1` with `query`."""
        if data.get("everything"):
            return cls(user, now, query=data.get("query", "").lstrip("?"))
        texts = [*data.getlist("deal"), *data.get("deals", "").split(",")]
        pairs = (pair for text in texts[:LIMIT] if (pair := _ticked(text)))
        return cls(user, now, ticked=dict(pairs))

    @cached_property
    def found(self) -> list[Chosen]:
        """The chosen deals that the user sees, the newest first."""
        rows = self.deals.order_by("-created_at", "-id")
        return [
            Chosen(*row)
            for row in rows.values_list("id", "name", "stage_id", "pipeline_id")[:LIMIT]
        ]

    @cached_property
    def deals(self) -> DealQuerySet:
        visible = Deal.objects.visible_to(self.user)
        if self.query is None:
            return visible.filter(pk__in=self.ticked)
        asked = QueryDict(self.query)
        pipelines = visibility.pipelines_of(self.user)
        code = asked.get("pipeline")
        shown = [item for item in pipelines if item.code == code] or pipelines
        stages = [stage for item in shown for stage in visibility.stages_of(self.user, item)]
        deals = DealFilter(asked, user=self.user, stages=stages).apply(visible, now=self.now)
        return deals.filter(pipeline__in=[item.id for item in shown])

    @property
    def gone(self) -> int:
        """How many of the ticked are no longer there for the user."""
        return 0 if self.query is not None else len(self.ticked) - len(self.found)

    @cached_property
    def pipelines(self) -> list[CompiledPipeline]:
        """Those the chosen deals are in."""
        ids = {deal.pipeline_id for deal in self.found}
        return [item for item in visibility.pipelines_of(self.user) if item.id in ids]

    @property
    def asked(self) -> QueryDict:
        """The same choice as the address of a table."""
        if self.query is not None:
            return QueryDict(self.query)
        asked = QueryDict(mutable=True)
        asked["ids"] = ",".join(map(str, self.ticked))
        return asked

    @property
    def hidden(self) -> list[tuple[str, str]]:
        if self.query is not None:
            return [("everything", "1"), ("query", self.query)]
        return [("deals", ",".join(f"{pk}~{stage}" for pk, stage in self.ticked.items()))]

    def rows(self) -> list[NewRow]:
        """The snapshot: what the filter finds from now on is not touched."""
        return [
            NewRow(
                record_id=deal.id,
                name=deal.name,
                payload={"seen": self.ticked.get(deal.id, deal.stage_id)},
            )
            for deal in self.found
        ]

    def sample(self, size: int) -> list[Any]:
        """Some of the deals, whole: what they lack is asked for in the dialog."""
        return list(
            self.deals.select_related("owner", "contact", "company").order_by("-created_at", "-id")[
                :size
            ]
        )


def _ticked(text: str) -> tuple[int, int] | None:
    deal, _tilde, stage = text.partition("~")
    pk, seen = whole(deal), whole(stage)
    return None if pk is None or seen is None else (pk, seen)
