"""Axelerator: licences. They are opened by a sale, and are renewed or refused."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from crm.models import Deal, Task, User
from licenses import verbs
from licenses.models import Licence, Period
from pipelines.actor import Actor
from pipelines.engine import MoveRefused
from pipelines.errors import BadAnswer
from pipelines.models import Event, RuleRun
from tests.clauses.steps import DAY, EVERYTHING, fresh, move, refused, runs, task_of
from tests.factories import NOON, make_deal
from tests.licenses.steps import (
    END,
    before_end,
    licence_of,
    make_licence,
    midnight,
    reminders,
    renew,
    stage_of,
    tick,
)

REMINDED_AT_30 = ["ask_renewal", "licence_30_days"]


def sell(owner: User, product: str = "amocrm_licence") -> Deal:
    """A sale that enters «Запущено в работу»."""
    sale = make_deal(owner, name="Лицензия amoCRM")
    return move(sale, "launched", **EVERYTHING, payment_received="on", product=product)


# ── AX-LIC1, AX-LIC2, AX-LIC4 ──────────────────────────────────────────────────


@pytest.mark.clause("AX-LIC1")
def test_a_deal_of_the_licences_pipeline_carries_a_licence(alice: User) -> None:
    deal = make_deal(alice, pipeline="licences")
    assert deal.pipeline.name == "Лицензии"
    assert licence_of(deal).state == "active"
    assert Event.objects.filter(deal=deal, verb="licence.opened").count() == 1


@pytest.mark.clause("AX-LIC2")
def test_a_launched_sale_of_a_licence_opens_its_deal_once(alice: User, anna: User) -> None:
    sale = sell(alice)
    deal = Deal.objects.get(origin=sale, pipeline__code="licences")
    assert (deal.owner, deal.contact, deal.budget) == (alice, sale.contact, Decimal("1500"))
    assert licence_of(deal).sale == sale
    assert task_of(deal, "enter_expiry").state == "open"
    # Taken back and launched again, it is the same licence.
    move(fresh(sale), "invoice", now=NOON + DAY)
    move(fresh(sale), "launched", now=NOON + 2 * DAY)
    assert Licence.objects.filter(sale=sale).count() == 1
    assert runs(sale, "AX-LIC2") == 2


@pytest.mark.clause("AX-LIC2")
@pytest.mark.parametrize("product", ["implementation", "support"])
def test_another_product_opens_no_licence(alice: User, anna: User, product: str) -> None:
    sale = sell(alice, product)
    assert not Deal.objects.filter(origin=sale, pipeline__code="licences").exists()


@pytest.mark.clause("AX-LIC4")
def test_a_licence_is_for_a_year_where_nothing_else_is_said(alice: User, anna: User) -> None:
    licence = Licence.objects.get(sale=sell(alice))
    assert (licence.renewal_months, licence.periods.get().months) == (12, 12)
    assert licence.expires_on is None


# ── AX-LIC5 ────────────────────────────────────────────────────────────────────


@pytest.mark.clause("AX-LIC5")
@pytest.mark.parametrize(
    ("paid", "months", "bonus", "ends"),
    [
        ("2026-03-10", 12, 0, "2027-03-10"),
        ("2026-01-31", 1, 0, "2026-02-28"),
        ("2024-02-29", 12, 0, "2025-02-28"),
        ("2026-02-27", 12, 2, "2027-04-27"),
    ],
)
def test_the_end_is_the_confirmed_payment_and_the_months(
    alice: User, paid: str, months: int, bonus: int, ends: str
) -> None:
    deal = make_licence(alice, ends=None)
    verbs.confirm_payment(
        deal,
        paid_on=date.fromisoformat(paid),
        months=months,
        bonus_months=bonus,
        price=Decimal("900"),
        by=Actor.person(alice),
        now=NOON,
    )
    licence = licence_of(deal)
    assert (str(licence.expires_on), licence.expiry_source) == (ends, "computed")
    assert (licence.expiry_set_by, licence.expiry_set_at) == (alice, NOON)
    period = licence.periods.get()
    assert (str(period.starts_on), str(period.ends_on), str(period.paid_on)) == (paid, ends, paid)
    assert (period.months, period.bonus_months, period.price) == (months, bonus, Decimal("900"))


@pytest.mark.clause("AX-LIC5")
def test_the_end_typed_from_the_account_says_so(alice: User, client) -> None:
    deal = make_licence(alice)
    licence = licence_of(deal)
    assert (licence.expires_on, licence.expiry_source) == (END, "typed")
    assert task_of(deal, "enter_expiry").state == "done"


# ── AX-LIC6 ────────────────────────────────────────────────────────────────────


@pytest.mark.clause("AX-LIC6")
def test_a_licence_of_an_existing_account_is_entered_with_its_budget_proposed(alice: User) -> None:
    deal = make_licence(alice, ends=None)
    verbs.enter_licence(
        deal,
        expires_on=END,
        account_id="29301157",
        users=8,
        months=6,
        last_price=Decimal("1500"),
        last_users=5,
        by=Actor.person(alice),
        now=NOON,
    )
    licence = licence_of(deal)
    assert (licence.expires_on, licence.account_id) == (END, "29301157")
    assert (licence.users, licence.renewal_months) == (8, 6)
    assert fresh(deal).budget == Decimal("2400")


@pytest.mark.clause("AX-LIC6")
def test_a_budget_that_was_typed_is_not_proposed_over(alice: User) -> None:
    deal = make_licence(alice, ends=None)
    facts = {"users": 8, "last_price": Decimal("1500"), "last_users": 5}
    verbs.enter_licence(
        deal, expires_on=END, budget=Decimal("2000"), by=Actor.person(alice), now=NOON, **facts
    )
    assert fresh(deal).budget == Decimal("2000")


# ── AX-LIC11 ───────────────────────────────────────────────────────────────────

WHY = {"refusal_kind": "elsewhere", "refusal_reason": "Нашёл партнёра дешевле"}


@pytest.mark.clause("AX-LIC11")
def test_a_refusal_asks_which_and_why(alice: User) -> None:
    deal = make_licence(alice)
    tick(before_end(30))
    with refused(MoveRefused) as caught:
        move(fresh(deal), "refused")
    assert [(item.clause, item.fields) for item in caught.value.refusals] == [
        ("AX-LIC11", ("refusal_kind", "refusal_reason"))
    ]
    with refused(BadAnswer):
        move(fresh(deal), "refused", refusal_kind="просто", refusal_reason="так")


@pytest.mark.clause("AX-LIC11")
@pytest.mark.parametrize("kind", ["elsewhere", "leaves"])
def test_a_refusal_sets_the_task_to_solve_it_and_ends_the_countdown(alice: User, kind: str) -> None:
    deal = make_licence(alice)
    tick(before_end(30))
    move(fresh(deal), "refused", now=before_end(29), **WHY | {"refusal_kind": kind})
    licence = licence_of(deal)
    assert (licence.state, licence.refusal_kind) == ("refused", kind)
    assert licence.refusal_reason == WHY["refusal_reason"]
    open_tasks = Task.objects.open().filter(deal=deal)
    assert list(open_tasks.values_list("code", flat=True)) == ["win_back"]
    assert tick(before_end(7)) == 0
    assert Event.objects.get(deal=deal, verb="licence.refused").data["kind"] == kind


@pytest.mark.clause("AX-LIC11")
def test_a_client_won_back_is_counted_down_again_but_not_reminded_again(alice: User) -> None:
    deal = make_licence(alice)
    tick(before_end(30))
    move(fresh(deal), "refused", now=before_end(29), **WHY)
    move(fresh(deal), "days_30", now=before_end(25))
    licence = licence_of(deal)
    assert (licence.state, licence.refusal_kind) == ("due_30", "")
    tick(before_end(24))
    assert reminders(deal) == REMINDED_AT_30
    tick(before_end(7))
    assert stage_of(deal) == "days_7"


# ── AX-LIC12 ───────────────────────────────────────────────────────────────────


@pytest.mark.clause("AX-LIC12")
def test_a_paid_renewal_moves_the_end_and_returns_the_deal_to_the_start(alice: User) -> None:
    deal = make_licence(alice)
    tick(before_end(30))
    tick(before_end(7))
    renew(fresh(deal), now=before_end(5), months=12, bonus_months=1, price=Decimal("1800"))
    licence = licence_of(deal)
    assert (licence.expires_on, licence.expiry_source) == (date(2028, 4, 10), "computed")
    assert (stage_of(deal), licence.state) == ("running", "renewed")
    assert not Task.objects.open().filter(deal=deal).exists()
    assert [
        (period.number, str(period.ends_on), period.months, period.bonus_months, period.price)
        for period in licence.periods.all()
    ] == [
        (1, "2027-03-10", 12, 0, None),
        (2, "2028-04-10", 12, 1, Decimal("1800")),
    ]
    assert runs(deal, "AX-LIC12") == 2


@pytest.mark.clause("AX-LIC12", "AX-LIC8b")
def test_every_period_has_its_own_reminders(alice: User) -> None:
    deal = make_licence(alice)
    tick(before_end(30))
    renew(fresh(deal), now=before_end(20), months=1)
    ends = licence_of(deal).expires_on
    assert ends == date(2027, 4, 10)
    tick(midnight(ends) - 30 * DAY)
    tick(midnight(ends) - 7 * DAY)
    assert reminders(deal) == [
        "ask_renewal",
        "ask_renewal",
        "send_invoice",
        "licence_30_days",
        "licence_30_days",
        "licence_7_days",
    ]


@pytest.mark.clause("AX-LIC12")
def test_a_renewal_after_the_end_runs_from_its_payment(alice: User) -> None:
    deal = make_licence(alice)
    tick(before_end(-20))
    renew(fresh(deal), now=before_end(-20), months=12)
    assert licence_of(deal).expires_on == date(2028, 3, 30)
    assert stage_of(deal) == "running"


@pytest.mark.clause("AX-LIC12")
def test_a_client_who_refused_and_paid_after_all_is_back_at_the_start(alice: User) -> None:
    deal = make_licence(alice)
    tick(before_end(30))
    move(fresh(deal), "refused", now=before_end(29), **WHY)
    renew(fresh(deal), now=before_end(20))
    licence = licence_of(deal)
    assert (stage_of(deal), licence.state, licence.refusal_kind) == ("running", "renewed", "")
    assert fresh(deal).status == "open"
    assert not Task.objects.open().filter(deal=deal).exists()
    tick(midnight(licence.expires_on) - 30 * DAY)
    assert stage_of(deal) == "days_30"


def test_no_rule_of_the_licences_has_failed(alice: User, anna: User) -> None:
    deal = make_licence(alice)
    for days in (30, 7, -1):
        tick(before_end(days))
    renew(fresh(deal), now=before_end(-2))
    sell(alice)
    assert not RuleRun.objects.filter(status__in=("failed", "looped")).exists()
    assert Period.objects.count() == 3
