"""Writing from a card, of a deal or of a client alike: whom one writes to, from which templates, with which files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from crm import outgoing, records, visibility
from crm.card import feed_lines
from crm.clients import feed as client_feed
from crm.clients import fields as client_fields
from crm.files import keeping as files
from crm.models import Company, Contact, Deal, File, User
from pipelines import catalog

# Of a company with more people than this one writes from the person's own card.
PEOPLE = 50


@dataclass(frozen=True)
class Correspondence:
    """The card from which `user` writes, and the playbook whose templates he has there."""

    record: Deal | Contact | Company
    user: User
    playbook: str

    @property
    def deal(self) -> Deal | None:
        return self.record if isinstance(self.record, Deal) else None

    @property
    def named(self) -> dict[str, Any]:
        """The record as the post office names it."""
        return records.of(self.record)

    def people(self) -> list[Contact]:
        """Whom a message can go to, those with a phone or a messenger first."""
        record = self.record
        if isinstance(record, Contact):
            return [record]
        if isinstance(record, Deal):
            return [record.contact] if record.contact else []
        people = record.contacts.visible_to(self.user).prefetch_related("points")[:PEOPLE]
        return sorted(people, key=lambda person: not outgoing.letters().channels_of(person))

    def address(self) -> str:
        """The first e-mail; of a company without one that of its first contact who has one."""
        record = self.record
        if not isinstance(record, Company):
            contact = record.contact if isinstance(record, Deal) else record
            return contact.point("email") if contact else ""
        return record.point("email") or next(
            (found for person in self.people() if (found := person.point("email"))), ""
        )

    def files(self) -> QuerySet[File]:
        """What is kept on the card and can go along with a letter."""
        if isinstance(self.record, Deal):
            return files.files_of(item.pk for item in feed_lines.chain(self.record))
        return self.record.files.filter(archived_at=None)

    def templates(self) -> QuerySet[Any]:
        return outgoing.templates_for(self.playbook)

    def render(self, template: Any) -> tuple[str, str]:
        """Subject and body of a letter from the template."""
        clients = {} if self.deal else self.named
        return outgoing.letters().render(template, self.deal, self.user, **clients)


def of(record: Deal | Contact | Company, user: User) -> Correspondence:
    """Of a client: by the playbook of the deals with him, or by the first that the user sees."""
    if isinstance(record, Deal):
        return Correspondence(record, user, catalog.pipeline(record.pipeline_id).playbook)
    places = client_feed.places_of(record, user).values()
    pipelines = client_fields.pipelines_of(user, {place.pipeline_id for place in places})
    pipelines = pipelines or visibility.pipelines_of(user)
    return Correspondence(record, user, pipelines[0].playbook if pipelines else "")
