"""What letters and messages can say: an app registers a word in braces with a function that fills it in.

The registry stands in `crm`, so that records of `crm` and of the apps above it can speak; `notifications.placeholders`
does the filling in.

    @placeholder("invoice_number", label=gettext_lazy("the invoice's number"))
    def invoice_number(occasion: Occasion) -> str: …
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise


@dataclass(frozen=True)
class Occasion:
    """What a placeholder is filled in from. `deal` is None where one writes to a contact outside any deal."""

    deal: Any
    manager: Any
    playbook: str = ""
    # Whom it is written to; without one, the deal's contact.
    contact: Any = None
    # The company that is written to outside any deal.
    firm: Any = None
    now: datetime | None = None

    @property
    def person(self) -> Any:
        return self.contact or getattr(self.deal, "contact", None)

    @property
    def company(self) -> Any:
        found = self.firm or getattr(self.deal, "company", None)
        return found or (getattr(self.contact, "company", None) if self.deal is None else None)

    @property
    def moment(self) -> datetime:
        """When it is said."""
        return self.now or timezone.now()


@dataclass(frozen=True)
class Placeholder:
    name: str
    label: str | Promise
    read: Callable[[Occasion], str]


known: dict[str, Placeholder] = {}


def placeholder(name: str, *, label: str | Promise) -> Callable[..., Any]:
    """Register a placeholder: a function of the occasion that returns plain text."""

    def register(read: Callable[[Occasion], str]) -> Callable[[Occasion], str]:
        known[name] = Placeholder(name, label, read)
        return read

    return register
