"""Invoices: their numbers, what is proposed, their states, and which payment pays which."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from crm.models import Deal, Invoice, InvoiceKind, User
from crm.money import invoices, payments
from pipelines.actor import SYSTEM, Actor
from pipelines.errors import BadAnswer, RegulationError
from tests.clauses.steps import DAY, fresh, refused
from tests.factories import NOON
from tests.fixtures.school import lead

pytestmark = pytest.mark.usefixtures("school")


def kind(code: str = "rest") -> InvoiceKind:
    return InvoiceKind.objects.get(playbook="school", code=code)


def made(deal: Deal, **given: object) -> Invoice:
    now = given.pop("now", NOON)
    return invoices.make_invoice(
        fresh(deal), kind=given.pop("kind", kind()), by=SYSTEM, now=now, **given
    )


def sent(deal: Deal, **given: object) -> Invoice:
    return invoices.send_invoice(made(deal, **given), by=SYSTEM, now=NOON)


def pay(
    deal: Deal, amount: int, *, now: object = NOON + timedelta(minutes=1), **more: object
) -> None:
    payments.register_payment(
        fresh(deal), provider="bank", event_id=f"{amount}-{now}", amount=Decimal(amount), currency="USD",
        by=SYSTEM, now=now, **more,
    )  # fmt: skip


def test_numbers_run_by_the_year(alice: User) -> None:
    deal = lead(alice, "talks")
    labels = [made(deal).label, made(deal).label, made(deal, now=NOON + 365 * DAY).label]
    assert labels == ["1/2026", "2/2026", "1/2027"]


def test_what_is_due_less_the_discount_is_proposed(alice: User) -> None:
    deal = lead(alice, "talks", answers={"discount": "10"})
    pay(deal, 100)
    assert made(deal).amount == Decimal(710)
    assert made(deal, currency="EUR").amount == Decimal(747)
    assert made(deal, kind=kind("prepaid")).amount == Decimal(405)


def test_without_a_package_nothing_is_proposed_and_the_sum_is_asked(alice: User) -> None:
    deal = lead(alice, "talks", answers={"package": ""})
    with refused(BadAnswer):
        made(deal)
    assert made(deal, amount="250").amount == Decimal(250)


@pytest.mark.parametrize("amount", ["0", "-1", "много", "1e5"])
def test_a_sum_that_is_none_is_refused(alice: User, amount: str) -> None:
    with refused(BadAnswer):
        made(lead(alice, "talks"), amount=amount)


def test_only_a_draft_is_changed_and_not_over_a_colleagues_change(alice: User) -> None:
    invoice, by = made(lead(alice, "talks")), Actor.person(alice)
    invoices.edit_invoice(invoice, amount="800", purpose="Курс", revision=0, by=by, now=NOON)
    with refused(invoices.InvoiceChanged):
        invoices.edit_invoice(invoice, amount="1", purpose="Курс", revision=0, by=by, now=NOON)
    invoices.send_invoice(invoice, by=by, now=NOON)
    with refused(RegulationError, match="черновик"):
        invoices.edit_invoice(invoice, amount="1", purpose="Курс", revision=2, by=by, now=NOON)


def test_without_an_address_nothing_is_sent(alice: User) -> None:
    invoice = made(lead(alice, "talks", email=""))
    with refused(RegulationError):
        invoices.send_invoice(invoice, by=SYSTEM, now=NOON)
    assert fresh(invoice).state == "draft"


def test_a_cancelled_invoice_is_neither_sent_nor_paid(alice: User) -> None:
    deal = lead(alice, "talks")
    invoice = invoices.cancel_invoice(sent(deal, amount="100"), by=SYSTEM, now=NOON)
    with refused(RegulationError):
        invoices.send_invoice(invoice, by=SYSTEM, now=NOON)
    pay(deal, 100)
    assert fresh(invoice).state == "cancelled"


def test_a_payment_pays_the_invoice_of_its_very_sum(alice: User) -> None:
    deal = lead(alice, "talks")
    larger, alike = sent(deal, amount="300"), sent(deal, amount="100")
    pay(deal, 100)
    assert (fresh(larger).state, fresh(alike).state) == ("sent", "paid")


def test_several_payments_pay_an_invoice_together_and_no_other(alice: User) -> None:
    deal = lead(alice, "talks")
    first, second = sent(deal, amount="350"), sent(deal, amount="340")
    pay(deal, 150)
    assert fresh(first).state == "sent"
    pay(deal, 200, now=NOON + timedelta(minutes=2))
    assert (fresh(first).state, fresh(second).state) == ("paid", "sent")


def test_an_invoice_named_by_each_part_is_paid_with_the_last_and_no_other_is(alice: User) -> None:
    deal = lead(alice, "talks")
    other, named = sent(deal, amount="340"), sent(deal, amount="350")
    pay(deal, 150, invoice=named)
    assert fresh(named).state == "sent"
    pay(deal, 50, invoice=named, kind="refund", now=NOON + timedelta(minutes=2))
    pay(deal, 200, invoice=named, now=NOON + timedelta(minutes=3))
    assert fresh(named).state == "sent"
    pay(deal, 50, invoice=named, now=NOON + timedelta(minutes=4))
    assert (fresh(named).state, fresh(other).state) == ("paid", "sent")


def test_a_pipeline_without_invoices_has_none(alice: User) -> None:
    from pipelines import catalog

    assert invoices.has_invoices(catalog.by_code("school_sales"))
    assert not invoices.has_invoices(catalog.by_code("checkins"))
