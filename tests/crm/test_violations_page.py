"""The register of violations: who sees, explains and excuses what; its filters, totals and export."""

from __future__ import annotations

import zipfile
from datetime import timedelta
from io import BytesIO
from typing import Any
from xml.etree import ElementTree

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.html import escape

from crm import deals, rights
from crm.models import Deal, User
from crm.registers import violations
from crm.shown.violation_panel import marks
from pipelines.actor import SYSTEM, Actor
from pipelines.errors import RegulationError
from pipelines.models import Clause, Event, Violation
from pipelines.violations import record
from tests.factories import allow, make_deal
from tests.pipelines.lab import Lab

pytestmark = pytest.mark.django_db


@pytest.fixture
def deal(alice: User, olga: User) -> Deal:
    return make_deal(alice, name="Внедрение для «Ромашки»", now=timezone.now())


@pytest.fixture
def lab(axelerator: None) -> Lab:
    return Lab()


def breach(deal: Deal, culprit: User, **kwargs: Any) -> Violation:
    number = Violation.objects.count()
    found = record(
        deal,
        **{
            "clause": "AX-2.1",
            "culprit": culprit,
            "occasion": f"test:{number}",
            "text": "Не перезвонили за полчаса",
            "by": SYSTEM,
            "now": timezone.now(),
        }
        | kwargs,
    )
    assert found is not None
    return found


def read(client: Client, user: User, query: str = "") -> str:
    client.force_login(user)
    answer = client.get(f"/violations/{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def sheet(content: bytes) -> list[list[str]]:
    """The texts of the sheet's cells; a formula among them is an error."""
    with zipfile.ZipFile(BytesIO(content)) as book:
        root = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))  # noqa: S314 (our own)
    space = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    assert not list(root.iter(f"{space}f"))
    return [
        ["".join(cell.itertext()) for cell in row.iter(f"{space}c")]
        for row in root.iter(f"{space}row")
    ]


def test_the_culprit_sees_his_own_a_head_those_of_her_people_a_stranger_none(
    client: Client,
    deal: Deal,
    alice: User,
    bob: User,
    olga: User,
    charlie: User,
    administrator: User,
) -> None:
    breach(deal, alice)
    for reader in (alice, olga, administrator):
        assert "Не перезвонили за полчаса" in read(client, reader)
    for reader in (bob, charlie):
        assert "Не перезвонили за полчаса" not in read(client, reader)


def test_the_side_panel_counts_ones_own_that_wait_for_an_explanation(
    client: Client, deal: Deal, alice: User, olga: User
) -> None:
    found = breach(deal, alice)
    assert 'bg-red text-red-fg ms-2" title="' in read(client, alice)
    assert 'bg-red text-red-fg ms-2" title="' not in read(client, olga)
    violations.explain(found, text="Был на встрече", by=Actor.person(alice), now=timezone.now())
    assert 'bg-red text-red-fg ms-2" title="' not in read(client, alice)


def test_the_culprit_explains_and_her_head_excuses(
    client: Client, deal: Deal, alice: User, olga: User
) -> None:
    found = breach(deal, alice)
    client.force_login(alice)
    address = f"/violations/{found.pk}/explain/"
    assert "<textarea" in client.get(address).content.decode()
    assert client.post(address, {"explanation": " "}).status_code == 422
    assert client.post(address, {"explanation": "Был на встрече"}).status_code == 302
    client.force_login(olga)
    assert "Был на встрече" in client.get("/violations/").content.decode()
    address = f"/violations/{found.pk}/excuse/"
    # One judges with what was said before one's eyes.
    assert "Был на встрече" in client.get(address).content.decode()
    assert client.post(address, {"excuse": ""}).status_code == 422
    answer = client.post(address, {"excuse": "Встреча была"}, headers={"HX-Request": "true"})
    assert answer.status_code == 204
    assert "deal:changed" in answer["HX-Trigger"]
    found.refresh_from_db()
    assert (found.state, found.excused_by, found.explanation) == (
        "excused",
        olga,
        "Был на встрече",
    )
    feed = list(Event.objects.filter(deal=deal, verb__startswith="violation.").order_by("pk"))
    assert [event.verb for event in feed] == [
        "violation.recorded",
        "violation.explained",
        "violation.excused",
    ]
    assert {event.data["clause"] for event in feed} == {"AX-2.1"}
    page = client.get(f"/deals/{deal.pk}/").content.decode()
    assert "Встреча была" in page


def test_nobody_explains_for_another_or_excuses_himself(
    client: Client, deal: Deal, alice: User, bob: User, olga: User, charlie: User
) -> None:
    found = breach(deal, alice)
    for who, name, status in (
        (alice, "excuse", 302),
        (olga, "explain", 302),
        (bob, "excuse", 404),
        (bob, "explain", 404),
        (charlie, "excuse", 404),
        (charlie, "explain", 404),
    ):
        client.force_login(who)
        for method in (client.get, client.post):
            answer = method(f"/violations/{found.pk}/{name}/", {"excuse": "x", "explanation": "x"})
            assert answer.status_code == status
    found.refresh_from_db()
    assert found.state == "open"
    for who in (alice, bob, charlie):
        with pytest.raises(RegulationError):
            violations.excuse(found, text="x", by=Actor.person(who), now=timezone.now())
    for other in (bob, olga, charlie):
        with pytest.raises(RegulationError):
            violations.explain(found, text="x", by=Actor.person(other), now=timezone.now())
    with pytest.raises(RegulationError):
        violations.excuse(found, text="x", by=SYSTEM, now=timezone.now())


def test_an_administrator_excuses_anybodys_but_his_own(
    deal: Deal, alice: User, administrator: User
) -> None:
    hers, his = breach(deal, alice), breach(deal, administrator)
    by = Actor.person(administrator)
    violations.excuse(hers, text="Сбой связи", by=by, now=timezone.now())
    with pytest.raises(RegulationError):
        violations.excuse(his, text="Сбой связи", by=by, now=timezone.now())


def test_what_is_excused_is_not_excused_or_explained_again(
    client: Client, deal: Deal, alice: User, olga: User
) -> None:
    found = breach(deal, alice)
    violations.excuse(found, text="Сбой связи", by=Actor.person(olga), now=timezone.now())
    client.force_login(olga)
    client.post(f"/violations/{found.pk}/excuse/", {"excuse": "ещё"})
    client.force_login(alice)
    client.post(f"/violations/{found.pk}/explain/", {"explanation": "ещё"})
    found.refresh_from_db()
    assert (found.excuse, found.explanation) == ("Сбой связи", "")


def test_this_month_is_shown_unless_asked_otherwise(
    client: Client, deal: Deal, alice: User
) -> None:
    now = timezone.now()
    last_month = timezone.localtime(now).replace(day=1, hour=12) - timedelta(days=3)
    breach(deal, alice, text="нынешнее", now=now)
    breach(deal, alice, text="прошлое", now=last_month)
    shown = read(client, alice)
    assert "нынешнее" in shown
    assert "прошлое" not in shown
    shown = read(client, alice, "?period=last_month")
    assert "прошлое" in shown
    assert "нынешнее" not in shown
    shown = read(client, alice, f"?since={last_month.date()}&until={last_month.date()}")
    assert "прошлое" in shown
    assert "нынешнее" not in shown
    for query in ("?period=all", f"?deal={deal.pk}"):
        assert "прошлое" in read(client, alice, query)
        assert "нынешнее" in read(client, alice, query)


def test_the_filters_narrow_and_nonsense_is_told(
    client: Client, deal: Deal, alice: User, bob: User, olga: User
) -> None:
    breach(deal, alice, text="первое")
    second = breach(deal, bob, text="второе", clause="AX-6.5")
    violations.excuse(second, text="Сбой", by=Actor.person(olga), now=timezone.now())
    client.force_login(olga)
    for query in (
        f"?person={alice.pk}",
        "?clause=AX-2.1",
        "?state=open",
        f"?pipeline={deal.pipeline_id}&person={alice.pk}",
    ):
        shown = client.get(f"/violations/{query}").content.decode()
        assert "первое" in shown
        assert "второе" not in shown
    for query in (
        "?person=zz",
        "?clause=нет",
        "?period=x",
        "?since=31.31.31",
        "?deal=9999999999999999999999",
        "?pipeline=%00",
    ):
        assert client.get(f"/violations/{query}").status_code == 400
    assert client.get("/violations/?page=zzz").status_code == 200


def test_totals_a_person_and_a_clause_link_to_their_rows(
    client: Client, deal: Deal, alice: User, bob: User, olga: User
) -> None:
    breach(deal, alice)
    breach(deal, alice, clause="AX-6.5")
    excused = breach(deal, bob)
    violations.excuse(excused, text="Сбой", by=Actor.person(olga), now=timezone.now())
    seen = violations.visible_to(olga)
    assert [
        (row["culprit"], row["total"], row["counting"]) for row in violations.by_person(seen)
    ] == [
        (alice.pk, 2, 2),
        (bob.pk, 1, 0),
    ]
    assert [
        (row["clause"], row["total"], row["counting"]) for row in violations.by_clause(seen)
    ] == [
        ("AX-2.1", 2, 1),
        ("AX-6.5", 1, 1),
    ]
    shown = read(client, olga)
    assert f"person={alice.pk}" in shown
    assert "clause=AX-6.5" in shown
    # A manager has nobody to compare himself with.
    assert f"person={alice.pk}" not in read(client, alice)


def test_the_words_of_the_clause_stand_beside_its_number(
    client: Client, deal: Deal, alice: User
) -> None:
    breach(deal, alice)
    words = Clause.objects.get(regulation__playbook="axelerator", code="AX-2.1").words
    assert escape(words) in read(client, alice)


def test_a_deal_that_is_no_longer_ones_own_is_not_named(
    client: Client, deal: Deal, alice: User, olga: User, charlie: User, administrator: User
) -> None:
    breach(deal, alice)
    deals.assign_deal(deal, owner=charlie, by=Actor.person(administrator), now=timezone.now())
    shown = read(client, alice)
    assert "Не перезвонили за полчаса" in shown
    assert "Ромашки" not in shown
    allow(alice, rights.EXPORT)
    client.force_login(alice)
    assert "Ромашки" not in str(sheet(client.get("/violations/xlsx/").content))


def test_the_export_holds_what_the_filter_shows_and_one_sees(
    client: Client, deal: Deal, alice: User, bob: User, olga: User, charlie: User
) -> None:
    breach(deal, alice, text="алисино", over=timedelta(hours=30), allowed="30m working")
    breach(deal, bob, text="борисово", clause="AX-6.5")
    breach(make_deal(charlie, now=timezone.now()), charlie, text="карлово")
    client.force_login(olga)
    answer = client.get("/violations/xlsx/")
    assert answer["Content-Type"].endswith("spreadsheetml.sheet")
    assert answer["Content-Disposition"].endswith('.xlsx"')
    rows = sheet(answer.content)
    assert len(rows) == 3
    assert {"алисино", "борисово"} < {cell for row in rows for cell in row}
    assert "карлово" not in str(rows)
    assert "1.25" in str(rows)
    rows = sheet(client.get("/violations/xlsx/?clause=AX-6.5").content)
    assert "борисово" in str(rows)
    assert "алисино" not in str(rows)
    allow(bob, rights.EXPORT)
    client.force_login(bob)
    rows = sheet(client.get("/violations/xlsx/").content)
    assert len(rows) == 2


@pytest.mark.parametrize(
    "text", ["=cmd|'/c calc'!A1", "+1+1", "-2", "@SUM(A1)", "http://evil.example", "{=1+1}"]
)
def test_a_formula_stays_a_text_in_the_export(
    client: Client, deal: Deal, alice: User, text: str
) -> None:
    found = breach(deal, alice, text=text)
    violations.explain(found, text=f"{text}\x0b", by=Actor.person(alice), now=timezone.now())
    allow(alice, rights.EXPORT)
    client.force_login(alice)
    content = client.get("/violations/xlsx/").content
    assert sheet(content)[1].count(text) == 2
    with zipfile.ZipFile(BytesIO(content)) as book:
        assert not [name for name in book.namelist() if "rels" in name and "sheet1" in name]


def test_the_pages_of_the_register(client: Client, deal: Deal, alice: User) -> None:
    allow(alice, rights.EXPORT)
    for number in range(55):
        breach(deal, alice, text=f"№ {number:02}")
    shown = read(client, alice)
    assert "№ 54" in shown
    assert "№ 04" not in shown
    assert "№ 04" in read(client, alice, "?page=2")
    assert len(sheet(client.get("/violations/xlsx/?page=2").content)) == 56


def test_the_register_costs_the_same_however_many_rows_it_shows(
    client: Client, deal: Deal, alice: User, olga: User
) -> None:
    client.force_login(olga)

    def statements(path: str) -> int:
        client.get(path)
        with CaptureQueriesContext(connection) as captured:
            client.get(path)
        return len(captured)

    for _number in range(5):
        breach(deal, alice)
    few = [statements(path) for path in ("/violations/", "/violations/xlsx/")]
    for _number in range(20):
        breach(deal, alice)
    assert [statements(path) for path in ("/violations/", "/violations/xlsx/")] == few
    assert max(few) <= 12


def test_what_was_typed_is_escaped(client: Client, deal: Deal, alice: User) -> None:
    breach(deal, alice, text="<script>alert(1)</script>")
    shown = read(client, alice)
    assert "<script>alert" not in shown
    assert "&lt;script&gt;" in shown


def test_a_deals_violations_stand_on_its_card_and_are_counted_in_lists(
    client: Client, lab: Lab, alice: User, olga: User
) -> None:
    lab.rule("record_violation", {"text": "Звонок"}, when="on", verb="call.answered")
    lab.ready()
    deal = make_deal(alice, pipeline="lab", now=timezone.now())
    client.force_login(alice)
    assert 'id="violations"' not in client.get(f"/deals/{deal.pk}/").content.decode()
    for _number in range(7):
        found = breach(deal, alice, text="Звонок дольше")
    violations.excuse(found, text="Сбой", by=Actor.person(olga), now=timezone.now())
    shown = client.get(f"/deals/{deal.pk}/").content.decode()
    assert 'id="violations"' in shown
    assert f"/violations/?deal={deal.pk}" in shown
    assert f"/violations/{found.pk}/excuse/" not in shown
    assert marks([deal.pk], now=timezone.now())[deal.pk].text == "6"


def test_strangers_without_a_name_are_sent_to_sign_in(client: Client, deal: Deal) -> None:
    for path in ("/violations/", "/violations/xlsx/", "/overrides/", "/overrides/xlsx/"):
        assert client.get(path)["Location"].startswith("/login/")
