"""What other apps show of a deal: a section of its card, a mark on the board and in the table.

They stand above `crm` and register themselves when they are ready, as the one that sends letters does in `outgoing`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.utils.functional import Promise

from crm.models import Company, Contact, Deal, User
from pipelines.catalog import CompiledPipeline


@dataclass(frozen=True)
class Panel:
    """A section of the card: a Jinja2 template, and what it calls `panel`."""

    template: str
    data: Any


@dataclass(frozen=True)
class Mark:
    """A few signs about a deal: `tone` is a colour of the theme, `title` says it in full."""

    text: str
    tone: str
    title: str
    icon: str = "point"


class Source(Protocol):
    """A module or an object that an app registers."""

    @property
    def COLUMN(self) -> str | Promise:
        """The heading of the marks in the table."""

    def serves(self, pipeline: CompiledPipeline) -> bool:
        """Whether there is anything to ask about the pipeline's deals; costs no query."""

    def panel(self, deal: Deal, *, user: User, now: datetime, may_edit: bool) -> Panel | None: ...

    def marks(self, deals: Collection[int], *, now: datetime) -> dict[int, Mark]:
        """The marks by the deals' ids, in one query."""


_sources: list[Source] = []


def register(source: Source) -> None:
    """Called once by each app that has something to show."""
    if source not in _sources:
        _sources.append(source)


def panels_of(
    deal: Deal, pipeline: CompiledPipeline, *, user: User, now: datetime, may_edit: bool
) -> list[Panel]:
    found = [
        source.panel(deal, user=user, now=now, may_edit=may_edit)
        for source in _sources
        if source.serves(pipeline)
    ]
    return [panel for panel in found if panel is not None]


def client_panels_of(record: Contact | Company, *, user: User, now: datetime) -> list[Panel]:
    """Sections of a contact's or company's card: of those sources that have a `client_panel(record, user=, now=)`."""
    asked = [getattr(source, "client_panel", None) for source in _sources]
    found = [ask(record, user=user, now=now) for ask in asked if ask is not None]
    return [panel for panel in found if panel is not None]


def pages_of(pipelines: Iterable[CompiledPipeline]) -> set[str]:
    """The pages of the menu that are for those who work in the pipelines: a source may have a `PAGE`, a view's name."""
    shown = list(pipelines)
    asked = [source for source in _sources if getattr(source, "PAGE", "")]
    return {source.PAGE for source in asked if any(map(source.serves, shown))}  # type: ignore[attr-defined]


def sources_of(pipelines: Iterable[CompiledPipeline]) -> list[Source]:
    """Those that have marks for the deals of any of the pipelines: a heading stands for a column of them."""
    shown = list(pipelines)
    return [source for source in _sources if source.COLUMN and any(map(source.serves, shown))]
