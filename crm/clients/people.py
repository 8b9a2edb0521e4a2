"""Contacts and companies: making them, and changing them as a whole; one field at a time changes in `clients`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from crm.clients.points import change_first, typed_points
from crm.intake import duplicates
from crm.intake.duplicates import Point
from crm.models import Company, Contact, ContactPoint, User
from pipelines import engine, fields, registry, writes
from pipelines.actor import Actor
from pipelines.catalog import CompiledPipeline
from pipelines.errors import BadAnswer
from pipelines.transactions import verb

CONTACT_CREATED = registry.event(
    "contact.created", label=gettext_lazy("contact created"), icon="user-plus"
)
CONTACT_CHANGED = registry.event(
    "contact.changed", label=gettext_lazy("contact changed"), icon="user-edit"
)
COMPANY_CREATED = registry.event(
    "company.created", label=gettext_lazy("company created"), icon="building"
)
COMPANY_CHANGED = registry.event(
    "company.changed", label=gettext_lazy("company changed"), icon="building"
)

NAME_LIMIT = 300
TAX_ID_LIMIT = 20
SITE_LIMIT = 200


def normalize_site(raw: str) -> str:
    """An address of the web with its scheme. Errors: ValueError."""
    text = raw.strip()
    if text and "://" not in text:
        text = f"https://{text}"
    try:
        if text:
            URLValidator(schemes=["http", "https"])(text)
    except ValidationError as error:
        raise ValueError(_("“%(raw)s” is not a site's address.") % {"raw": raw[:60]}) from error
    if len(text) > SITE_LIMIT:
        raise ValueError(_("At most %(limit)s characters.") % {"limit": SITE_LIMIT})
    return text


def no_name() -> str:
    """What a contact without a name is called: data that everybody reads, so in the installation's language (AX-N2.3)."""
    with override(settings.LANGUAGE_CODE):
        return _("No name")


@verb
def create_contact(
    *,
    name: str,
    by: Actor,
    now: datetime,
    owner: User | None,
    phone: str = "",
    email: str = "",
    company: Company | None = None,
    pipeline: CompiledPipeline | None = None,
    points: Iterable[Point] = (),
    columns: Mapping[str, Any] | None = None,
) -> Contact:
    """Make a contact; a nameless one gets the words of `no_name`.

    `pipeline` says whose rules about clients hold, where no deal with the contact follows that is asked about them.
    `points` and `columns` (`position`, `values`) are more of it as it is stored, cleaned by the caller.
    Errors: BadAnswer a field, ClientTaken.
    """
    known = _all_points(phone, email, points)
    _check_free(known, "", pipeline=pipeline, owner=owner, by=by)
    contact = Contact(
        name=_checked_name(name) or no_name(),
        owner=owner,
        company=company,
        created_at=now,
        **(columns or {}),
    )
    writes.insert(contact)
    for kind, value in known:
        writes.insert(ContactPoint(contact=contact, kind=kind, value=value))
    engine.record(
        CONTACT_CREATED,
        contact=contact,
        company=company,
        by=by,
        now=now,
        data={"name": contact.name},
    )
    return contact


@verb
def create_company(
    *,
    name: str,
    by: Actor,
    now: datetime,
    owner: User | None,
    phone: str = "",
    email: str = "",
    tax_id: str = "",
    pipeline: CompiledPipeline | None = None,
    points: Iterable[Point] = (),
    columns: Mapping[str, Any] | None = None,
) -> Company:
    """Make a company; `pipeline`, `points` and `columns` as for a contact. Errors: BadAnswer a field, ClientTaken."""
    checked = _checked_name(name)
    if not checked:
        raise BadAnswer({"company": _("A company needs a name.")})
    known = _all_points(phone, email, points)
    tax_id = duplicates.tidy_tax_id(tax_id)
    _check_free(known, tax_id, pipeline=pipeline, owner=owner, by=by)
    company = Company(name=checked, owner=owner, tax_id=tax_id, created_at=now, **(columns or {}))
    writes.insert(company)
    for kind, value in known:
        writes.insert(ContactPoint(company=company, kind=kind, value=value))
    engine.record(COMPANY_CREATED, company=company, by=by, now=now, data={"name": company.name})
    return company


@verb
def edit_contact(
    contact: Contact, *, name: str, phone: str, email: str, by: Actor, now: datetime
) -> dict[str, Any]:
    """Change a contact's name and its first phone and e-mail; returns {field: [before, after]}. Errors: BadAnswer."""
    checked = _checked_name(name) or contact.name
    points = typed_points(phone=phone, email=email)
    duplicates.check_edit(contact, points, by=by)
    changes: dict[str, Any] = {}
    if checked != contact.name:
        changes["name"] = [contact.name, checked]
        contact.name = checked
        contact.save(update_fields=["name"])
    changes |= change_first(contact, points)
    if changes:
        engine.record(CONTACT_CHANGED, contact=contact, by=by, now=now, data={"fields": changes})
    return changes


@verb
def rename(record: Contact | Company, *, name: str, by: Actor, now: datetime) -> None:
    """Change the name alone. Errors: BadAnswer."""
    checked = _checked_name(name)
    if not checked or checked == record.name:
        return
    changes = {"name": [record.name, checked]}
    record.name = checked
    record.save(update_fields=["name"])
    if isinstance(record, Contact):
        engine.record(CONTACT_CHANGED, contact=record, by=by, now=now, data={"fields": changes})
    else:
        engine.record(COMPANY_CHANGED, company=record, by=by, now=now, data={"fields": changes})


@verb
def edit_company(
    company: Company,
    *,
    name: str,
    tax_id: str,
    site: str,
    phone: str,
    email: str,
    name_is_statutory: bool,
    by: Actor,
    now: datetime,
) -> dict[str, Any]:
    """Change a company, its first phone and e-mail; returns {field: [before, after]}. Errors: BadAnswer a field."""
    after: dict[str, Any] = {
        "name": _checked_name(name),
        "tax_id": "".join(fields.storable(tax_id).split()),
        "name_is_statutory": name_is_statutory,
    }
    errors, points = {}, {}
    if not after["name"]:
        errors["company"] = _("A company needs a name.")
    if len(after["tax_id"]) > TAX_ID_LIMIT:
        errors["tax_id"] = _("At most %(limit)s characters.") % {"limit": TAX_ID_LIMIT}
    try:
        after["site"] = normalize_site(fields.storable(site))
    except ValueError as error:
        errors["site"] = str(error)
    try:
        points = typed_points(phone=phone, email=email)
    except BadAnswer as error:
        errors |= error.errors
    if errors:
        raise BadAnswer(errors)
    after["tax_id"] = duplicates.tidy_tax_id(after["tax_id"])
    duplicates.check_edit(company, points, by=by, tax_id=after["tax_id"])
    changes = {
        column: [getattr(company, column), value]
        for column, value in after.items()
        if getattr(company, column) != value
    }
    if changes:
        for column in changes:
            setattr(company, column, after[column])
        company.save(update_fields=list(changes))
    changes |= change_first(company, points)
    if changes:
        engine.record(COMPANY_CHANGED, company=company, by=by, now=now, data={"fields": changes})
    return changes


def _all_points(phone: str, email: str, more: Iterable[Point]) -> list[Point]:
    """Each once, the typed ones first."""
    return list(dict.fromkeys([*typed_points(phone=phone, email=email).items(), *more]))


def _check_free(
    points: Iterable[Point],
    tax_id: str,
    *,
    pipeline: CompiledPipeline | None,
    owner: User | None,
    by: Actor,
) -> None:
    keys = duplicates.Keys(frozenset(points), tax_id)
    duplicates.check_free(pipeline=pipeline, owner=owner, by=by, keys=keys)


def _checked_name(name: str) -> str:
    name = " ".join(fields.storable(name).split())
    if len(name) > NAME_LIMIT:
        raise BadAnswer(
            {"contact_name": _("At most %(limit)s characters.") % {"limit": NAME_LIMIT}}
        )
    return name
