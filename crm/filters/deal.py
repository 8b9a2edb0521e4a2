"""What was asked of deals in an address."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from crm.filters import known
from crm.filters.asking import Condition
from crm.filters.base import Filter
from crm.models import User
from pipelines.catalog import CompiledStage


class DealFilter(Filter):
    """For the board and the table alike; `stages` are those the user sees of the pipelines shown."""

    beside = Filter.beside | {"pipeline", "count", "first", "column"}

    def __init__(self, data: Any, *, user: User, stages: list[CompiledStage]) -> None:
        self.stages = stages
        super().__init__(data, user=user)

    def all_conditions(self) -> Iterable[Condition]:
        return known.conditions(self.user, self.stages)

    @property
    def has_rest(self) -> bool:
        """Of several pipelines together there is no rest: it would be endless."""
        return len({stage.pipeline_id for stage in self.stages}) == 1
