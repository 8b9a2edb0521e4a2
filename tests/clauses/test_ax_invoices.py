"""AX-6.3 and AX-6.4: half of the budget for services, the whole price for a licence."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.test import Client

from crm.models import Invoice, InvoiceKind, User
from crm.money import invoices
from crm.money.balances import account_of
from notifications.models import Message
from pipelines import catalog
from pipelines.actor import Actor
from pipelines.errors import RegulationError
from tests.clauses.steps import at_stage, fresh, offers, refused, take
from tests.factories import NOON
from tests.licenses.steps import before_end, make_licence, tick

SERVICES, LICENCE = "services", "licence"


def kind(code: str) -> InvoiceKind:
    return InvoiceKind.objects.get(playbook="axelerator", code=code)


@pytest.mark.clause("AX-6.3")
def test_the_invoice_for_services_is_half_of_the_budget(alice: User) -> None:
    deal = at_stage(alice, "start", answers={"product": "audit"})
    [offer] = offers(deal)
    assert offer.text == "Сделать счет за услуги"
    take(offer, by=alice)
    invoice = Invoice.objects.get(deal=deal)
    assert (invoice.amount, invoice.currency, invoice.state) == (Decimal(750), "BYN", "draft")


@pytest.mark.clause("AX-6.3")
def test_the_sum_is_proposed_on_the_card_and_may_be_changed(client: Client, alice: User) -> None:
    deal = at_stage(alice, "start", answers={"product": "audit"})
    client.force_login(alice)
    window = client.get(f"/deals/{deal.pk}/invoice/").content.decode()
    assert 'value="750.00"' in window
    given = {"kind": SERVICES, "currency": "BYN", "amount": "600,50", "purpose": "Аванс"}
    assert client.post(f"/deals/{deal.pk}/invoice/", given).status_code == 302
    invoice = Invoice.objects.get(deal=deal)
    assert invoice.amount == Decimal("600.50")
    changed = {"amount": "700", "purpose": "Аванс за аудит", "revision": "0"}
    assert client.post(f"/invoices/{invoice.pk}/edit/", changed).status_code == 302
    invoice = fresh(invoice)
    assert (invoice.amount, invoice.purpose) == (Decimal(700), "Аванс за аудит")
    page = client.get(f"/deals/{deal.pk}/").content.decode()
    assert f"№ {invoice.label}" in page
    assert "700\u00a0Br" in page


@pytest.mark.clause("AX-6.4")
def test_the_invoice_for_a_licence_is_its_whole_price(client: Client, alice: User) -> None:
    deal = at_stage(alice, "start", answers={"product": "amocrm_licence", "licence_price": "480"})
    [offer] = offers(deal)
    assert offer.text == "Сделать счет за лицензию"
    take(offer, by=alice)
    assert Invoice.objects.get(deal=deal).amount == Decimal(480)
    client.force_login(alice)
    # The product decides: of the two kinds the licence's is proposed first.
    window = client.get(f"/deals/{deal.pk}/invoice/").content.decode()
    assert 'value="480.00"' in window


@pytest.mark.clause("AX-6.4")
def test_a_sale_of_services_has_no_invoice_for_a_licence(alice: User) -> None:
    deal = at_stage(alice, "start", answers={"product": "audit", "licence_price": "480"})
    by = Actor.person(alice)
    with refused(RegulationError):
        invoices.make_invoice(deal, kind=kind(LICENCE), by=by, now=NOON)
    from pipelines import catalog

    fitting = invoices.kinds_of(deal, catalog.pipeline(deal.pipeline_id))
    assert [item.code for item in fitting] == [SERVICES]


@pytest.mark.clause("AX-6.3")
def test_the_invoice_goes_out_by_its_letter(client: Client, alice: User) -> None:
    deal = at_stage(alice, "start", answers={"product": "audit"})
    by = Actor.person(alice)
    invoice = invoices.make_invoice(deal, kind=kind(SERVICES), by=by, now=NOON)
    client.force_login(alice)
    answer = client.post(
        f"/invoices/{invoice.pk}/send/", {"to": "pay@example.com", "revision": "0"}
    )
    assert answer.status_code == 302
    letter = Message.objects.get(deal=deal, to="pay@example.com")
    assert letter.subject == f"Счет № {invoice.label}"
    assert "750\u00a0Br" in letter.text
    assert fresh(invoice).state == "sent"
    assert account_of(deal).payments == []


@pytest.mark.clause("AX-6.4")
def test_a_renewal_is_invoiced_whole_and_offered_when_seven_days_are_left(alice: User) -> None:
    deal = make_licence(alice, answers={"budget": "2400"})
    tick(before_end(7))
    deal = fresh(deal)
    [renewal] = invoices.kinds_of(deal, catalog.pipeline(deal.pipeline_id))
    assert renewal.code == "renewal"
    assert invoices.propose(deal, renewal, account_of(deal)).amount == 2400
    assert "Сделать счет на продление" in [offer.text for offer in offers(deal)]
