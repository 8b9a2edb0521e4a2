"""What the card asks of the app that sends letters. It stands above `crm` and provides itself when it is ready."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Protocol

from django.db.models import QuerySet

from crm.models import Company, Contact, Deal, User
from pipelines.actor import Actor


class Letters(Protocol):
    """The post office, as seen from the card; `notifications.post_office` is one."""

    @property
    def LetterError(self) -> type[Exception]: ...

    def render(
        self,
        template: Any,
        deal: Deal | None,
        user: User,
        *,
        contact: Contact | None = ...,
        company: Company | None = ...,
        now: datetime | None = ...,
    ) -> tuple[str, str]: ...

    def queue_letter(
        self,
        *,
        subject: str,
        body: str,
        by: Actor,
        now: datetime,
        deal: Deal | None = ...,
        contact: Contact | None = ...,
        company: Company | None = ...,
        to: str | None = ...,
        template: Any = ...,
        files: Iterable[Any] = ...,
    ) -> Any:
        """A letter of the deal, or of the contact or the company alone: whoever sees that sees the letter."""

    def queue_message(
        self,
        *,
        channel: str,
        text: str,
        by: Actor,
        now: datetime,
        deal: Deal | None = ...,
        contact: Contact | None = ...,
        to: str | None = ...,
        template: Any = ...,
    ) -> Any:
        """An SMS or a chat message of the deal, or of the contact alone."""

    def channels_of(self, contact: Contact | None) -> list[tuple[str, str, str]]:
        """(channel, its name, the address) of every channel by which the contact can be reached."""

    def sms_length(self, text: str) -> Any:
        """`signs`, `parts` and `room` of the text as an SMS."""

    def render_text(
        self,
        template: Any,
        deal: Deal | None,
        user: User,
        *,
        contact: Contact | None = ...,
        now: datetime | None = ...,
    ) -> str:
        """The text of a message's template, filled in."""

    def message_templates(self, channel: str) -> QuerySet[Any]:
        """The active templates of the channel's kind."""

    def queue_system_letter(
        self,
        *,
        to: str,
        subject: str,
        body: str,
        now: datetime,
        secret: bool = ...,
        dedupe_key: str | None = ...,
    ) -> Any:
        """A letter of the system to one of its users; the text of a secret one is shown to nobody."""

    def retry_message(self, message: Any, *, by: Actor, now: datetime) -> Any: ...

    def to_text(self, html: str) -> str:
        """An HTML body as plain text, for the composer."""

    def deliver_all(self, now: datetime) -> int:
        """Send what is due now; returns how many letters that was."""

    def templates(self) -> QuerySet[Any]:
        """The active letter templates."""

    def messages(self) -> QuerySet[Any]:
        """The letters and messages of deals and contacts; a page asks for those `visible_to` its user."""


_provided: list[Letters] = []


def provide(office: Letters) -> None:
    """Called once by the app that sends letters."""
    _provided[:] = [office]


def letters() -> Letters:
    """The post office. Errors: IndexError where no app provides one."""
    return _provided[0]


def templates_for(playbook: str) -> QuerySet[Any]:
    """The active letter templates of a playbook and those of none, but for signatures, which are parts of letters."""
    found = letters().templates().filter(playbook__in=["", playbook])
    return found.exclude(code__endswith="signature").order_by("name")


def message_templates_for(channel: str, playbook: str) -> QuerySet[Any]:
    """The active templates of the channel's kind, of a playbook and of none."""
    found = letters().message_templates(channel)
    return found.filter(playbook__in=["", playbook]).order_by("name")


def messages_by_id(ids: list[int]) -> dict[int, Any]:
    """The letters with these ids and their files, in two queries; none without ids."""
    return letters().messages().prefetch_related("files").in_bulk(ids) if ids else {}


def messages_of(deals: list[int]) -> QuerySet[Any]:
    return letters().messages().filter(deal__in=deals)


def unsent(deal: Deal) -> int:
    """How many letters and messages of the deal have failed."""
    return messages_of([deal.pk]).filter(status="failed").count()
