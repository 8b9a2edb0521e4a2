"""One line of the feed: what the sentences fill in and the template draws."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.template.defaultfilters import linebreaksbr, urlize
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from pipelines.catalog import CompiledPipeline
from pipelines.models import Event


@dataclass(frozen=True)
class Change:
    """One thing before and after, in words."""

    label: str
    before: str
    after: str


@dataclass
class Line:
    """One entry of the feed for people. `tone` is a colour of the theme; `verb` lets the template choose a form."""

    event: Event
    title: str
    icon: str = "point"
    tone: str = "secondary"
    who: str = ""
    clause: str = ""
    text: str = ""
    note: str = ""
    changes: list[Change] = field(default_factory=list)
    link: str = ""
    message: Any = None
    from_sale: bool = False
    is_evidence: bool = False
    # A thing a person said or wrote stands out; what the system did is a line.
    spoken: bool = False
    # Somebody said or wrote something in it: it can be pinned.
    carries_words: bool = False

    @property
    def html(self) -> SafeString:
        """The text with its line breaks and links and the colleagues named in it, escaped."""
        written = linebreaksbr(urlize(self.text))
        for item in self.event.data.get("mentions", ()):
            name = format_html("@{}", item["name"])
            # Both are escaped already.
            written = mark_safe(  # noqa: S308
                written.replace(name, f'<span class="feed-mention">{name}</span>')
            )
        return written


# What puts an event's data, of the pipeline of its deal, into words on its line.
Sentence = Callable[[Line, dict[str, Any], CompiledPipeline | None], None]


def moment(raw: Any) -> str:
    """An ISO moment as people write it; any other text as it is."""
    try:
        found: datetime | None = parse_datetime(str(raw)) if raw else None
    except ValueError:
        found = None
    if found is None:
        return str(raw or "")
    return date_format(
        timezone.localtime(found) if timezone.is_aware(found) else found, "SHORT_DATETIME_FORMAT"
    )
