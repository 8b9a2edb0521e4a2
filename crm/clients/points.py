"""How to reach a contact or a company: phones, e-mails and messengers, written one way."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from crm.models import Company, Contact, ContactPoint
from pipelines import fields
from pipelines.errors import BadAnswer

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


@lru_cache(maxsize=4096)
def phone_words(value: str) -> str:
    """Phones as people read them, «+375 29 111-22-33»; several stand with commas, and what is no phone stays as it is."""
    return ", ".join(map(_phone_words, value.split(", ")))


def _phone_words(value: str) -> str:
    try:
        number = phonenumbers.parse(value)
    except phonenumbers.NumberParseException:
        return value
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def normalize_email(raw: str) -> str:
    """An e-mail address in lower case. Errors: ValueError."""
    text = raw.strip().lower()
    try:
        validate_email(text)
    except ValidationError as error:
        raise ValueError(_("“%(raw)s” is not an e-mail address.") % {"raw": raw[:60]}) from error
    return text


def normalize_telegram(raw: str) -> str:
    """A name as @name, a phone as E.164; links to t.me are understood. Errors: ValueError."""
    text = re.sub(r"^(https?://)?(t\.me|telegram\.me)/", "@", raw.strip())
    if re.fullmatch(r"@?[A-Za-z]\w{3,31}", text, re.ASCII):
        return "@" + text.removeprefix("@")
    try:
        return normalize_phone(text)
    except ValueError:
        raise ValueError(
            _("“%(raw)s” is neither a Telegram name nor a phone.") % {"raw": raw[:40]}
        ) from None


NORMAL: dict[str, Callable[[str], str]] = {
    ContactPoint.Kind.PHONE: normalize_phone,
    ContactPoint.Kind.EMAIL: normalize_email,
    ContactPoint.Kind.TELEGRAM: normalize_telegram,
    ContactPoint.Kind.WHATSAPP: normalize_phone,
}


def normalize(kind: str, raw: str) -> str:
    """What was typed as the kind of point is stored. Errors: BadAnswer at `value`."""
    raw = fields.storable(raw)
    if kind not in NORMAL:
        raise BadAnswer({"kind": _("Choose what it is from the list.")})
    if not raw.strip():
        raise BadAnswer({"value": _("Write the number or the address.")})
    try:
        return NORMAL[kind](raw)
    except ValueError as error:
        raise BadAnswer({"value": str(error)}) from error


def change_first(record: Contact | Company, points: dict[str, str]) -> dict[str, list[str]]:
    """Put these in the place of the record's first phone and e-mail; {kind: [before, after]} of what changed."""
    changes = {}
    for kind in (ContactPoint.Kind.PHONE, ContactPoint.Kind.EMAIL):
        before, after = record.point(kind), points.get(kind, "")
        if before != after:
            changes[kind.value] = [before, after]
            record.points.filter(kind=kind, value=before).delete()
            if after:
                record.points.get_or_create(kind=kind, value=after)
    return changes


def typed_points(*, phone: str, email: str) -> dict[str, str]:
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
