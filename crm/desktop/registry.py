"""What a widget of the desktop is, and all of them.

A module registers one by decorating the function that reads its numbers:

    @widget("licences", _("Licences ending"), icon="license", size=Size.THIRD, template="licenses/widget.html",
            for_whom=works_with_licences)
    def licences(ask: Ask) -> dict[str, Any]:
        return {"rows": …}

`template` is a Jinja2 template that gets what the function returns, `ask` and `widget`. The function costs a statement,
two at most, whatever the rows; one that needs more is `slow=True` and is asked for when the page has been drawn.
`takes` names the settings that a person may choose: PIPELINE, PERIOD.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise

from crm import periods, visibility
from crm.filters import people_of
from crm.models import User
from crm.periods import Period
from pipelines.catalog import CompiledPipeline

PIPELINE, PERIOD = "pipeline", "period"
# What a widget over a period shows until another is chosen.
USUAL_PERIOD = "this_month"


class Size(StrEnum):
    """How wide a widget is, in parts of the desktop."""

    THIRD = "third"
    HALF = "half"
    FULL = "full"


@dataclass(frozen=True)
class Shared:
    """What the widgets of one page read once: the reader, the moment, his pipelines, the names of his people."""

    user: User
    now: datetime

    @cached_property
    def pipelines(self) -> list[CompiledPipeline]:
        return visibility.pipelines_of(self.user)

    @cached_property
    def people(self) -> dict[int, str]:
        """Names by id of those whose records he sees."""
        if self.user.visible_owner_ids == {self.user.pk}:
            return {self.user.pk: str(self.user)}
        return {person.pk: str(person) for person in people_of(self.user)}

    @cached_property
    def today(self) -> date:
        return timezone.localdate(self.now)


@dataclass(frozen=True)
class Ask:
    """For whom a widget is read, and what he has chosen for it."""

    shared: Shared
    chosen: Mapping[str, str] = field(default_factory=dict)

    @property
    def user(self) -> User:
        return self.shared.user

    @property
    def now(self) -> datetime:
        return self.shared.now

    @cached_property
    def pipeline(self) -> CompiledPipeline | None:
        """The chosen one, else the first of the user's; None where he has none."""
        known = self.shared.pipelines
        code = self.chosen.get(PIPELINE)
        return next((item for item in known if item.code == code), known[0] if known else None)

    @cached_property
    def period(self) -> Period:
        try:
            return periods.parse(self.chosen.get(PERIOD) or USUAL_PERIOD, today=self.shared.today)
        except ValueError:
            return periods.parse(USUAL_PERIOD, today=self.shared.today)


Read = Callable[[Ask], dict[str, Any]]


@dataclass(frozen=True)
class Widget:
    code: str
    title: str | Promise
    icon: str
    size: Size
    template: str
    read: Read
    for_whom: Callable[[User], bool]
    takes: tuple[str, ...] = ()
    slow: bool = False
    # Its template holds figures for static/js/chart.js.
    charts: bool = False


widgets: dict[str, Widget] = {}


def everybody(user: User) -> bool:
    return True


def widget(
    code: str,
    title: str | Promise,
    *,
    icon: str,
    template: str,
    size: Size = Size.THIRD,
    for_whom: Callable[[User], bool] = everybody,
    takes: tuple[str, ...] = (),
    slow: bool = False,
    charts: bool = False,
) -> Callable[[Read], Read]:
    """Register a widget; the module is imported by its app's `ready`."""

    def register(read: Read) -> Read:
        widgets[code] = Widget(
            code, title, icon, size, template, read, for_whom, takes, slow, charts
        )
        return read

    return register


def offered(user: User) -> list[Widget]:
    """The widgets that are for the user, in the order in which they were registered."""
    return [item for item in widgets.values() if item.for_whom(user)]
