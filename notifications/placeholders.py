"""Placeholders of letter templates: `{contact}` and the like, filled in from a deal and who writes. Nothing is evaluated."""

from __future__ import annotations

import re
from decimal import Decimal

from django.conf import settings
from django.utils import translation
from django.utils.formats import number_format
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.placeholders import Occasion, Placeholder, known, placeholder
from notifications import working_hours
from pipelines import catalog, fields
from pipelines.transactions import once

__all__ = ["Occasion", "Placeholder", "fill_in", "known", "placeholder", "problems"]

# A word in braces, in any alphabet, so that {контакт} is refused rather than sent as it stands; `{ color: red }` is none.
_PLACEHOLDER = re.compile(r"\{\s*([^\W\d]\w*)\s*\}")


def problems(text: str) -> list[str]:
    """A sentence for every placeholder that does not exist."""
    unknown = dict.fromkeys(name for name in _PLACEHOLDER.findall(text) if _find(name) is None)
    names = ", ".join(f"{{{name}}}" for name in known)
    return [
        _("There is no placeholder {%(name)s}. There are: %(known)s.")
        % {"name": name, "known": names}
        for name in unknown
    ]


def fill_in(text: str, occasion: Occasion, *, html: bool = False) -> str:
    """The text with its placeholders replaced, once: what a client calls himself is never read for placeholders.

    With `html` the values are escaped. An unknown placeholder stays as it is (`problems` refuses it on saving).
    """

    def value(match: re.Match[str]) -> str:
        found = _find(match[1])
        if found is None:
            return match[0]
        said = found.read(occasion)
        # «до 4 декабря 2026 г.» at the end of a sentence has one full stop.
        if said.endswith(".") and text[match.end() : match.end() + 1] == ".":
            said = said[:-1]
        return escape(said).replace("\n", "<br>") if html else said

    # A letter speaks the company's language, whatever the language of the person who presses the button.
    with translation.override(settings.LANGUAGE_CODE):
        return _PLACEHOLDER.sub(value, text)


# `{field_meeting_at}`: any field of the deal by its code; which there are, only the deal's pipeline knows.
_FIELD = "field_"


def _find(name: str) -> Placeholder | None:
    found = known.get(name)
    if found is None and name.startswith(_FIELD):
        return Placeholder(name, "", lambda occasion: _field(occasion, name.removeprefix(_FIELD)))
    return found


def _field(occasion: Occasion, code: str) -> str:
    deal = occasion.deal
    field = catalog.pipeline(deal.pipeline_id).fields.get(code) if deal else None
    return fields.show(field, deal.get_value(code)) if field else ""


@placeholder("contact", label=gettext_lazy("the contact's name"))
def contact(occasion: Occasion) -> str:
    return str(occasion.person or "")


@placeholder("company", label=gettext_lazy("the client company's name"))
def company(occasion: Occasion) -> str:
    return str(occasion.company or "")


@placeholder("deal", label=gettext_lazy("the deal's name"))
def deal(occasion: Occasion) -> str:
    return str(occasion.deal.name) if occasion.deal else ""


@placeholder("budget", label=gettext_lazy("the deal's budget with its currency"))
def budget(occasion: Occasion) -> str:
    if occasion.deal is None:
        return ""
    amount = Decimal(occasion.deal.budget)
    places = 0 if amount == amount.to_integral_value() else 2
    return f"{number_format(amount, places, force_grouping=True)} {occasion.deal.currency}"


@placeholder("manager", label=gettext_lazy("who writes: name and surname"))
def manager(occasion: Occasion) -> str:
    return str(occasion.manager)


@placeholder("manager_phone", label=gettext_lazy("who writes: phone"))
def manager_phone(occasion: Occasion) -> str:
    return str(occasion.manager.phone)


@placeholder("manager_email", label=gettext_lazy("who writes: e-mail"))
def manager_email(occasion: Occasion) -> str:
    return str(occasion.manager.email)


@placeholder("nearest_working_time", label=gettext_lazy("when we work next, in words"))
def nearest_working_time(occasion: Occasion) -> str:
    return working_hours.in_words(working_hours.calendar_of(occasion), occasion.moment)


@placeholder("signature", label=gettext_lazy("the company's signature"))
def signature(occasion: Occasion) -> str:
    """The playbook's template `signature` (or `<playbook>-signature`); without one, the writer's name, phone and e-mail."""
    from notifications.models import Template

    own = Template.objects.active().filter(
        playbook=occasion.playbook, code__in=("signature", f"{occasion.playbook}-signature")
    )
    if (
        template := once(("signature", occasion.playbook), own.first)
    ) and "signature" not in _PLACEHOLDER.findall(template.body):
        return fill_in(template.body, occasion).strip()
    lines = [manager(occasion), manager_phone(occasion), manager_email(occasion)]
    return "\n".join([_("Kind regards,"), *filter(None, lines)])
