"""PZ-4.6: «Analytics» takes sales apart by pipelines and people and shows the calls, to whom it is due."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone

from crm import contacting
from crm.models import User
from pipelines.actor import Actor
from tests.clauses.pz_steps import lead

pytestmark = pytest.mark.django_db


def table(html: str, section: str) -> list[list[str]]:
    """The texts of a section's table, the heading first."""
    part = html.split(f'id="section-{section}"')[1].split("</table>")[0]
    rows = re.findall(r"<tr>(.*?)</tr>", part, re.S)
    return [
        [unescape(re.sub(r"<[^>]+>", "", cell)).strip() for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.S)]
        for row in rows
    ]  # fmt: skip


@pytest.mark.clause("PZ-4.6")
def test_analytics_is_for_whom_it_is_due(
    client: Client, pzka: None, alice: User, olga: User
) -> None:
    client.force_login(alice)
    for path in ("", "funnel/", "sales/", "calls/", "calls.xlsx", "funnel/stages-x.xlsx"):
        refused = client.get(f"/analytics/{path}")
        assert refused.status_code == 403
        assert "прав" in refused.content.decode()
    assert 'href="/analytics/"' not in client.get("/deals/").content.decode()
    client.force_login(olga)
    assert 'href="/analytics/"' in client.get("/deals/").content.decode()
    assert client.get("/analytics/").status_code == 200


@pytest.mark.clause("PZ-4.6")
def test_sales_are_taken_apart_by_pipelines_and_people_each_number_with_its_deals(
    client: Client, pzka: None, alice: User, bob: User, olga: User, charlie: User
) -> None:
    now = timezone.now()
    for number, owner in enumerate((alice, alice, bob, charlie)):
        phone, email = f"+375 29 111-22-{10 + number}", f"lead{number}@example.com"
        deal = lead(owner, name=f"Лом {number}", phone=phone, email=email, now=now)
    client.force_login(olga)
    query = f"pipeline={deal.pipeline.code}&period=today"
    page = client.get(f"/analytics/funnel/?{query}").content.decode()
    (_heading, first, *_rest) = table(page, f"stages-{deal.pipeline.code}")
    assert first[1] == "3"
    charts = [json.loads(unescape(text)) for text in re.findall(r'data-chart="([^"]+)"', page)]
    points = charts[0]["series"][0]["points"]
    assert points[0]["value"] == 3
    listed = client.get(points[0]["url"]).content.decode()
    assert {number for number in range(4) if f"Лом {number}" in listed} == {0, 1, 2}
    hers = client.get(f"/analytics/funnel/?{query}&who={alice.pk}").content.decode()
    assert table(hers, f"stages-{deal.pipeline.code}")[1][1] == "2"
    assert client.get(f"/analytics/funnel/?{query}&who={charlie.pk}").status_code == 400


@pytest.mark.clause("PZ-4.6")
def test_the_calls_are_shown_of_ones_own_people(
    client: Client, pzka: None, alice: User, bob: User, olga: User, charlie: User
) -> None:
    now = timezone.now()
    for number, owner in enumerate((alice, bob, charlie)):
        phone, email = f"+375 29 111-22-{10 + number}", f"lead{number}@example.com"
        deal = lead(owner, name=f"Лом {number}", phone=phone, email=email, now=now)
        contacting.record_contact(
            deal,
            verb=contacting.CALL_ANSWERED,
            seconds=65 + number,
            text=f"Разговор {number}",
            by=Actor.person(owner),
            now=now - timedelta(minutes=number),
        )
    client.force_login(olga)
    page = client.get("/analytics/calls/?period=last_7_days").content.decode()
    assert [f"Разговор {number}" in page for number in range(3)] == [True, True, False]
    assert ">1 минута<" in page
    of_bob = client.get(f"/analytics/calls/?period=last_7_days&who={bob.pk}").content.decode()
    assert ("Разговор 0" in of_bob, "Разговор 1" in of_bob) == (False, True)
    unanswered = client.get("/analytics/calls/?period=last_7_days&answered=0").content.decode()
    assert "Разговор" not in unanswered
