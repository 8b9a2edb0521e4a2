"""The verbs on a contact's and a company's card: a field, a way to reach them, the responsible, a note."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from crm import contacting
from crm.card.editing import Conflict, FieldsChanged, OwnerChanged, last_change, seal
from crm.clients import fields as client_fields
from crm.clients import owner as client_owner
from crm.clients.fields import Client, Fields
from crm.clients.people import (
    COMPANY_CHANGED,
    CONTACT_CHANGED,
    NAME_LIMIT,
    TAX_ID_LIMIT,
    normalize_site,
)
from crm.clients.points import normalize
from crm.deals import NOTE_WRITTEN, note_of
from crm.intake import duplicates
from crm.models import Company, Contact, ContactPoint, User
from crm.names import naming_rules
from pipelines import engine, fields
from pipelines.actor import Actor
from pipelines.catalog import CompiledField
from pipelines.errors import BadAnswer
from pipelines.models import Event
from pipelines.transactions import verb

POINT_LIMIT = 20
COLUMN_LIMITS = {"name": NAME_LIMIT, "tax_id": TAX_ID_LIMIT, "position": 200, "address": 500}


@verb
def edit_client(
    record: Client,
    answers: Mapping[str, Any],
    *,
    known: Fields,
    by: Actor,
    now: datetime,
    seen: Mapping[str, str] | None = None,
) -> dict[str, list[Any]]:
    """Set fields of a contact or a company; returns {code: [before, after]} of those that changed.

    `known` are the fields that it has, `seen` what the form was opened with (`crm.card.editing.seal`), by code. Errors:
    BadAnswer a field, FieldsChanged where a colleague has meanwhile written something else, ClientTaken for a tax
    number of somebody else's client; then nothing is saved.
    """
    if "tax_id" in answers:
        # Before the row, as whoever takes in a request: else the two could wait for each other.
        duplicates.lock(
            duplicates.Keys(tax_id=duplicates.tidy_tax_id(str(answers["tax_id"] or "")))
        )
    lock(record)
    cleaned, errors = {}, {}
    for code, raw in answers.items():
        try:
            cleaned[code] = _clean(record, known.get(code), raw)
        except ValueError as error:
            errors[code] = str(error)
    if errors:
        raise BadAnswer(errors)
    changes, conflicts = {}, []
    for code, after in cleaned.items():
        before = client_fields.value(record, known[code])
        if before == after:
            continue
        if seen and code in seen and seen[code] != seal(before):
            entry = last_change(code, verb=_changed(record), **named(record))
            conflicts.append(Conflict(code, before, answers[code], entry))
        changes[code] = [before, after]
    if conflicts:
        raise FieldsChanged(conflicts)
    if "tax_id" in changes:
        duplicates.check_edit(record, {}, by=by, tax_id=cleaned["tax_id"])
    if changes:
        _write(record, known, {code: after for code, (_before, after) in changes.items()})
        _record_change(record, {"fields": changes}, by=by, now=now)
    return changes


def _clean(record: Client, field: CompiledField | None, raw: Any) -> Any:
    """The storable value. Errors: ValueError with a sentence."""
    if field is None:
        raise ValueError(_("There is no such field here."))
    if not field.built_in:
        return fields.clean(field, raw)
    if field.code == "site":
        return normalize_site(fields.storable(str(raw or "")))
    if field.type == "yes_no":
        return bool(fields.clean(field, raw))
    text = " ".join(fields.storable(str(raw or "")).split())
    if field.code == "tax_id":
        text = "".join(text.split()).replace("-", "")
    if len(text) > (limit := COLUMN_LIMITS[field.code]):
        raise ValueError(_("At most %(limit)s characters.") % {"limit": limit})
    if field.code == "name":
        if not text:
            raise ValueError(_("A name is needed."))
        statutory = getattr(record, "name_is_statutory", False)
        if text != record.name and not statutory:
            pipeline = naming_rules.pipeline_of(record)
            kind = client_fields.kind_of(record)
            return naming_rules.corrected(kind, text, pipeline, before=record.name)
    return text


def _write(record: Client, known: Fields, values: dict[str, Any]) -> None:
    columns = {code for code in values if known[code].built_in}
    for code in columns:
        setattr(record, code, values[code])
    if own := values.keys() - columns:
        kept = dict(record.values)
        for code in own:
            key = client_fields.own_code(known[code])
            kept.pop(key, None)
            if values[code] is not None:
                kept[key] = values[code]
        record.values = kept
        columns.add("values")
    record.save(update_fields=sorted(columns))


@verb
def add_point(record: Client, *, kind: str, value: str, by: Actor, now: datetime) -> ContactPoint:
    """One more phone, e-mail or messenger; one that is there already stays one. Errors: BadAnswer, ClientTaken."""
    stored = normalize(kind, value)
    # Before the row, as whoever takes in a request: else the two could wait for each other.
    duplicates.lock(duplicates.Keys(frozenset({(kind, stored)})))
    lock(record)
    if (known := record.points.filter(kind=kind, value=stored).first()) is not None:
        return known
    if record.points.count() >= POINT_LIMIT:
        raise BadAnswer({"value": _("There are %(limit)s already.") % {"limit": POINT_LIMIT}})
    duplicates.check_edit(record, {kind: stored}, by=by)
    point: ContactPoint = record.points.create(kind=kind, value=stored)
    _record_change(record, {"fields": {kind: ["", stored]}}, by=by, now=now)
    return point


@verb
def remove_point(point: ContactPoint, *, by: Actor, now: datetime) -> None:
    """Take a phone, an e-mail or a messenger off its record; the feed keeps it."""
    record: Client = point.contact or point.company  # type: ignore[assignment]
    lock(record)
    if not record.points.filter(pk=point.pk).delete()[0]:
        return
    _record_change(record, {"fields": {point.kind: [point.value, ""]}}, by=by, now=now)


@verb
def assign_client(
    record: Client, *, owner: User, by: Actor, now: datetime, seen: int | None = None
) -> None:
    """Make another person responsible for the contact or the company; their deals stay whose they are.

    `seen` is the responsible that the form was opened with. Errors: OwnerChanged where it is another one by now.
    """
    lock(record)
    if seen is not None and record.owner_id not in (seen, owner.pk):
        given = Event.objects.filter(**named(record), verb=client_owner.CLIENT_GIVEN)
        raise OwnerChanged(record.owner, given.select_related("actor").order_by("-pk").first())
    client_owner.give(record, None, owner=owner, by=by, now=now)


@verb
def employ(contact: Contact, company: Company | None, *, by: Actor, now: datetime) -> None:
    """Say at which company the contact works, or that he works at none of those we know."""
    lock(contact)
    if contact.company_id == (company.pk if company else None):
        return
    before, contact.company = contact.company, company
    contact.save(update_fields=["company"])
    changes = {"company": [str(before or ""), str(company or "")]}
    engine.record(
        CONTACT_CHANGED,
        contact=contact,
        company=company or before,
        by=by,
        now=now,
        data={"name": contact.name, "fields": changes},
    )


@verb
def note_on_client(
    record: Client, *, text: str, by: Actor, now: datetime, mentioned: Collection[int] = ()
) -> Event:
    """Add a note to the feed of a contact or a company; as `crm.deals.write_note`. Errors: BadAnswer."""
    data = note_of(text, mentioned)
    return engine.record(NOTE_WRITTEN, **named(record), by=by, now=now, data=data)


@verb
def record_client_contact(
    record: Client, *, verb: str, by: Actor, now: datetime, **said: Any
) -> Event:
    """Put a call or a message on record outside any deal; `said` as `contacting.facts_of` takes it.

    No deal's silence or attempts are counted by it. Errors: BadAnswer.
    """
    facts = contacting.facts_of(verb, **said)
    return engine.record(verb, **named(record), by=by, now=now, data=facts)


def named(record: Client) -> dict[str, Any]:
    """The record as the verbs of the feed and of tasks name it."""
    return {client_fields.kind_of(record): record}


def lock(record: Client) -> None:
    """Lock the row and bring the instance up to date."""
    fresh = type(record)._base_manager.select_for_update(of=("self",)).get(pk=record.pk)
    for field in record._meta.concrete_fields:
        setattr(record, field.attname, getattr(fresh, field.attname))


def _changed(record: Client) -> str:
    return CONTACT_CHANGED if isinstance(record, Contact) else COMPANY_CHANGED


def _record_change(record: Client, data: dict[str, Any], *, by: Actor, now: datetime) -> None:
    engine.record(
        _changed(record), **named(record), by=by, now=now, data={"name": record.name, **data}
    )
