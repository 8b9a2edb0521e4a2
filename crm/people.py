"""Contacts and companies: making them, finding them, and writing their phones and e-mails one way."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.models import Company, Contact, ContactPoint, User
from pipelines import engine, fields, registry
from pipelines.actor import Actor
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
# Where a number has no country code it is read as a Russian or Belarusian one, in this order.
REGIONS = ("RU", "BY")


def normalize_phone(raw: str) -> str:
    """A phone in any usual notation as E.164. Errors: ValueError."""
    text = raw.strip()
    digits = "".join(filter(str.isdigit, text))
    # 8 029 … is how Belarus dials itself; 8 9xx … is Russia's trunk prefix, which the library knows.
    if digits.startswith("80") and len(digits) == 11:
        text = f"+375{digits[2:]}"
    for region in REGIONS:
        try:
            number = phonenumbers.parse(text, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_possible_number(number):
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    raise ValueError(_("“%(raw)s” is not a phone number.") % {"raw": raw[:40]})


def normalize_email(raw: str) -> str:
    """An e-mail address in lower case. Errors: ValueError."""
    text = raw.strip().lower()
    try:
        validate_email(text)
    except ValidationError as error:
        raise ValueError(_("“%(raw)s” is not an e-mail address.") % {"raw": raw[:60]}) from error
    return text


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
) -> Contact:
    """Make a contact; a nameless one is «Без имени» (AX-N2.3). Errors: BadAnswer a field."""
    points = _points(phone=phone, email=email)
    contact = Contact.objects.create(
        name=_checked_name(name) or "Без имени", owner=owner, company=company, created_at=now
    )
    ContactPoint.objects.bulk_create(
        ContactPoint(contact=contact, kind=kind, value=value) for kind, value in points.items()
    )
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
) -> Company:
    """Make a company. Errors: BadAnswer a field."""
    checked = _checked_name(name)
    if not checked:
        raise BadAnswer({"company": _("A company needs a name.")})
    points = _points(phone=phone, email=email)
    company = Company.objects.create(
        name=checked, owner=owner, tax_id=fields.storable(tax_id).strip()[:20], created_at=now
    )
    ContactPoint.objects.bulk_create(
        ContactPoint(company=company, kind=kind, value=value) for kind, value in points.items()
    )
    engine.record(COMPANY_CREATED, company=company, by=by, now=now, data={"name": company.name})
    return company


@verb
def edit_contact(
    contact: Contact, *, name: str, phone: str, email: str, by: Actor, now: datetime
) -> dict[str, Any]:
    """Change a contact's name and its first phone and e-mail; returns {field: [before, after]}. Errors: BadAnswer."""
    checked = _checked_name(name) or contact.name
    points = _points(phone=phone, email=email)
    changes: dict[str, Any] = {}
    if checked != contact.name:
        changes["name"] = [contact.name, checked]
        contact.name = checked
        contact.save(update_fields=["name"])
    for kind in (ContactPoint.Kind.PHONE, ContactPoint.Kind.EMAIL):
        before, after = contact.point(kind), points.get(kind, "")
        if before != after:
            changes[kind.value] = [before, after]
            contact.points.filter(kind=kind, value=before).delete()
            if after:
                ContactPoint.objects.get_or_create(contact=contact, kind=kind, value=after)
    if changes:
        engine.record(CONTACT_CHANGED, contact=contact, by=by, now=now, data={"fields": changes})
    return changes


def _points(*, phone: str, email: str) -> dict[str, str]:
    found, errors = {}, {}
    for kind, raw, normalize in (
        ("phone", phone, normalize_phone),
        ("email", email, normalize_email),
    ):
        if raw.strip():
            try:
                found[kind] = normalize(raw)
            except ValueError as error:
                errors[kind] = str(error)
    if errors:
        raise BadAnswer(errors)
    return found


def _checked_name(name: str) -> str:
    name = " ".join(fields.storable(name).split())
    if len(name) > NAME_LIMIT:
        raise BadAnswer(
            {"contact_name": _("At most %(limit)s characters.") % {"limit": NAME_LIMIT}}
        )
    return name
