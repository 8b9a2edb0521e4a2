"""Who calls: by a number to the client we know, his open deals and his manager, or to a new deal (PZ-II.1a)."""

from __future__ import annotations

from dataclasses import dataclass, field

from crm.clients.points import normalize_phone
from crm.intake import duplicates
from crm.intake.duplicates import Keys
from crm.models import Contact, Deal, User

# Who calls from a switchboard of many is found in the list of contacts.
MOST = 5


@dataclass(frozen=True)
class KnownCaller:
    contact: Contact
    deals: list[Deal]


@dataclass(frozen=True)
class Caller:
    """Whom a number belongs to, as far as the user may know; of somebody else's client only the manager's name."""

    number: str
    known: list[KnownCaller] = field(default_factory=list)
    taken: User | None = None


def who_calls(user: User, text: str) -> Caller | None:
    """None for what is no whole phone number."""
    digits = "".join(filter(str.isdigit, text))
    if "@" in text or len(digits) < 10:
        return None
    try:
        number = normalize_phone(text)
    except ValueError:
        return None
    keys = Keys(frozenset({("phone", number)}))
    everybodys = duplicates.find(keys)
    found = [person.pk for person in everybodys.contacts]
    visible = Contact.objects.visible_to(user).filter(pk__in=found).select_related("owner")
    contacts = list(visible.order_by("pk")[:MOST])
    deals = (
        Deal.objects.visible_to(user)
        .open()
        .filter(contact__in=contacts)
        .select_related("stage", "owner")
        .order_by("-pk")
    )
    by_contact: dict[int, list[Deal]] = {}
    for deal in deals if contacts else []:
        by_contact.setdefault(deal.contact_id, []).append(deal)
    return Caller(
        number,
        [KnownCaller(contact, by_contact.get(contact.pk, [])) for contact in contacts],
        duplicates.taken_by(Keys(), *everybodys.records, owner=user, user=user),
    )
