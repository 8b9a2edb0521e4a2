"""The way from the card up to the letters: `notifications` stands above `crm`, so it is reached by name."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.apps import apps
from django.db.models import QuerySet

from crm.models import Deal


def letters() -> Any:
    """The module `notifications.letters`: `render`, `queue_letter`, `retry_message`, `LetterError`."""
    return import_module("notifications.letters")


def templates_for(playbook: str) -> QuerySet[Any]:
    """The active letter templates of a playbook and those of none, but for signatures, which are parts of letters."""
    found = apps.get_model("notifications.Template").objects.active().filter(kind="email")
    return (
        found.filter(playbook__in=["", playbook])
        .exclude(code__endswith="signature")
        .order_by("name")
    )


def messages_by_id(ids: list[int]) -> dict[int, Any]:
    """The letters with these ids and their files, in two queries; none without ids."""
    if not ids:
        return {}
    return apps.get_model("notifications.Message").objects.prefetch_related("files").in_bulk(ids)


def messages_of(deals: list[int]) -> QuerySet[Any]:
    return apps.get_model("notifications.Message").objects.filter(deal__in=deals)


def unsent(deal: Deal) -> int:
    """How many letters of the deal have failed."""
    return messages_of([deal.pk]).filter(status="failed").count()
