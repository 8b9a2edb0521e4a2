"""Addresses of lists, for links from other pages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse


def address(view_name: str, **params: Any) -> str:
    """«/deals/table/?stage=new&stage=taken&created=this_week»: lists are repeated, what is empty is left out.

    A field of the regulation has a dash in its name: `address("crm:table", **{"f-source": ["site"]})`.
    """
    pairs = [
        (name, _plain(value))
        for name, given in params.items()
        for value in (
            [given] if isinstance(given, str) or not isinstance(given, Iterable) else given
        )
        if value not in (None, "")
    ]
    url = reverse(view_name)
    return f"{url}?{urlencode(pairs)}" if pairs else url


def _plain(value: Any) -> str:
    """A period as its code, a record as its number."""
    return str(getattr(value, "code", getattr(value, "pk", value)))
