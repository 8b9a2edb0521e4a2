"""Who a request is from, as we store it, and what its deal is called."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from crm.clients import points
from crm.clients.people import NAME_LIMIT
from crm.intake import duplicates
from crm.models import Contact, ContactPoint, Deal
from crm.values import NAME_LIMIT as DEAL_NAME_LIMIT
from pipelines import fields
from pipelines.errors import BadAnswer

ADDRESS_LIMIT = 254
# What an address of the channel is to us; of another channel (social networks) it is a name of its own.
ADDRESSES = {
    "phone": ContactPoint.Kind.PHONE,
    "sms": ContactPoint.Kind.PHONE,
    "whatsapp": ContactPoint.Kind.WHATSAPP,
    "telegram": ContactPoint.Kind.TELEGRAM,
    "email": ContactPoint.Kind.EMAIL,
    "chat": ContactPoint.Kind.CHAT,
}


@dataclass(frozen=True)
class Sender:
    """The client as the request shows him: his points by kind, and what he calls himself."""

    points: dict[str, str]
    name: str = ""
    company: str = ""
    tax_id: str = ""
    # What a nameless contact is called.
    address: str = ""
    keys: duplicates.Keys = field(init=False)

    def __post_init__(self) -> None:
        keys = duplicates.Keys(frozenset(self.points.items()), self.tax_id)
        object.__setattr__(self, "keys", keys)


def a_sender(
    *,
    phone: str = "",
    email: str = "",
    name: str = "",
    company: str = "",
    tax_id: str = "",
    channel: str = "",
    address: str = "",
    needs: str = "",
) -> Sender:
    """The sender, all normalised. `needs` is what the caller calls the one address it can't do without.

    Errors: BadAnswer a field, all of them at once.
    """
    found: dict[str, str] = {}
    errors: dict[str, str] = {}
    kind = ADDRESSES.get(channel, ContactPoint.Kind.SOCIAL)
    for given, raw, code in (
        (needs or "phone", phone, ContactPoint.Kind.PHONE),
        (needs or "email", email, ContactPoint.Kind.EMAIL),
        ("address", address if channel else "", kind),
    ):
        if not (raw := fields.storable(raw).strip()):
            continue
        try:
            found[str(code)] = _normal(str(code), raw, channel)
        except ValueError as error:
            errors[given] = str(error)
    if channel and not address.strip():
        errors["address"] = _("Write the number or the address.")
    elif not found and not errors:
        errors[needs or "phone"] = (
            _("Write the number or the address.") if needs else _("A phone or an e-mail is needed.")
        )
    if errors:
        raise BadAnswer(errors)
    return Sender(
        points=found,
        name=_short(name, NAME_LIMIT),
        company=_short(company, NAME_LIMIT),
        tax_id=duplicates.tidy_tax_id(fields.storable(tax_id)),
        address=_short(address, NAME_LIMIT) if channel else next(iter(found.values())),
    )


def _normal(kind: str, raw: str, channel: str) -> str:
    if len(raw) > ADDRESS_LIMIT:
        raise ValueError(_("At most %(limit)s characters.") % {"limit": ADDRESS_LIMIT})
    if kind == ContactPoint.Kind.SOCIAL:
        # One may have the same number in two networks.
        return f"{channel}:{raw}"[:ADDRESS_LIMIT]
    if kind == ContactPoint.Kind.CHAT:
        return raw
    if kind == ContactPoint.Kind.TELEGRAM and raw.isdecimal():
        # A bot knows people by numbers that are no phones.
        return raw
    return points.NORMAL[kind](raw)


def _short(text: str, limit: int) -> str:
    return " ".join(fields.storable(text).split())[:limit]


def deal_name(arrival: str, contact: Contact, subject: str = "") -> str:
    """What a deal is called that came by itself, until somebody knows better."""
    if subject := _short(subject, DEAL_NAME_LIMIT):
        return subject
    called = {
        Deal.Arrival.CALL: _("Call: %(who)s"),
        Deal.Arrival.LETTER: _("Letter: %(who)s"),
    }.get(Deal.Arrival(arrival), _("Request: %(who)s"))
    return (called % {"who": contact.name})[:DEAL_NAME_LIMIT]
