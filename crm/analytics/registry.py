"""The reports there are, in their order; an app above adds its own when it is ready (`AppConfig.ready`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from crm.analytics.asking import Question
from crm.analytics.shapes import Section, Text

Sections = Callable[[Question], list[Section]]


@dataclass(frozen=True)
class Report:
    """A page of analytics. `asks` are the parts of the filter that it answers to, beside the people.

    `more` is the label and the view of a page that belongs to it, `empty` what to do where nothing is found.
    """

    code: str
    title: Text
    about: Text
    icon: str
    sections: Sections
    asks: frozenset[str]
    position: int
    more: tuple[Text, str] | None = None
    empty: Text = ""


_reports: dict[str, Report] = {}
PIPELINE, PERIOD, ARRIVAL, TAG, COHORT = "pipeline", "period", "arrival", "tag", "cohort"


def report(
    code: str,
    *,
    title: Text,
    about: Text,
    icon: str,
    position: int,
    asks: tuple[str, ...] = (PIPELINE, PERIOD, ARRIVAL, TAG),
    more: tuple[Text, str] | None = None,
    empty: Text = "",
) -> Callable[[Sections], Sections]:
    """Registers the function that answers the report's question."""

    def add(sections: Sections) -> Sections:
        _reports[code] = Report(
            code, title, about, icon, sections, frozenset(asks), position, more, empty
        )
        return sections

    return add


def reports() -> list[Report]:
    return sorted(_reports.values(), key=lambda found: found.position)


def find(code: str) -> Report | None:
    return _reports.get(code)
