"""Whether we know a client already, by phone, e-mail or tax number, and whose he is (PZ-2.1).

Exact after normalisation. Everything here sees all records, whoever asks: what a person is told beyond his rights
is the name of the manager, and nothing else of the client.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from django.db import connection
from django.db.models import Q
from django.utils.translation import gettext as _

from crm.intake import policies
from crm.models import Company, Contact, ContactPoint, User
from crm.names import naming_rules
from pipelines.actor import Actor
from pipelines.catalog import CompiledPipeline
from pipelines.errors import MoveRefused, Refusal
from pipelines.fields import storable

Point = tuple[str, str]
# Kinds of one notation: who writes from a phone's messenger is known by the phone.
PHONES = frozenset({ContactPoint.Kind.PHONE, ContactPoint.Kind.WHATSAPP})


class ClientTaken(MoveRefused):
    """The client belongs to another manager; the sentence says to whom."""

    def __init__(self, owner: User, clause: str) -> None:
        self.owner = owner
        super().__init__([Refusal(clause, belongs_to(owner))])


def belongs_to(owner: User) -> str:
    return _("The client belongs to %(owner)s.") % {"owner": owner}


@dataclass(frozen=True)
class Keys:
    """By what a client is known: points as they are stored, and a tax number."""

    points: frozenset[Point] = frozenset()
    tax_id: str = ""

    def __bool__(self) -> bool:
        return bool(self.points or self.tax_id)

    @classmethod
    def of(cls, *records: Contact | Company | None) -> Keys:
        """The keys of stored records, together."""
        points: set[Point] = set()
        tax_id = ""
        for record in records:
            if record is not None:
                points |= {(point.kind, point.value) for point in record.points.all()}
            if isinstance(record, Company):
                tax_id = tax_id or record.tax_id
        return cls(frozenset(points), tidy_tax_id(tax_id))

    @property
    def point_condition(self) -> Q:
        found = Q(pk__in=[])
        for kind, value in self.points:
            kinds = PHONES if kind in PHONES else {kind}
            found |= Q(kind__in=kinds, value=value)
        return found


@dataclass
class Known:
    """Whom we know, oldest first."""

    contacts: list[Contact] = field(default_factory=list)
    companies: list[Company] = field(default_factory=list)

    @property
    def records(self) -> list[Contact | Company]:
        return [*self.contacts, *self.companies]

    @property
    def owner(self) -> User | None:
        """Whose client it is: of the contact, else of his company, else of the company found by its number."""
        of_contacts = [person.company for person in self.contacts if person.company]
        records: list[Contact | Company] = [*self.contacts, *of_contacts, *self.companies]
        for record in records:
            if record.owner is not None and record.owner.is_active:
                return record.owner
        return None


def tidy_tax_id(raw: str) -> str:
    """A tax number without what people put between its digits."""
    return "".join(storable(raw).split()).replace("-", "")[:20]


def find(keys: Keys) -> Known:
    """Contacts and companies that have one of the keys; two statements, none without keys."""
    if not keys:
        return Known()
    contacts: list[Contact] = []
    wanted = Q(tax_id=keys.tax_id) if keys.tax_id else Q(pk__in=[])
    if keys.points:
        points = ContactPoint.objects.filter(keys.point_condition).order_by()
        contacts = list(
            Contact.objects.filter(archived_at=None, pk__in=points.values("contact_id"))
            .select_related("owner", "company__owner")
            .order_by("pk")
        )
        wanted |= Q(pk__in=points.values("company_id"))
    companies = Company.objects.filter(wanted, archived_at=None).select_related("owner")
    return Known(contacts, list(companies.order_by("pk")))


def lock(keys: Keys, *more: str) -> None:
    """Let nobody else take up a client with one of the keys before this transaction ends.

    A lock on what may not exist yet: two requests of one new number come one after the other. In an order of their
    own, so that two who want the same keys can't wait for each other.
    """
    words = {f"{'phone' if kind in PHONES else kind}:{value}" for kind, value in keys.points}
    if keys.tax_id:
        words.add(f"tax:{keys.tax_id}")
    numbers = sorted(_number(word) for word in {*words, *more})
    with connection.cursor() as cursor:
        for number in numbers:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])


def _number(word: str) -> int:
    digest = hashlib.sha256(f"client {word}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def check_free(
    *records: Contact | Company | None,
    pipeline: CompiledPipeline | None,
    owner: User | None,
    by: Actor,
    keys: Keys | None = None,
) -> None:
    """Refuse a person who takes up, for `owner`, somebody else's client: the records, or what they are known by
    (`keys`, where it is not yet theirs). Errors: ClientTaken.

    Where no clause asks for it, and for a head of the client's manager and an administrator, everything is free.
    Until the transaction ends nobody else can take up the same client.
    """
    clause = policies.one_manager(pipeline)
    if not clause or not by.is_person:
        return
    keys = Keys.of(*records) if keys is None else keys
    lock(keys)
    if (found := taken_by(keys, *records, owner=owner, user=by.user)) is not None:
        raise ClientTaken(found, clause)


def check_edit(
    record: Contact | Company, points: dict[str, str], *, by: Actor, tax_id: str = ""
) -> None:
    """A person gives a record phones, e-mails (by kind, as stored) or a tax number. Errors: ClientTaken where one is
    new here and known of somebody else's client.
    """
    pipeline = naming_rules.pipeline_of(record) if by.is_person else None
    if not policies.one_manager(pipeline):
        return
    had = Keys.of(record)
    new = Keys(frozenset(points.items()) - had.points, tax_id if tax_id != had.tax_id else "")
    if new:
        check_free(pipeline=pipeline, owner=record.owner or by.user, by=by, keys=new)


def taken_by(
    keys: Keys, *records: Contact | Company | None, owner: User | None, user: User
) -> User | None:
    """The manager whose client it is, if he is neither `owner` nor somebody whose clients `user` sees."""
    below = user.visible_owner_ids
    if below is None:
        return None
    taken_up = [record for record in records if record is not None]
    for record in [*taken_up, *find(keys).records]:
        manager = record.owner
        if manager is None or not manager.is_active:
            continue
        if manager.pk not in below and (owner is None or manager.pk != owner.pk):
            return manager
    return None
