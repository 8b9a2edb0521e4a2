"""What arrives by itself: a call, a site form, a message, a letter. Each finds its client and his open deal, or makes them.

Four verbs, each idempotent by the provider's own id of what arrived. One transaction does all of it, and what
concerns one number or address comes one after the other: two calls at once from a new number make one deal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from crm import contacting, deals
from crm.clients import people
from crm.intake import distribution, duplicates, policies
from crm.intake.answers import Answers, sort_out
from crm.intake.policies import Destination
from crm.intake.words import Sender, a_sender, deal_name
from crm.models import Company, Contact, ContactPoint, Deal, IntakeSource, RequestKind, User
from pipelines import engine
from pipelines.actor import SYSTEM, Actor
from pipelines.errors import BadAnswer, RegulationError
from pipelines.models import Event
from pipelines.transactions import holding

ID_LIMIT = 200


@dataclass(frozen=True)
class Arrived:
    """What came of a request: its deal (None for an outgoing call to a stranger), and whether it is a repetition."""

    deal: Deal | None
    is_repeated: bool = False
    is_new: bool = False


def call(
    number: str,
    *,
    answered: bool,
    now: datetime,
    incoming: bool = True,
    user: User | None = None,
    seconds: int | None = None,
    recording: str = "",
    name: str = "",
    text: str = "",
    outside_id: str | None = None,
    playbook: str = "",
    source: IntakeSource | None = None,
) -> Arrived:
    """A call that is over: missed, answered by `user`, or made by him. Errors: BadAnswer."""
    verb = (
        contacting.CALL_ANSWERED
        if answered
        else contacting.CALL_MISSED
        if incoming
        else contacting.CALL_UNANSWERED
    )
    sender = a_sender(phone=number, name=name, needs="number")
    return _take(
        RequestKind.CALLS,
        verbs=contacting.CALLS,
        sender=sender,
        outside_id=outside_id,
        playbook=playbook,
        source=source,
        now=now,
        arrival=Deal.Arrival.CALL,
        # Who answered has spoken with the client: the deal is his, if the client is nobody's.
        owner=user if answered and incoming else None,
        # We called somebody we know nothing of: that is no request.
        opens=incoming,
        record=lambda deal, key: contacting.record_contact(
            deal,
            verb=verb,
            incoming=incoming,
            seconds=seconds if answered else None,
            recording=recording,
            address=sender.points.get("phone", ""),
            text=text,
            outside_id=key,
            delivered=True,
            by=Actor.person(user) if user else SYSTEM,
            now=now,
        ),
    )


def form(
    *,
    now: datetime,
    name: str = "",
    phone: str = "",
    email: str = "",
    company: str = "",
    tax_id: str = "",
    text: str = "",
    values: Mapping[str, Any] | None = None,
    tags: tuple[str, ...] = (),
    outside_id: str | None = None,
    playbook: str = "",
    source: IntakeSource | None = None,
) -> Arrived:
    """A filled-in site form, with a phone or an e-mail. Values that fit no field are kept in the feed. Errors: BadAnswer."""
    sender = a_sender(phone=phone, email=email, name=name, company=company, tax_id=tax_id)
    return _take(
        RequestKind.FORMS,
        verbs=frozenset({contacting.FORM_SUBMITTED}),
        sender=sender,
        outside_id=outside_id,
        playbook=playbook,
        source=source,
        now=now,
        arrival=Deal.Arrival.FORM,
        tags=tags,
        values=values or {},
        record=lambda deal, key: contacting.record_form(
            deal, text=text, values=values or {}, source=source, outside_id=key, now=now
        ),
    )


def message(
    channel: str,
    address: str,
    text: str,
    *,
    now: datetime,
    name: str = "",
    phone: str = "",
    email: str = "",
    tags: tuple[str, ...] = (),
    outside_id: str | None = None,
    playbook: str = "",
    source: IntakeSource | None = None,
) -> Arrived:
    """A message of the client in a messenger, a chat or by SMS; `address` is who he is there. Errors: BadAnswer."""
    channel = channel.strip().lower()
    if not channel or len(channel) > contacting.CHANNEL_LIMIT:
        raise BadAnswer({"channel": _("Name the channel: telegram, whatsapp, sms, chat …")})
    sender = a_sender(phone=phone, email=email, name=name, channel=channel, address=address)
    return _take(
        RequestKind.MESSAGES,
        verbs=frozenset({contacting.MESSAGE_RECEIVED}),
        sender=sender,
        outside_id=outside_id,
        playbook=playbook,
        source=source,
        now=now,
        arrival=Deal.Arrival.FORM,
        tags=tags,
        record=lambda deal, key: contacting.record_contact(
            deal,
            verb=contacting.MESSAGE_RECEIVED,
            channel=channel,
            address=address,
            text=text,
            outside_id=key,
            by=SYSTEM,
            now=now,
        ),
    )


def letter(
    address: str,
    *,
    subject: str,
    text: str,
    now: datetime,
    name: str = "",
    outside_id: str | None = None,
    playbook: str = "",
    source: IntakeSource | None = None,
) -> Arrived:
    """A letter of the client. Errors: BadAnswer."""
    sender = a_sender(email=address, name=name, needs="address")
    return _take(
        RequestKind.LETTERS,
        verbs=frozenset({contacting.LETTER_RECEIVED}),
        sender=sender,
        outside_id=outside_id,
        playbook=playbook,
        source=source,
        now=now,
        arrival=Deal.Arrival.LETTER,
        subject=subject,
        record=lambda deal, key: contacting.record_letter(
            deal, subject=subject, text=text, address=address, outside_id=key, now=now
        ),
    )


def _take(
    kind: str,
    *,
    verbs: frozenset[str],
    sender: Sender,
    outside_id: str | None,
    playbook: str,
    source: IntakeSource | None,
    now: datetime,
    record: Callable[[Deal, str | None], Event],
    **facts: Any,
) -> Arrived:
    key = _outside_key(outside_id, source)
    try:
        with transaction.atomic():
            duplicates.lock(sender.keys, *([f"arrived {key}"] if key else []))
            if key and (found := _known_event(verbs, key)):
                return Arrived(found.deal, is_repeated=True)
            where = _destination(kind, playbook or (source.playbook if source else ""), source)
            return _bring(where, sender, record=lambda deal: record(deal, key), now=now, **facts)
    except IntegrityError:
        # The constraint on events is the last word, whatever door the other one came by.
        if key and (found := _known_event(verbs, key)):
            return Arrived(found.deal, is_repeated=True)
        raise


def _bring(
    where: Destination,
    sender: Sender,
    *,
    record: Callable[[Deal], Event],
    now: datetime,
    arrival: str,
    owner: User | None = None,
    opens: bool = True,
    tags: tuple[str, ...] = (),
    values: Mapping[str, Any] | None = None,
    subject: str = "",
) -> Arrived:
    known = duplicates.find(sender.keys)
    sorted_out = sort_out(values or {}, where)
    tags = tuple(dict.fromkeys([*where.tags, *tags]))
    if (deal := _open_deal(known, where)) is not None:
        with holding(deal):
            if deal.contact is not None:
                _add_points(deal.contact, sender.points, now=now)
            _fill_gaps(deal, sorted_out, now=now)
            deals.tag_deal(deal, add=list(tags), by=SYSTEM, now=now)
            record(deal)
        return Arrived(deal)
    if not opens:
        return Arrived(None)
    manager = known.owner or owner or _somebody(where, now=now)
    company = _company(known, sender, manager, now=now)
    contact = _contact(known, sender, manager, company, now=now)
    with override(settings.LANGUAGE_CODE):
        name = deal_name(arrival, contact, subject)
    deal = deals.open_deal(
        pipeline=where.pipeline,
        name=name,
        owner=manager,
        contact=contact,
        company=company or contact.company,
        arrival=arrival,
        answers=sorted_out.answers,
        tags=list(tags),
        by=SYSTEM,
        now=now,
    )
    record(deal)
    return Arrived(deal, is_new=True)


def _open_deal(known: duplicates.Known, where: Destination) -> Deal | None:
    """The client's latest open deal in a pipeline that takes such requests, locked."""
    found = (
        Deal.objects.open()
        .filter(contact__in=known.contacts, pipeline__in=where.pipeline_ids, archived_at=None)
        .order_by("-created_at", "-pk")
    )
    for deal in found[:3] if known.contacts else []:
        try:
            engine.lock(deal)
        except RegulationError:
            continue
        # Somebody may have closed it while we waited.
        if deal.status == "open":
            return deal
    return None


def _fill_gaps(deal: Deal, found: Answers, *, now: datetime) -> None:
    """What a second request says anew; what stands there already a form must not overwrite."""
    empty = {
        code: value
        for code, value in found.answers.items()
        if deal.get_value(code) in (None, "", [])
    }
    if empty:
        engine.change_fields(deal, empty, by=SYSTEM, now=now)


def _company(
    known: duplicates.Known, sender: Sender, owner: User, *, now: datetime
) -> Company | None:
    """The company with this tax number; a named one that we don't know yet is made."""
    if sender.tax_id:
        for company in known.companies:
            if company.tax_id == sender.tax_id:
                return company
    if not (sender.company or sender.tax_id):
        return None
    return people.create_company(
        name=sender.company or sender.tax_id, tax_id=sender.tax_id, owner=owner, by=SYSTEM, now=now
    )


def _contact(
    known: duplicates.Known, sender: Sender, owner: User, company: Company | None, *, now: datetime
) -> Contact:
    if known.contacts:
        contact = known.contacts[0]
        if contact.owner is None or not contact.owner.is_active:
            contact.owner = owner
            contact.save(update_fields=["owner"])
        _add_points(contact, sender.points, now=now)
        return contact
    contact = people.create_contact(
        # AX-N2.3: who gave no name is called as he reached us.
        name=sender.name or sender.address,
        phone=sender.points.get(ContactPoint.Kind.PHONE, ""),
        email=sender.points.get(ContactPoint.Kind.EMAIL, ""),
        company=company or next(iter(known.companies), None),
        owner=owner,
        by=SYSTEM,
        now=now,
    )
    _add_points(contact, sender.points, now=now)
    return contact


def _add_points(contact: Contact, points: dict[str, str], *, now: datetime) -> None:
    """What nobody has yet of how the client reached us; that of another record stays there."""
    new = {
        kind: value
        for kind, value in points.items()
        if not ContactPoint.objects.filter(kind=kind, value=value).exists()
    }
    if new:
        ContactPoint.objects.bulk_create(
            ContactPoint(contact=contact, kind=kind, value=value) for kind, value in new.items()
        )
        facts = {"fields": {kind: ["", value] for kind, value in new.items()}}
        engine.record(people.CONTACT_CHANGED, contact=contact, by=SYSTEM, now=now, data=facts)


def _somebody(where: Destination, *, now: datetime) -> User:
    """Whom the playbook gives a new client; a request is not lost because nobody has the role."""
    playbook = where.pipeline.playbook
    if where.role:
        try:
            return distribution.pick(where.role, playbook=playbook, now=now, way=where.way)
        except RegulationError:
            pass
    return distribution.anybody(playbook, now=now)


def _destination(kind: str, playbook: str, source: IntakeSource | None) -> Destination:
    playbook = playbook or policies.only_playbook(kind)
    found = policies.destination(kind, playbook=playbook, source=source)
    if found is None:
        raise RegulationError(
            _("The playbook does not say where such requests go: %(kind)s.")
            % {"kind": RequestKind(kind).label}
        )
    return found


def _outside_key(outside_id: str | None, source: IntakeSource | None) -> str | None:
    """The provider's number, told apart from another provider's. Errors: BadAnswer."""
    if not outside_id:
        return None
    if len(outside_id) > ID_LIMIT:
        raise BadAnswer({"id": _("At most %(limit)s characters.") % {"limit": ID_LIMIT}})
    return f"{source.code}:{outside_id}" if source else outside_id


def _known_event(verbs: frozenset[str], key: str) -> Event | None:
    return Event.objects.filter(verb__in=verbs, outside_id=key).select_related("deal").first()
