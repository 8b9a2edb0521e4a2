"""What guards and actions are given: the deal, the author, the moment and the occasion."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from pipelines.actor import Actor
from pipelines.catalog import CompiledPipeline, CompiledRule, CompiledStage


@dataclass
class Context:
    """One occasion on one deal. Guards read through `value` and `fact`, so that the run keeps what they saw."""

    deal: Any
    pipeline: CompiledPipeline
    by: Actor
    now: datetime
    from_stage: CompiledStage | None = None
    to_stage: CompiledStage | None = None
    rule: CompiledRule | None = None
    # What the rule runs for, at most once.
    occasion: str = ""
    event: Any = None
    task: Any = None
    answers: dict[str, Any] = field(default_factory=dict)
    seen: dict[str, Any] = field(default_factory=dict)
    _facts: dict[str, Any] = field(default_factory=dict)

    def value(self, code: str) -> Any:
        """The deal's value of a field, noted among the values this run saw."""
        value = self.deal.get_value(code)
        self.seen[code] = _plain(value)
        return value

    def fact(self, name: str, load: Callable[[], Any]) -> Any:
        """A fact that costs a query, loaded once for all guards asked on this occasion, and noted."""
        if name not in self._facts:
            self._facts[name] = load()
        self.seen[name] = _plain(self._facts[name])
        return self._facts[name]

    def forget(self) -> None:
        """Drop the facts loaded so far: an action has run and may have changed them."""
        self._facts.clear()

    def under(self, rule: CompiledRule) -> Context:
        """The same occasion for one of its rules: its own notes, the author acting through the rule."""
        return replace(self, rule=rule, by=self.by.through(rule.id), seen={})

    @property
    def stage(self) -> CompiledStage:
        """Where the deal stands now."""
        return self.pipeline.stage_by_id[self.deal.stage_id]


def _plain(value: Any) -> Any:
    return (
        value if isinstance(value, (str, int, float, bool, list, dict, type(None))) else str(value)
    )


@dataclass(frozen=True)
class Cause:
    """What set off what is happening: the event, and how many rules stand between it and the outside."""

    event_id: int | None = None
    depth: int = 0


_cause: ContextVar[Cause] = ContextVar("the_cause", default=Cause())  # noqa: B039 (frozen)


def cause() -> Cause:
    return _cause.get()


@contextmanager
def caused_by(event_id: int | None, *, deeper: int = 1) -> Any:
    """Everything recorded inside is caused by this event and stands one rule deeper."""
    token = _cause.set(Cause(event_id, _cause.get().depth + deeper))
    try:
        yield
    finally:
        _cause.reset(token)
