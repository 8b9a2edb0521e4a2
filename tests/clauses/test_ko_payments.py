"""KO-2.8 to KO-2.12: the payment robot, the prepayment, part and whole of the price, refunds."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.test import Client

from crm.card import feed_lines
from crm.card.page import next_stage
from crm.models import Deal, Payment, PaymentProvider, Task, User
from pipelines import engine, explain
from pipelines.models import Event, RuleRun, StageChange
from tests.clauses.steps import clauses_against, fresh, move, refused
from tests.factories import NOON
from tests.fixtures.school import lead, post, told

pytestmark = pytest.mark.usefixtures("provider")


def stage(deal: Deal) -> str:
    return fresh(deal).stage.code


def passed(deal: Deal) -> list[str]:
    """The stages that the deal passed, in order."""
    return list(
        StageChange.objects.filter(deal=deal)
        .order_by("pk")
        .values_list("to_stage__code", flat=True)
    )


@pytest.mark.clause("KO-2.8")
@pytest.mark.parametrize("who", ["alice", "irina", "administrator"])
def test_nobody_moves_a_deal_to_the_payment_process_by_hand(request, alice: User, who: str) -> None:
    person = request.getfixturevalue(who)
    deal = lead(alice, "talks")
    with refused(engine.MoveRefused) as caught:
        move(deal, "paying", by=person)
    assert "KO-2.8" in {refusal.clause for refusal in caught.value.refusals}
    assert stage(deal) == "talks"


@pytest.mark.clause("KO-2.8")
def test_the_robot_moves_a_paid_deal_through_the_process_to_the_prepayment(alice: User) -> None:
    deal = lead(alice, "talks")
    assert post(told(deal)).status_code == 200
    assert passed(deal)[-3:] == ["talks", "paying", "prepaid"]
    found = fresh(deal)
    assert (found.values["paid_sum"], found.values["paid_currency"]) == ("100.00", "USD")
    assert found.values["rest_due"] == "800.00"
    assert found.values["paid_at"].startswith("2026-03-10T07:00")
    assert not RuleRun.objects.filter(deal=deal, status="failed").exists()


@pytest.mark.clause("KO-2.8")
def test_a_payment_event_delivered_three_times_counts_once(alice: User) -> None:
    deal = lead(alice, "talks")
    answers = [post(told(deal)).json() for _time in range(3)]
    assert [answer.get("repeated", False) for answer in answers] == [False, True, True]
    assert Payment.objects.filter(deal=deal).count() == 1
    assert Event.objects.filter(deal=deal, verb="payment.received").count() == 1
    assert passed(deal).count("paying") == 1


@pytest.mark.clause("KO-2.8")
@pytest.mark.parametrize("source", ["new", "to_distribute", "unreached", "unqualified", "decides"])
def test_a_client_who_pays_at_the_webinar_passes_from_wherever_he_was(
    alice: User, source: str
) -> None:
    deal = lead(alice, source)
    post(told(deal))
    assert stage(deal) == "prepaid"


@pytest.mark.clause("KO-2.9")
@pytest.mark.parametrize(("amount", "currency"), [("100", "USD"), ("2000", "UAH"), ("49", "EUR")])
def test_the_prepayment_in_each_of_the_three_currencies(
    alice: User, amount: str, currency: str
) -> None:
    deal = lead(alice, "talks")
    post(told(deal, amount=amount, currency=currency))
    assert stage(deal) == "prepaid"


@pytest.mark.clause("KO-2.9")
@pytest.mark.parametrize(("amount", "currency"), [("99.99", "USD"), ("100", "UAH"), ("48", "EUR")])
def test_less_than_the_prepayment_moves_nothing_and_no_hand_does(
    alice: User, amount: str, currency: str
) -> None:
    deal = lead(alice, "talks")
    post(told(deal, amount=amount, currency=currency))
    assert stage(deal) == "talks"
    assert "KO-2.9" in clauses_against(deal, "prepaid", by=alice)


@pytest.mark.clause("KO-2.10")
def test_more_than_the_prepayment_and_less_than_the_price_is_a_part(
    client: Client, alice: User
) -> None:
    deal = lead(alice, "talks")
    post(told(deal))
    post(told(deal, event_id="evt-2", amount="300"))
    assert stage(deal) == "partial"
    client.force_login(alice)
    page = client.get(f"/deals/{deal.pk}/").content.decode()
    assert "500\u00a0$" in page
    assert "500\u00a0$" in client.get("/deals/?pipeline=school_sales").content.decode()


@pytest.mark.clause("KO-2.10")
def test_a_first_payment_beyond_the_prepayment_goes_on_to_the_part(alice: User) -> None:
    deal = lead(alice, "talks")
    post(told(deal, amount="400"))
    assert passed(deal)[-3:] == ["paying", "prepaid", "partial"]


@pytest.mark.clause("KO-2.10")
def test_no_hand_moves_a_deal_to_the_part_without_the_money(alice: User) -> None:
    deal = lead(alice, "talks")
    post(told(deal))
    assert "KO-2.10" in clauses_against(deal, "partial", by=alice, **{"contact.gender": "female"})


@pytest.mark.clause("KO-2.12")
def test_the_full_price_wins_the_deal(alice: User) -> None:
    deal = lead(alice, "talks")
    post(told(deal))
    post(told(deal, event_id="evt-2", amount="300"))
    post(told(deal, event_id="evt-3", amount="500"))
    assert stage(deal) == "won"
    assert fresh(deal).status == "won"


@pytest.mark.clause("KO-2.12")
def test_the_whole_at_once_wins_through_every_step(alice: User) -> None:
    deal = lead(alice, "talks")
    post(told(deal, amount="900"))
    assert passed(deal)[-3:] == ["paying", "prepaid", "won"]


@pytest.mark.clause("KO-2.12")
def test_a_hand_move_to_success_is_refused_with_the_sum_still_due(alice: User) -> None:
    deal = lead(alice, "talks")
    post(told(deal))
    with refused(engine.MoveRefused) as caught:
        move(fresh(deal), "won", by=alice)
    [refusal] = [item for item in caught.value.refusals if item.clause == "KO-2.12"]
    assert "800\u00a0$" in refusal.message
    assert "900\u00a0$" in refusal.message


@pytest.mark.clause("KO-2.12")
def test_prices_are_not_converted(alice: User) -> None:
    deal = lead(alice, "talks")
    post(told(deal, amount="830", currency="UAH"))
    assert stage(deal) == "talks"
    post(told(deal, event_id="evt-2", amount="830", currency="EUR"))
    assert stage(deal) == "won"


@pytest.mark.clause("KO-2.10")
def test_a_currency_without_a_price_is_kept_and_put_before_the_administrator(
    alice: User, irina: User
) -> None:
    deal = lead(alice, "talks")
    assert post(told(deal, amount="90000", currency="KZT")).status_code == 200
    assert stage(deal) == "talks"
    assert Payment.objects.get(deal=deal).currency == "KZT"
    assert Task.objects.get(deal=deal, code="odd_payment").owner == irina


@pytest.mark.clause("KO-2.10")
@pytest.mark.parametrize("closed", ["lost", "won", "refund"])
def test_a_payment_for_a_closed_deal_is_kept_moves_nothing_and_is_looked_into(
    alice: User, irina: User, rita: User, closed: str
) -> None:
    deal = lead(alice, "talks")
    if closed == "won":
        post(told(deal, event_id="evt-0", amount="900"))
    else:
        by = rita if closed == "refund" else alice
        move(deal, closed, by=by, refusal_reason="no_time")
    before = passed(deal)
    assert post(told(deal)).status_code == 200
    assert passed(deal) == before
    assert Payment.objects.filter(deal=deal, event_id="evt-1").exists()
    assert Task.objects.get(deal=deal, code="late_payment").owner == irina


@pytest.mark.clause("KO-2.11")
def test_only_the_refunds_manager_moves_a_deal_to_the_refund(
    alice: User, olga: User, rita: User, irina: User
) -> None:
    deal = lead(alice, "talks")
    post(told(deal))
    for person in (alice, olga, irina):
        with refused(engine.MoveRefused):
            move(fresh(deal), "refund", by=person)
    deal = fresh(deal)
    move(deal, "refund", by=rita)
    assert stage(deal) == "refund"


@pytest.mark.clause("KO-2.11")
def test_money_that_went_back_is_put_before_the_refunds_manager(alice: User, rita: User) -> None:
    deal = lead(alice, "talks")
    post(told(deal))
    post(told(deal, event_id="evt-2", type="refund"))
    assert stage(deal) == "prepaid"
    assert Task.objects.get(deal=deal, code="check_refund").owner == rita
    assert Decimal(fresh(deal).values["paid_sum"]) == 0


@pytest.mark.clause("KO-2.11")
def test_a_refund_told_before_its_payment_leaves_nothing_paid(alice: User, rita: User) -> None:
    deal = lead(alice, "talks")
    post(told(deal, event_id="evt-2", type="refund"))
    post(told(deal))
    assert stage(deal) == "talks"
    assert Payment.objects.filter(deal=deal).count() == 2


@pytest.mark.clause("KO-2.8")
def test_a_wrong_signature_changes_nothing(alice: User, provider: PaymentProvider) -> None:
    deal = lead(alice, "talks")
    assert post(told(deal), secret="guessed").status_code == 401
    assert stage(deal) == "talks"
    assert not Payment.objects.exists()


def test_the_feed_says_how_much_was_paid_and_the_card_what_a_manager_can_do_next(
    alice: User,
) -> None:
    deal = lead(alice, "talks")
    post(told(deal, amount="450"))
    titles = [line.title for line in feed_lines.read_feed(deal).lines]
    assert "Платёж получен: 450\u00a0$" in titles
    # «Refund» comes next, but nothing that a manager does leads to it.
    stages = explain.stage_answers(fresh(deal), user=alice, now=NOON)
    assert stage(deal) == "partial"
    assert (ahead := next_stage(stages)) is not None
    assert ahead.stage.kind == "won"
