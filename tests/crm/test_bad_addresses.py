"""Addresses written by hand and settings that make no sense: every page answers, none breaks, none shows a stranger's."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from crm.models import Preference, User
from tests.factories import make_deal

pytestmark = pytest.mark.django_db

NASTY = (
    "nonsense", "\x00", "я" * 10_000, "9" * 40, "-1", "🦊", "9999-12-31..9999-12-31", "0001-01-01..0001-01-01",
    "2026-05-01..2026-01-01", "9999-99-99", "NaN", "1e400", "²", "~~1", "0001-01", "9999-12", "9999-12-31T23:59~1",
)  # fmt: skip
NAMES = (
    "after", "arrival", "before", "budget_from", "by", "code", "closed", "company", "contact", "created", "created_from",
    "created_to", "date", "day", "days", "deals", "due", "end", "entered", "f-platform", "f-score_from", "from", "ids", "into", "kind", "month",
    "next_task", "number", "order", "owner", "page", "people", "period", "person", "pipeline", "q", "query", "role", "rows", "saved", "scope",
    "sheet", "since", "size", "sort", "stage", "stage_since", "start", "state", "status", "step", "tag", "task", "team", "temperature", "to",
    "topics", "type", "updated", "view", "who",
)  # fmt: skip
# Streams that do not end, and what signs people out.
NOT_ASKED = ("crm:live", "crm:logout")
GIVEN = {"playbook": "axelerator", "kind": "contact", "record": "contact", "report": "funnel"}


def pages(patterns: list[URLPattern | URLResolver], at: str = "/") -> Iterator[str]:
    """Every address of the pages, with «int» where a number belongs."""
    for item in patterns:
        path = f"{at}{item.pattern}"
        if isinstance(item, URLResolver):
            if not path.startswith("/admin"):
                yield from pages(item.url_patterns, path)
        elif f"crm:{item.name}" not in NOT_ASKED:
            yield re.sub(r"<(?:(\w+):)?(\w+)>", _example, path)


def _example(match: re.Match[str]) -> str:
    return "{number}" if match[1] == "int" else GIVEN.get(match[2], "x")


def test_no_address_breaks_a_page_or_opens_a_strangers(
    alice: User, charlie: User, client: Client
) -> None:
    secret = make_deal(alice, name="Чужая тайна", contact_name="Чужой Контакт")
    make_deal(charlie, name="Своя")
    client.force_login(charlie)
    client.raise_request_exception = False
    asked = []
    for number, path in enumerate(pages(get_resolver().url_patterns)):
        # Each page gets some of the values, each value many pages: all by all would take hours.
        nasty = {name: NASTY[(number + at) % len(NASTY)] for at, name in enumerate(NAMES)}
        asked.append((path.format(number=(secret.pk, 10**20)[number % 2]), nasty))
    broken, leaking = [], []
    for path, nasty in asked:
        answer = client.get(path, nasty)
        if answer.status_code >= 500:
            broken.append((path, nasty))
        elif not answer.streaming and "Чуж" in answer.content.decode(errors="replace"):
            leaking.append(path)
    assert len(asked) > 150
    assert (broken, leaking) == ([], [])


RUBBISH = (
    5, True, "x", [], {}, [None, 5, [], {}, "x"], {"x": {"y": []}},
    [{"code": "overdue", "size": [], "period": {}, "pipeline": []}], {"mention": {"bell": "x"}, "contact": {"name": []}},
)  # fmt: skip
KEPT = (
    "desktop", "columns.deals.leads", "columns.deals.all", "columns.tasks.all", "columns.lists.contact", "columns.card.leads",
    "deals.filter", "import.mapping", "lists.last", "notices", "pipeline", "side", "sound", "tasks.remind", "theme",
)  # fmt: skip
OPENED = (
    "/desktop/", "/deals/", "/deals/table/", "/tasks/", "/contacts/", "/lists/", "/profile/", "/notices/", "/import/new/",
)  # fmt: skip


@pytest.mark.parametrize("turn", range(3))
def test_settings_that_make_no_sense_are_passed_over(olga: User, client: Client, turn: int) -> None:
    Preference.objects.bulk_create(
        Preference(user=olga, key=key, value=RUBBISH[(at + 3 * turn) % len(RUBBISH)])
        for at, key in enumerate(KEPT)
    )
    client.force_login(olga)
    for path in OPENED:
        assert client.get(path, follow=True).status_code == 200, path


@pytest.mark.parametrize(
    ("path", "status"),
    [("/analytics/calls.xlsx?period=nonsense", 404), ("/goals/?month=9999-12", 200), ("/goals/?month=0001-01", 200)],
)  # fmt: skip
def test_a_period_at_the_end_of_the_calendar_or_none_is_answered(
    olga: User, client: Client, path: str, status: int
) -> None:
    client.force_login(olga)
    assert client.get(path).status_code == status


@pytest.mark.parametrize("where", ["nonsense", "", "//evil.example/", "https://evil.example/", "/\\evil.example"])  # fmt: skip
def test_a_form_that_names_no_page_of_ours_leads_home(client: Client, where: str) -> None:
    assert client.post("/language/", {"language": "ru", "next": where})["Location"] == "/"


@pytest.mark.parametrize(
    "path", ["crm/team/1/change/?_to_field=", "crm/intakerule/?playbook__gte=%00"]
)
def test_addresses_on_which_djangos_administration_would_break_are_refused(
    administrator: User, client: Client, path: str
) -> None:
    client.force_login(administrator)
    assert client.get(f"/admin/{path}").status_code == 400
