"""The records that have a card, a feed and files, and how entries, files and pins name them."""

from __future__ import annotations

from typing import Any

from crm.models import Company, Contact, Deal, ListItem

Record = Deal | Contact | Company | ListItem


def of(record: Record) -> dict[str, Any]:
    """`{"deal": …}`, `{"contact": …}`, `{"company": …}` or `{"item": …}`."""
    return {"item" if isinstance(record, ListItem) else str(record._meta.model_name): record}
