"""Deals, contacts and companies by a text: a name, or a phone in any notation."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from crm.clients.points import normalize_phone
from crm.lookups import name_has, one_of
from crm.models import Company, Contact, ContactPoint

# A part of a phone shorter than this is in too many numbers to mean one.
PHONE_PART = 4


def mentions(text: str) -> Q:
    """Deals with the text in their name, or in their contact's or company's name, or with such a phone."""
    return name_has(text) | with_contact(text) | with_company(text)


def with_contact(text: str) -> Q:
    """Deals whose contact has the text in his name, or has such a phone."""
    return _with("contact", Contact, text)


def with_company(text: str) -> Q:
    """Deals whose company has the text in its name, or has such a phone."""
    return _with("company", Company, text)


def _with(who: str, model: Any, text: str) -> Q:
    column = f"{who}_id"
    found = Q(one_of(column, model.objects.filter(name_has(text)).values("id")))
    if points := phone_has(text):
        having = ContactPoint.objects.filter(points, **{f"{who}__isnull": False}).order_by()
        found |= Q(one_of(column, having.values(column)))
    return found


def phone_has(text: str) -> Q | None:
    """A phone in any notation, or a part of one; None for what is no phone."""
    digits = "".join(filter(str.isdigit, text))
    if len(digits) < PHONE_PART or text.strip(" +-()0123456789.\u00a0"):
        return None
    part = Q(kind=ContactPoint.Kind.PHONE, value__contains=digits)
    if len(digits) < 10:
        return part
    try:
        return Q(kind=ContactPoint.Kind.PHONE, value=normalize_phone(text))
    except ValueError:
        return part
