"""Axelerator: contract, invoice, payment and the hand-over to production."""

from __future__ import annotations

import pytest

from crm import deals
from crm.models import Deal, User
from pipelines import catalog, engine
from pipelines.actor import Actor
from pipelines.engine import MoveRefused
from pipelines.errors import BadAnswer
from pipelines.models import RuleRun
from tests.clauses.steps import (
    DAY,
    HOUR,
    at_stage,
    clauses_against,
    fresh,
    minsk,
    move,
    refused,
    task_of,
)
from tests.factories import NOON, UserFactory

# ── AX-6.1, AX-6.5 ─────────────────────────────────────────────────────────────


@pytest.mark.clause("AX-6.1")
def test_contract_and_invoice_are_prepared_within_a_day(alice: User) -> None:
    task = task_of(at_stage(alice, "start"), "contract")
    assert task.text == "Подготовить договор и выставить счет"
    assert (task.kind, task.owner, task.due_at) == ("document", alice, NOON + DAY)


def at_start(owner: User) -> Deal:
    deal = at_stage(owner, "start")
    deals.edit_deal(deal, {"contract": ""}, by=Actor.person(owner), now=NOON)
    return deal


@pytest.mark.clause("AX-6.5")
def test_the_invoice_needs_the_link_to_the_contract(alice: User) -> None:
    deal = at_start(alice)
    assert clauses_against(deal, "invoice") == ["AX-6.5"]
    assert clauses_against(deal, "invoice", contract="https://cloud.example.com/d/7") == []


@pytest.mark.clause("AX-6.5")
@pytest.mark.parametrize(
    "link",
    ["договор №7", "javascript:alert(1)", "ftp://example.com/x", "https://", "cloud.example.com/d"],
)
def test_the_contract_must_be_a_link(alice: User, link: str) -> None:
    with refused(BadAnswer) as caught:
        move(at_start(alice), "invoice", contract=link)
    assert "contract" in caught.value.errors


@pytest.mark.clause("AX-6.5")
def test_the_contract_is_asked_for_also_when_the_stage_is_skipped(alice: User) -> None:
    assert clauses_against(at_start(alice), "launched", payment_received="on") == ["AX-6.5"]


# ── AX-7.1 ─────────────────────────────────────────────────────────────────────

CONTROLS = ["contract_received", "payment_received", "copy_received"]


@pytest.mark.clause("AX-7.1")
@pytest.mark.parametrize("code", CONTROLS)
def test_a_control_keeps_who_ticked_it_and_when(alice: User, bob: User, code: str) -> None:
    assert catalog.by_code("leads").fields[code].type == "control"
    deal = at_stage(alice, "invoice")
    deals.edit_deal(deal, {code: "on"}, by=Actor.person(alice), now=NOON + HOUR)
    signed = {"by": alice.pk, "name": "Алиса Белова", "at": (NOON + HOUR).isoformat()}
    assert fresh(deal).values[code] == signed
    # Ticked again by another, it keeps its first signature.
    deals.edit_deal(deal, {code: "on"}, by=Actor.person(bob), now=NOON + DAY)
    assert fresh(deal).values[code] == signed


@pytest.mark.clause("AX-7.1")
def test_a_control_taken_off_is_told_in_the_feed(alice: User, bob: User) -> None:
    deal = at_stage(alice, "invoice")
    deals.edit_deal(deal, {"copy_received": "on"}, by=Actor.person(alice), now=NOON)
    deals.edit_deal(deal, {"copy_received": ""}, by=Actor.person(bob), now=NOON)
    assert "copy_received" not in fresh(deal).values
    entry = deal.events.filter(verb="field.changed").latest("pk")
    before, after = entry.data["fields"]["copy_received"]
    assert (before["name"], after, entry.actor) == ("Алиса Белова", None, bob)


@pytest.mark.clause("AX-7.1")
def test_nobody_signs_a_control_in_anothers_name(alice: User, bob: User) -> None:
    deal = at_stage(alice, "invoice")
    forged = {"by": bob.pk, "name": "Борис Громов", "at": "2020-01-01T00:00:00+00:00"}
    deals.edit_deal(deal, {"payment_received": forged}, by=Actor.person(alice), now=NOON)
    assert fresh(deal).values["payment_received"] == {
        "by": alice.pk,
        "name": "Алиса Белова",
        "at": NOON.isoformat(),
    }


# ── AX-7.5 ─────────────────────────────────────────────────────────────────────


@pytest.mark.clause("AX-7.5")
def test_work_begins_only_after_the_payment_arrived(alice: User, anna: User) -> None:
    deal = at_stage(alice, "invoice")
    with refused(MoveRefused) as caught:
        move(deal, "launched", contract_received="on", copy_received="on")
    assert caught.value.fields == ["payment_received"]
    assert [refusal.clause for refusal in caught.value.refusals] == ["AX-7.5"]
    assert fresh(move(deal, "launched", payment_received="on")).status == "won"


# ── AX-8.1 ─────────────────────────────────────────────────────────────────────


def continuation(sale: Deal) -> Deal:
    return Deal.objects.get(origin=sale)


@pytest.mark.clause("AX-8.1")
def test_a_launched_deal_is_handed_over_to_production_with_all_it_has(
    alice: User, anna: User
) -> None:
    sale = at_stage(alice, "invoice")
    deals.tag_deal(sale, add=["VIP"], by=Actor.person(alice), now=NOON)
    move(sale, "launched", payment_received="on", now=minsk("2026-03-13 15:00"))
    work = continuation(sale)
    assert (work.pipeline.name, work.stage.name, work.owner) == (
        "ПРОДАКШН",
        "Передано в работу",
        anna,
    )
    assert (work.contact, work.company, work.name) == (sale.contact, sale.company, sale.name)
    assert (work.budget, work.currency) == (1500, "BYN")
    assert work.values["niche"] == "Пекарни"
    assert work.values["contract"] == sale.values["contract"]
    assert work.values["payment_received"]["name"] == "Алиса Белова"
    assert "lead_name" not in work.values
    assert list(work.tags.values_list("name", flat=True)) == ["VIP"]
    assert (fresh(sale).status, fresh(sale).owner) == ("won", alice)


@pytest.mark.clause("AX-8.1")
def test_the_account_manager_is_to_meet_the_client_within_a_working_day(
    alice: User, anna: User
) -> None:
    sale = at_stage(alice, "invoice")
    move(sale, "launched", payment_received="on", now=minsk("2026-03-13 15:00"))
    task = task_of(continuation(sale), "meet_client")
    assert (task.owner, task.due_at) == (anna, minsk("2026-03-16 15:00"))


@pytest.mark.clause("AX-8.1")
def test_a_sale_launched_twice_is_handed_over_once(alice: User, anna: User, olga: User) -> None:
    sale = at_stage(alice, "launched")
    move(sale, "invoice", by=olga)
    move(sale, "launched", by=olga)
    assert Deal.objects.filter(origin=sale).count() == 1


@pytest.mark.clause("AX-8.1")
def test_the_least_busy_account_manager_gets_it(alice: User, anna: User) -> None:
    second = UserFactory(email="boris@example.com", roles=["account_manager"])
    gone = UserFactory(email="gone@example.com", roles=["account_manager"], is_active=False)
    owners = [continuation(at_stage(alice, "launched")).owner for _sale in range(4)]
    assert sorted(owner.pk for owner in owners) == sorted([anna.pk, anna.pk, second.pk, second.pk])
    assert gone not in owners


@pytest.mark.clause("AX-8.1")
def test_without_an_account_manager_the_sale_is_won_and_the_hand_over_waits_for_a_retry(
    alice: User, olga: User
) -> None:
    sale = at_stage(alice, "launched")
    assert fresh(sale).status == "won"
    run = RuleRun.objects.get(deal=sale, rule__clause="AX-8.1")
    assert (run.status, "account_manager" in run.error) == ("failed", True)
    person = UserFactory(email="new@example.com", roles=["account_manager"])
    assert engine.retry(run, by=Actor.person(olga), now=NOON + HOUR).status == "ok"
    assert continuation(sale).owner == person


@pytest.mark.clause("AX-8.1")
def test_work_in_production_is_stopped_only_with_a_reason(alice: User, anna: User) -> None:
    work = continuation(at_stage(alice, "launched"))
    assert clauses_against(work, "stopped", by=anna) == ["AX-8.1"]
    assert clauses_against(work, "stopped", by=anna, stop_reason="клиент закрылся") == []
