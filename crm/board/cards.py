"""How a deal looks on the board: everything worked out here, so that the template only writes it down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Literal

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _
from markupsafe import Markup, escape

from crm import ageing, panels
from crm.ageing import Countdown, Tone
from crm.board import card_fields, reading
from crm.board.deal_columns import mark_code
from crm.board.reading import Column, Row
from crm.models import User
from crm.money.sums import SIGNS
from crm.panels import Mark
from pipelines import catalog

# By the code of the card's field, then by the deal.
Marks = Mapping[str, Mapping[int, Mark]]
TaskState = Literal["overdue", "today", "later", "none", ""]


@dataclass(slots=True)
class Face:
    """A card in words."""

    row: Row
    sum: str
    days: int
    age: Tone
    quiet: int | None
    quiet_age: Tone
    countdown: Countdown | None
    task: TaskState
    task_at: str
    marks: dict[str, Mark]


class Words:
    """The language and the zone of the moment, asked once for a page and not once for a value."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.zone: tzinfo = timezone.get_current_timezone()
        self.today = now.astimezone(self.zone).date()
        # Thousands apart by a no-break space, as Russian writes it.
        self.comma = "," if get_language() == "en" else "\u00a0"

    def money(self, amount: Decimal, currency: str) -> str:
        """«1 000,50 ₽»; kopecks only where there are any."""
        text = f"{amount:,.2f}" if amount % 1 else f"{amount:,.0f}"
        if self.comma != ",":
            text = text.replace(".", ";").replace(",", self.comma).replace(";", ",")
        return f"{text}\u00a0{SIGNS.get(currency, currency)}"

    def due(self, at: datetime) -> str:
        """The hour of a task due today, the day of any other."""
        local = at.astimezone(self.zone)
        if local.date() == self.today:
            return f"{local:%H:%M}"
        return f"{local:%d.%m}" if local.year == self.today.year else f"{local:%d.%m.%Y}"

    def days_since(self, at: datetime) -> int:
        """Whole days by the calendar, as people count them: yesterday evening is one day ago."""
        return (self.today - at.astimezone(self.zone).date()).days

    def day(self, at: datetime) -> str:
        return f"{at.astimezone(self.zone):%d.%m.%Y}"

    def countdown(self, stage_id: int, deadline: datetime) -> Countdown | None:
        """What is left of a limit shorter than a day."""
        stage = catalog.stage(stage_id)
        if stage.limit is None or stage.limit.seconds >= ageing.DAY_SECONDS:
            return None
        calendar = catalog.pipeline(stage.pipeline_id).calendar
        return ageing.countdown(stage, deadline, calendar=calendar, now=self.now)

    def task(self, at: datetime | None, *, needed: bool) -> TaskState:
        """Red: overdue; green: today; grey: later; yellow: none where there should be one."""
        if at is None:
            return "none" if needed else ""
        if at < self.now:
            return "overdue"
        return "today" if at.astimezone(self.zone).date() == self.today else "later"


def face(row: Row, words: Words, *, needs_task: bool, marks: Marks | None = None) -> Face:
    at, now = row.next_task_at, words.now
    since, deadline, contact = row.stage_since, row.stage_deadline, row.last_contact_at
    return Face(
        row=row,
        sum=words.money(row.budget, row.currency) if row.budget else "",
        days=words.days_since(row.stage_since),
        age=ageing.tone(since, deadline, now),
        quiet=words.days_since(contact) if contact else None,
        quiet_age=ageing.silence_tone(contact, since, deadline, now),
        countdown=words.countdown(row.stage_id, deadline) if deadline else None,
        task=words.task(at, needed=needs_task and row.status == "open"),
        task_at=words.due(at) if at else "",
        marks={code: table[row.id] for code, table in (marks or {}).items() if row.id in table},
    )


def render_columns(
    columns: Iterable[Column], *, user: User, query: str, currency: str, now: datetime
) -> SafeString:
    """The board's columns with their first cards."""
    words, columns = Words(now), list(columns)
    marks = _marks([row for column in columns for row in column.rows], user, now)
    shown = [
        (column, words.money(column.total.amount, currency), _faces(column, words, marks))
        for column in columns
    ]
    pipeline = catalog.pipeline(columns[0].stage.pipeline_id)
    new = f"{reverse('crm:deal_new')}?pipeline={pipeline.code}"
    context: dict[str, object] = {
        "columns": shown,
        "query": query,
        "adds": {
            column.stage.id: new if column.stage.starts else f"{new}&stage={column.stage.code}"
            for column in columns
            if reading.may_open(user, column.stage)
        },
    }
    return _render("crm/board_columns.html", context, user, pipeline.id)


def render_cards(column: Column, *, user: User, query: str, now: datetime) -> SafeString:
    """A portion of one column, and what asks for the next one."""
    words = Words(now)
    faces = _faces(column, words, _marks(column.rows, user, now))
    context = {"column": column, "faces": faces, "query": query}
    return _render("crm/cards.html", context, user, column.stage.pipeline_id)


def render_moved(
    columns: Iterable[Column], *, row: Row | None, pk: int, user: User, currency: str, now: datetime
) -> SafeString:
    """Out of band: the columns' heads anew, the deal's card gone from where it was and on top of where it is."""
    words, columns = Words(now), list(columns)
    heads = [
        (column.stage, column.total, words.money(column.total.amount, currency))
        for column in columns
    ]
    shown = None
    if row:
        needs_task = catalog.stage(row.stage_id).needs_task
        shown = face(row, words, needs_task=needs_task, marks=_marks([row], user, now))
    pipeline = _pipeline_of([row] if row else [], columns)
    context: dict[str, object] = {"heads": heads, "face": shown, "pk": pk}
    return _render("crm/board_moved.html", context, user, pipeline)


def render_changed(
    columns: Iterable[Column], *, rows: list[Row], user: User, currency: str, now: datetime
) -> SafeString:
    """The columns' heads and these cards, each with its stage, for a board that puts them in their places itself."""
    words, marks, columns = Words(now), _marks(rows, user, now), list(columns)
    heads = [
        (column.stage, column.total, words.money(column.total.amount, currency))
        for column in columns
    ]
    faces = [
        face(row, words, needs_task=catalog.stage(row.stage_id).needs_task, marks=marks)
        for row in rows
    ]
    context = {"heads": heads, "faces": faces}
    return _render("crm/board_changed.html", context, user, _pipeline_of(rows, columns))


def _faces(column: Column, words: Words, marks: Marks) -> list[Face]:
    needs_task = column.stage.needs_task
    return [face(row, words, needs_task=needs_task, marks=marks) for row in column.rows]


def _marks(rows: list[Row], user: User, now: datetime) -> Marks:
    """What other apps have to say of the deals shown, all of one pipeline; what the user has put away is not asked for."""
    if not rows:
        return {}
    pipeline = catalog.pipeline(catalog.stage(rows[0].stage_id).pipeline_id)
    shown, numbers = card_fields.shown(user, pipeline.id), [row.id for row in rows]
    return {
        code: source.marks(numbers, now=now)
        for source in panels.sources_of([pipeline])
        if (code := mark_code(source)) in shown
    }


def _pipeline_of(rows: Iterable[Row], columns: Iterable[Column]) -> int | None:
    """The pipeline that the cards and the columns of one answer are of."""
    stages = [*(row.stage_id for row in rows), *(column.stage.id for column in columns)]
    return catalog.stage(stages[0]).pipeline_id if stages else None


def _render(
    template: str, context: dict[str, object], user: User, pipeline_id: int | None
) -> SafeString:
    # One reverse for a page instead of one a card.
    base = reverse("crm:deal", args=[0]).removesuffix("0/")
    shared = {
        "deal_url": base,
        "layout": card_fields.layout(user, pipeline_id) if pipeline_id else [],
        "say": _say(),
    }
    # Without the request: nothing here needs the context processors, and they would cost queries.
    return SafeString(render_to_string(template, context | shared))


def _say() -> dict[str, Markup]:
    """The words of a card, translated and escaped once for a page."""
    next_task, overdue, today = _("Next task"), _("overdue"), _("today")
    words = {
        "move": _("Move to another stage"),
        "late": _("Days on the stage: past its limit"),
        "near": _("Days on the stage: its limit is near"),
        "never": _("never reached"),
        "left": _("Left of the stage's limit"),
        "days": _("Days on the stage"),
        "quiet": _("Days since the last communication"),
        "d": pgettext("days", "d"),
        "owner": _("Responsible"),
        "next": next_task,
        "overdue": overdue,
        "today": today,
        "later": "",
        "none": _("no task"),
    }
    return {name: escape(word) for name, word in words.items()}
