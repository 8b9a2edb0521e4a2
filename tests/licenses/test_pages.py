"""The licence on the card, in lists and on the board; its windows, and who may open them."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from crm.models import Deal, User
from licenses import refusing, verbs
from licenses.models import Licence
from pipelines.actor import Actor
from tests.clauses.steps import fresh
from tests.factories import make_deal
from tests.licenses.steps import licence_of, make_licence, stage_of, type_expiry

HTMX = {"HTTP_HX_REQUEST": "true"}
WINDOWS = ["expiry", "enter", "account", "payment", "renewal"]


@pytest.fixture
def page(client: Client, alice: User) -> Client:
    client.force_login(alice)
    return client


def soon(days: int) -> date:
    """Pages look at the clock on the wall."""
    return timezone.localdate() + timedelta(days=days)


def running(alice: User, days: int = 40, **kwargs: Any) -> Deal:
    return make_licence(alice, ends=soon(days), now=timezone.now(), **kwargs)


def post(client: Client, deal: Deal, window: str, **typed: Any) -> Any:
    return client.post(f"/deals/{deal.pk}/licence/{window}/", typed, **HTMX)


@pytest.mark.clause("AX-LIC5")
def test_the_card_says_how_long_it_lasts_and_how_one_knows(page: Client, alice: User) -> None:
    deal = running(alice, 12)
    html = page.get(f"/deals/{deal.pk}/").content.decode()
    assert "осталось 12 дней" in html
    assert "введено из кабинета клиента" in html
    assert "Алиса Белова" in html
    verbs.confirm_payment(
        deal, paid_on=soon(0), months=12, by=Actor.person(alice), now=timezone.now()
    )
    assert "посчитано по подтверждённой оплате" in page.get(f"/deals/{deal.pk}/").content.decode()


def test_a_deal_of_another_pipeline_shows_no_licence(page: Client, alice: User) -> None:
    deal = make_deal(alice)
    assert 'id="licence"' not in page.get(f"/deals/{deal.pk}/").content.decode()


@pytest.mark.parametrize("address", ["/deals/", "/deals/table/"])
def test_the_days_left_stand_in_lists_and_on_the_board_at_one_statement_more(
    page: Client, alice: User, address: str
) -> None:
    for days in (5, 25, 300):
        running(alice, days, email="", phone="")
    address += "?pipeline=licences"
    page.get(address)
    with CaptureQueriesContext(
        connection,
    ) as seen:
        html = page.get(address).content.decode()
    for days in (5, 25, 300):
        assert f">{days}" in html.replace("</i>", ">")
    assert len([query for query in seen if "licenses_licence" in query["sql"]]) == 1


@pytest.mark.clause("AX-LIC5")
def test_the_end_is_typed_in_a_window(page: Client, alice: User) -> None:
    deal = running(alice)
    response = post(
        page, deal, "expiry", expires_on=str(soon(90)), revision=licence_of(deal).revision
    )
    assert response.status_code == 204
    assert licence_of(deal).expires_on == soon(90)


@pytest.mark.clause("AX-LIC6")
def test_an_existing_licence_is_entered_with_the_budget_proposed(page: Client, alice: User) -> None:
    deal = make_licence(alice, ends=None, now=timezone.now())
    typed = {
        "expires_on": str(soon(200)),
        "account_id": "29301157",
        "users": "8",
        "months": "6",
        "last_price": "1500",
        "last_users": "5",
    }
    proposed = page.get(f"/deals/{deal.pk}/licence/budget/", typed, **HTMX).content.decode()
    assert 'value="2400' in proposed
    assert "hx-get" in proposed
    assert post(page, deal, "enter", **typed).status_code == 204
    licence = licence_of(deal)
    assert (licence.account_id, licence.users, licence.renewal_months) == ("29301157", 8, 6)
    assert fresh(deal).budget == Decimal("2400")
    # The next time the window remembers the last purchase.
    assert 'value="1500' in page.get(f"/deals/{deal.pk}/licence/enter/", **HTMX).content.decode()


@pytest.mark.clause("AX-LIC12")
def test_a_payment_then_a_renewal_are_entered_in_windows(page: Client, alice: User) -> None:
    deal = make_licence(alice, ends=None, now=timezone.now())
    assert 'value="12"' in page.get(f"/deals/{deal.pk}/licence/payment/", **HTMX).content.decode()
    paid = {"paid_on": str(soon(0)), "months": "12", "bonus_months": "1", "price": "900"}
    assert post(page, deal, "payment", **paid).status_code == 204
    again = post(page, deal, "payment", **paid)
    assert again.status_code == 422
    assert "подтверждена" in again.content.decode()
    assert post(page, deal, "renewal", **paid).status_code == 204
    assert licence_of(deal).periods.count() == 2
    assert (stage_of(deal), licence_of(deal).state) == ("running", "renewed")


def test_a_renewal_posted_twice_from_one_window_is_one(page: Client, alice: User) -> None:
    deal = running(alice)
    typed = {"paid_on": str(soon(0)), "months": "12", "revision": licence_of(deal).revision}
    assert [post(page, deal, "renewal", **typed).status_code for _time in range(2)] == [204, 409]
    assert licence_of(deal).periods.count() == 2


def test_the_refusal_button_opens_the_form_of_the_move(page: Client, alice: User) -> None:
    deal = running(alice)
    html = page.get(f"/deals/{deal.pk}/").content.decode()
    assert f"/deals/{deal.pk}/move/form/?to=refused" in html
    asked = page.get(f"/deals/{deal.pk}/move/form/?to=refused", **HTMX).content.decode()
    assert "f-refusal_kind" in asked
    assert "f-refusal_reason" in asked


@pytest.mark.parametrize(
    ("window", "typed"),
    [
        ("expiry", {"expires_on": ""}),
        ("expiry", {"expires_on": "вчера"}),
        ("expiry", {"expires_on": "9999-12-31"}),
        ("expiry", {"expires_on": "0001-01-01"}),
        ("renewal", {"paid_on": "2999-01-01", "months": "12"}),
        ("renewal", {"paid_on": str(soon(2)), "months": "12"}),
        ("renewal", {"paid_on": str(soon(0)), "months": "0"}),
        ("renewal", {"paid_on": str(soon(0)), "months": "99999999999"}),
        ("renewal", {"paid_on": str(soon(0)), "months": "12", "bonus_months": "-1"}),
        ("renewal", {"paid_on": str(soon(0)), "months": "12", "price": "NaN"}),
        ("renewal", {"paid_on": str(soon(0)), "months": "12", "price": "9" * 20}),
        ("account", {"users": "0", "months": "12"}),
        ("account", {"users": "9" * 12, "months": "12"}),
        ("account", {"account_id": "x" * 61, "months": "12"}),
        ("account", {"account_id": "a\x00b", "months": "12", "users": "-1"}),
        ("enter", {"expires_on": str(soon(9)), "months": "12", "last_users": "9" * 12}),
    ],
)
def test_what_makes_no_sense_is_said_at_its_field_and_changes_nothing(
    page: Client, alice: User, window: str, typed: dict[str, str]
) -> None:
    deal = running(alice)
    before = Licence.objects.filter(deal=deal).values().get()
    response = post(page, deal, window, **typed)
    assert response.status_code == 422
    assert "invalid-feedback" in response.content.decode() or "alert" in response.content.decode()
    assert Licence.objects.filter(deal=deal).values().get() == before


@pytest.mark.parametrize("window", [*WINDOWS, "budget"])
def test_a_stranger_finds_no_licence(
    client: Client, alice: User, charlie: User, window: str
) -> None:
    deal = running(alice)
    client.force_login(charlie)
    address = f"/deals/{deal.pk}/licence/{window}/"
    assert client.get(address).status_code == 404
    if window != "budget":
        assert client.post(address, {"expires_on": str(soon(9))}).status_code == 404
    assert licence_of(deal).expires_on == soon(40)


@pytest.mark.parametrize("window", WINDOWS)
def test_a_deal_without_a_licence_has_no_windows(page: Client, alice: User, window: str) -> None:
    assert page.get(f"/deals/{make_deal(alice).pk}/licence/{window}/").status_code == 404


@pytest.mark.parametrize("window", WINDOWS)
def test_the_windows_are_pages_without_javascript(page: Client, alice: User, window: str) -> None:
    deal = running(alice)
    response = page.get(f"/deals/{deal.pk}/licence/{window}/")
    assert response.status_code == 200
    assert "<html" in response.content.decode()


def test_without_signing_in_one_sees_nothing(client: Client, alice: User) -> None:
    assert client.get(f"/deals/{running(alice).pk}/licence/expiry/").status_code == 302
    assert client.get("/licences/").status_code == 302


def test_the_renewals_are_counted_and_summed_by_month(
    page: Client, alice: User, charlie: User
) -> None:
    first = timezone.localdate().replace(day=1)
    end = (first + timedelta(days=70)).replace(day=15)
    for budget in ("1000", "500.50"):
        deal = make_licence(
            alice, ends=end, now=timezone.now(), answers={"budget": budget}, phone="", email=""
        )
    foreign = make_licence(charlie, ends=end, now=timezone.now(), name="Чужая")
    refused = make_licence(alice, ends=None, now=timezone.now(), phone="", email="")
    type_expiry(refused, end, now=timezone.now())
    refusing.refuse_licence(
        refused, kind="leaves", reason="закрылись", by=Actor.person(alice), now=timezone.now()
    )
    response = page.get(f"/licences/?month={end:%Y-%m}")
    months = {month.first: month for month, _money in response.context["months"]}
    found = months[end.replace(day=1)]
    assert (found.count, found.sums) == (2, [(Decimal("1500.50"), "BYN")])
    html = response.content.decode()
    assert f"/deals/{deal.pk}/" in html
    assert f"/deals/{foreign.pk}/" not in html
    assert page.get("/licences/?month=чепуха").status_code == 200


def test_the_administration_shows_licences_and_changes_none(
    client: Client, alice: User, administrator: User
) -> None:
    licence = licence_of(running(alice))
    client.force_login(administrator)
    assert client.get("/admin/licenses/licence/").status_code == 200
    address = f"/admin/licenses/licence/{licence.pk}/change/"
    assert client.get(address).status_code == 200
    assert client.post(address, {"account_id": "x"}).status_code == 403
    assert client.get("/admin/licenses/licence/add/").status_code == 403


def test_without_a_licence_the_calendar_says_how_one_comes_there(page: Client, alice: User) -> None:
    assert (
        "В ближайший год ни одна лицензия не заканчивается"
        in page.get("/licences/").content.decode()
    )
