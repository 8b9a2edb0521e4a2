"""The same payment from all sides at once, out of order, unsigned, unknown: real transactions, real threads."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.test import Client

from crm.models import Deal, Invoice, InvoiceKind, Payment, PaymentProvider, User
from crm.money import balances, invoices
from pipelines import catalog
from pipelines.actor import SYSTEM
from pipelines.models import Event, Pipeline, StageChange
from tests.clauses.steps import fresh
from tests.factories import NOON
from tests.faults.threads import at_once
from tests.fixtures.school import lead, post, told

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _nothing_compiled_stays() -> Iterator[None]:
    yield
    catalog.forget()


def stages(deal: Deal) -> list[str]:
    return list(
        StageChange.objects.filter(deal=deal)
        .order_by("pk")
        .values_list("to_stage__code", flat=True)
    )


def test_a_payment_delivered_at_once_from_everywhere_counts_once(
    alice: User, provider: PaymentProvider
) -> None:
    deal = lead(alice, "talks")
    answers = at_once(*[lambda: post(told(deal)) for _time in range(4)])
    assert {answer.status_code for answer in answers} == {200}
    assert sum(not answer.json().get("repeated") for answer in answers) == 1
    assert Payment.objects.count() == 1
    assert Event.objects.filter(deal=deal, verb="payment.received").count() == 1
    assert stages(deal)[-2:] == ["paying", "prepaid"]


def test_an_unknown_deals_payment_delivered_at_once_is_kept_once(
    alice: User, provider: PaymentProvider
) -> None:
    answers = at_once(
        *[lambda: post(told(deal=None, phone="+375 29 000-00-00")) for _t in range(4)]
    )
    assert {answer.status_code for answer in answers} == {200}
    assert all(answer.json()["unmatched"] for answer in answers)
    assert Payment.objects.get().deal is None


def test_two_payments_of_one_deal_at_once_are_both_counted(
    alice: User, provider: PaymentProvider
) -> None:
    deal = lead(alice, "talks")
    at_once(
        lambda: post(told(deal, event_id="one", amount="400")),
        lambda: post(told(deal, event_id="two", amount="500")),
    )
    assert balances.account_of(fresh(deal)).paid("USD") == Decimal(900)
    assert fresh(deal).stage.code == "won"
    assert stages(deal).count("paying") == 1


def test_invoices_made_at_once_have_numbers_of_their_own(alice: User, school: None) -> None:
    kind = InvoiceKind.objects.get(playbook="school", code="rest")
    deals = [lead(alice, "talks", phone=f"+375 29 111-22-4{n}") for n in range(4)]
    made = at_once(
        *[
            lambda deal=deal: invoices.make_invoice(deal, kind=kind, by=SYSTEM, now=NOON)
            for deal in deals
        ]
    )
    assert sorted(item.number for item in made) == [1, 2, 3, 4]


def test_an_invoice_paid_by_two_payments_at_once_is_paid_once(
    alice: User, provider: PaymentProvider
) -> None:
    deal = lead(alice, "talks")
    kind = InvoiceKind.objects.get(playbook="school", code="rest")
    invoice = invoices.make_invoice(deal, kind=kind, amount="100", by=SYSTEM, now=NOON)
    invoices.send_invoice(invoice, by=SYSTEM, now=NOON)
    at_once(
        lambda: post(told(deal, event_id="one")),
        lambda: post(told(deal, event_id="two")),
    )
    assert Invoice.objects.get(pk=invoice.pk).state == "paid"
    assert Payment.objects.filter(invoice=invoice).count() == 1
    assert Event.objects.filter(verb="invoice.paid").count() == 1


def test_the_payment_that_names_its_invoice_pays_it(alice: User, provider: PaymentProvider) -> None:
    deal = lead(alice, "talks")
    kind = InvoiceKind.objects.get(playbook="school", code="rest")
    invoice = invoices.make_invoice(deal, kind=kind, by=SYSTEM, now=NOON)
    assert post(told(invoice=invoice.label, amount="900")).json()["deal"] == deal.pk
    assert Invoice.objects.get(pk=invoice.pk).state == "paid"
    assert fresh(deal).stage.code == "won"


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"amount": "-5"}, 400),
        ({"amount": "0"}, 400),
        ({"amount": "a lot"}, 400),
        ({"amount": None}, 400),
        ({"amount": True}, 400),
        ({"amount": "1e9"}, 400),
        ({"currency": "dollars"}, 400),
        ({"currency": ""}, 400),
        ({"type": "chargeback"}, 400),
        ({"at": "yesterday"}, 400),
        ({"event_id": ""}, 400),
        ({"event_id": {"a": 1}}, 400),
        ({"note": "a\x00b"}, 200),
        ({"deal": "99999999999999999999"}, 200),
        ({"deal": "1; drop table"}, 200),
    ],
)
def test_what_makes_no_sense_is_said_and_never_breaks(
    alice: User, provider: PaymentProvider, said: dict, status: int
) -> None:
    deal = lead(alice, "talks")
    answer = post(told(deal) | said)
    assert answer.status_code == status, answer.content
    if status == 400:
        assert answer.json()["errors"]
        assert not Payment.objects.exists()


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff\xfe", b'{"amount": NaN}'])
def test_a_body_that_is_no_object_is_answered_400(provider: PaymentProvider, body: bytes) -> None:
    assert post(body).status_code == 400


def test_who_did_not_sign_learns_nothing(alice: User, provider: PaymentProvider) -> None:
    deal = lead(alice, "talks")
    for answer in (
        post(told(deal), secret="guessed"),
        post(told(deal), **{"X-Provider": "nobody"}),
        Client().post("/hooks/payments/", told(deal), content_type="application/json"),
    ):
        assert answer.status_code == 401
    assert Client().get("/hooks/payments/").status_code == 405
    PaymentProvider.objects.update(is_active=False)
    assert post(told(deal)).status_code == 401
    assert not Payment.objects.exists()


def test_money_for_a_deal_of_a_pipeline_switched_off_is_kept(
    alice: User, provider: PaymentProvider
) -> None:
    deal = lead(alice, "talks")
    Pipeline.objects.filter(code="school_sales").update(is_active=False)
    catalog.forget()
    assert post(told(deal)).json()["unmatched"]
    assert Payment.objects.get().deal is None


def test_an_unknown_or_archived_deal_keeps_the_money_for_the_administrator(
    client: Client, alice: User, administrator: User, provider: PaymentProvider
) -> None:
    deal = lead(alice, "talks")
    Deal.objects.filter(pk=deal.pk).update(archived_at=NOON)
    assert post(told(deal)).json()["unmatched"]
    kept = Payment.objects.get()
    Deal.objects.filter(pk=deal.pk).update(archived_at=None)
    client.force_login(administrator)
    listed = client.get("/admin/crm/payment/?unmatched=yes").content.decode()
    assert "evt-1" in listed
    answer = client.post(f"/admin/crm/payment/{kept.pk}/change/", {"deal": str(deal.pk)})
    assert answer.status_code == 302
    assert fresh(kept).deal_id == deal.pk
    assert fresh(deal).stage.code == "prepaid"


def test_a_phone_that_two_open_deals_share_names_neither(
    alice: User, provider: PaymentProvider
) -> None:
    deal = lead(alice, "talks", phone="+375 29 111-22-33")
    assert post(told(phone="8 029 111-22-33", event_id="e1")).json()["deal"] in (deal.pk, None)
    lead(alice, "talks", contact=deal.contact)
    assert post(told(phone="+375291112233", event_id="e2")).json()["deal"] is None
