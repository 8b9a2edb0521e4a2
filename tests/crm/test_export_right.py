"""Every table that leaves the interface as a file asks for the right to export, beside the right to see it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from crm import rights
from crm.models import Batch, User
from tests.factories import allow, make_deal

pytestmark = pytest.mark.django_db

NAMED = re.compile(r"xlsx|csv|export|report")
WRITES = re.compile(r"\bxlsx\.|\bcsv\.|\bwriting\.FORMS|\bexports\.answer\(")
# Pages that are called so and hand out nothing: one's own files of the week, a report of analytics.
PAGES = {"exports", "analytics_report"}
EVERY_OTHER = tuple(code for code, _words in rights.RIGHTS if code != rights.EXPORT)


def patterns(
    found: list[URLPattern | URLResolver], at: str = "/"
) -> Iterator[tuple[str, URLPattern]]:
    for item in found:
        path = f"{at}{item.pattern}"
        if isinstance(item, URLPattern):
            yield path, item
        elif not path.startswith(("/admin", "/api")):
            yield from patterns(item.url_patterns, path)


def by_address() -> dict[str, str]:
    """Addresses that are called after a file, by their names."""
    return {
        str(item.name): re.sub(r"<(?:(\w+):)?\w+>", lambda m: "7" if m[1] == "int" else "x", path)
        for path, item in patterns(get_resolver().url_patterns)
        if NAMED.search(f"{path} {item.name}") and item.name not in PAGES
    }


def test_what_writes_a_file_is_called_after_one_and_asks_for_the_right() -> None:
    views = {str(item.name): item.callback for _path, item in patterns(get_resolver().url_patterns)}
    marked = {name for name, view in views.items() if hasattr(view, "takes_out")}
    writing = {
        name
        for name, view in views.items()
        if WRITES.search(inspect.getsource(inspect.unwrap(view)))
    }
    assert marked == writing == set(by_address())
    assert {"export", "violations_xlsx", "analytics_xlsx", "batch_xlsx", "import_report"} < marked


@pytest.mark.parametrize("name", sorted(by_address()))
def test_who_may_see_but_not_export_is_told_whom_to_ask(
    name: str, alice: User, client: Client
) -> None:
    allow(alice, *EVERY_OTHER)
    client.force_login(alice)
    refused = client.get(by_address()[name])
    assert refused.status_code == 403
    assert "администратор" in refused.content.decode().casefold()
    allow(alice, rights.EXPORT)
    # Found or not, by GET or by POST: no longer refused for the right.
    assert client.get(by_address()[name]).status_code != 403


def test_without_the_right_no_page_offers_a_file(alice: User, client: Client) -> None:
    deal = make_deal(alice)
    allow(alice, *EVERY_OTHER)
    client.force_login(alice)
    typed = {"deal": f"{deal.pk}~{deal.stage_id}", "confirm": 1, "add": "партия"}
    client.post("/deals/bulk/tags/", typed)
    offered = {
        "/violations/": "/violations/xlsx/",
        "/overrides/": "/overrides/xlsx/",
        "/analytics/funnel/": "/analytics/funnel/stages-leads.xlsx",
        "/analytics/calls/": "/analytics/calls.xlsx",
        Batch.objects.get().get_absolute_url(): "/xlsx/",
        "/deals/table/": "/export/deals/",
    }
    for page, file in offered.items():
        assert file not in client.get(page).content.decode(), page
    allow(alice, rights.EXPORT)
    for page, file in offered.items():
        assert file in client.get(page).content.decode(), page
