"""Axelerator: a licence counts down to its end and reminds once at thirty days and at seven."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from crm.models import Task, User
from notifications.models import Message
from pipelines.models import Event
from tests.clauses.steps import DAY, move, task_of
from tests.factories import NOON
from tests.licenses.steps import (
    END,
    before_end,
    licence_of,
    make_licence,
    midnight,
    reminders,
    stage_of,
    tick,
    type_expiry,
)

ASK = "У клиента через 1 мес. оканчивается лицензия. Уточнить у него о намерении продления"
INVOICE = "Выставить счет на оплату лицензии"
LETTER_30 = "[Axelerator] 30 дней. Внимание! У вас заканчивается лицензия на amoCRM"
LETTER_7 = "[Axelerator] 7 дней. Внимание! У вас заканчивается лицензия на amoCRM"
REMINDED_AT_30 = ["ask_renewal", "licence_30_days"]


# ── AX-LIC7, AX-LIC8 ───────────────────────────────────────────────────────────


@pytest.mark.clause("AX-LIC7")
def test_thirty_days_before_the_end_the_client_and_the_manager_are_reminded(alice: User) -> None:
    deal = make_licence(alice)
    moment = midnight(END) - 30 * DAY
    assert tick(moment - timedelta(minutes=1)) == 0
    assert stage_of(deal) == "running"
    tick(moment)
    assert (stage_of(deal), licence_of(deal).state) == ("days_30", "due_30")
    assert reminders(deal) == REMINDED_AT_30
    task = task_of(deal, "ask_renewal")
    assert (task.text, task.owner, task.rule.clause) == (ASK, alice, "AX-LIC7")
    letter = Message.objects.get(deal=deal)
    assert (letter.template.name, letter.to) == (LETTER_30, "lead@example.com")
    assert "10 марта 2027" in letter.text


@pytest.mark.clause("AX-LIC8")
def test_seven_days_before_the_end_the_invoice_is_asked_for(alice: User) -> None:
    deal = make_licence(alice)
    tick(before_end(30))
    tick(midnight(END) - 7 * DAY - timedelta(minutes=1))
    assert stage_of(deal) == "days_30"
    tick(midnight(END) - 7 * DAY)
    assert (stage_of(deal), licence_of(deal).state) == ("days_7", "due_7")
    assert task_of(deal, "send_invoice").text == INVOICE
    assert [
        letter.template.name for letter in Message.objects.filter(deal=deal).order_by("pk")
    ] == [
        LETTER_30,
        LETTER_7,
    ]


@pytest.mark.clause("AX-LIC7", "AX-LIC8")
def test_the_day_after_the_last_one_the_licence_is_expired(alice: User) -> None:
    deal = make_licence(alice)
    for days in (30, 7, 0):
        tick(before_end(days))
    assert licence_of(deal).state == "due_7"
    tick(before_end(-1))
    assert (stage_of(deal), licence_of(deal).state) == ("expired", "expired")


@pytest.mark.clause("AX-LIC7")
def test_a_deal_moved_by_hand_is_reminded_where_it_stands(alice: User) -> None:
    deal = make_licence(alice)
    move(deal, "days_30")
    assert reminders(deal) == []
    tick(before_end(30))
    assert (stage_of(deal), reminders(deal)) == ("days_30", REMINDED_AT_30)


@pytest.mark.clause("AX-LIC7")
def test_a_client_without_an_address_gets_no_letter_and_the_task_stands(alice: User) -> None:
    deal = make_licence(alice, email="")
    tick(before_end(30))
    assert (stage_of(deal), reminders(deal)) == ("days_30", ["ask_renewal"])


# ── AX-LIC8b ───────────────────────────────────────────────────────────────────


@pytest.mark.clause("AX-LIC8b")
def test_a_countdown_that_ran_often_reminds_once(alice: User) -> None:
    deal = make_licence(alice)
    for hours in range(0, 72, 6):
        tick(before_end(30) + timedelta(hours=hours))
    assert reminders(deal) == REMINDED_AT_30


@pytest.mark.clause("AX-LIC8b")
def test_a_countdown_that_stood_still_over_one_threshold_reminds_late_and_says_so(
    alice: User,
) -> None:
    deal = make_licence(alice)
    tick(before_end(20))
    assert (stage_of(deal), reminders(deal)) == ("days_30", REMINDED_AT_30)
    late = Event.objects.get(deal=deal, verb="timer.fired").data["late_minutes"]
    assert late == 10 * 24 * 60 + 10 * 60
    assert "10" in Event.objects.get(deal=deal, verb="licence.due").data["text"]


@pytest.mark.clause("AX-LIC8b")
def test_a_countdown_that_stood_still_over_both_sets_both_tasks_and_sends_what_makes_sense(
    alice: User,
) -> None:
    # Stopped for ten days, over both thresholds: the licence was 32 days long.
    ends = (NOON + 32 * DAY).date()
    deal = make_licence(alice, ends=ends)
    tick(midnight(ends) - 5 * DAY)
    assert stage_of(deal) == "days_7"
    assert reminders(deal) == ["ask_renewal", "send_invoice", "licence_7_days"]
    assert (
        Event.objects.filter(deal=deal, verb="timer.fired", data__late_minutes__gt=0).count() == 2
    )
    tick(midnight(ends) - 4 * DAY)
    assert len(reminders(deal)) == 3


@pytest.mark.clause("AX-LIC8b")
def test_after_the_end_no_letter_speaks_of_what_is_over(alice: User) -> None:
    deal = make_licence(alice)
    tick(before_end(-3))
    assert stage_of(deal) == "expired"
    assert reminders(deal) == ["ask_renewal", "send_invoice"]


@pytest.mark.clause("AX-LIC8b")
def test_a_licence_entered_a_few_days_before_its_end_has_no_month_to_speak_of(alice: User) -> None:
    ends = (NOON + 5 * DAY).date()
    deal = make_licence(alice, ends=ends)
    tick(NOON)
    assert stage_of(deal) == "days_7"
    assert reminders(deal) == ["send_invoice", "licence_7_days"]


@pytest.mark.clause("AX-LIC8b")
def test_a_changed_end_is_counted_down_anew(alice: User) -> None:
    deal = make_licence(alice)
    later = date(2027, 9, 1)
    type_expiry(deal, later, now=NOON + DAY)
    tick(before_end(30))
    assert (stage_of(deal), reminders(deal)) == ("running", [])
    tick(midnight(later) - 30 * DAY)
    assert (stage_of(deal), reminders(deal)) == ("days_30", REMINDED_AT_30)


@pytest.mark.clause("AX-LIC8b")
def test_an_end_moved_far_away_after_the_reminder_is_counted_down_anew(alice: User) -> None:
    deal = make_licence(alice)
    tick(before_end(30))
    later = date(2027, 9, 1)
    type_expiry(deal, later, now=before_end(29))
    assert (stage_of(deal), licence_of(deal).state) == ("running", "active")
    tick(midnight(later) - 30 * DAY)
    assert stage_of(deal) == "days_30"
    assert Message.objects.filter(deal=deal).count() == 2


@pytest.mark.clause("AX-LIC8b")
def test_an_end_moved_away_and_back_reminds_once(alice: User) -> None:
    deal = make_licence(alice)
    tick(before_end(30))
    type_expiry(deal, date(2027, 9, 1), now=before_end(29))
    type_expiry(deal, END, now=before_end(28))
    tick(before_end(28))
    # It stands again where the present end puts it.
    assert (stage_of(deal), licence_of(deal).state) == ("days_30", "due_30")
    assert reminders(deal) == REMINDED_AT_30
    assert Event.objects.filter(deal=deal, verb="timer.fired").count() == 1
    tick(before_end(7))
    assert (stage_of(deal), reminders(deal)[1]) == ("days_7", "send_invoice")


@pytest.mark.clause("AX-LIC8b")
def test_an_end_moved_away_and_back_before_the_reminder_reminds_once(alice: User) -> None:
    deal = make_licence(alice)
    for number in range(3):
        type_expiry(deal, date(2027, 9, 1), now=NOON + number * DAY)
        type_expiry(deal, END, now=NOON + number * DAY)
    tick(before_end(30))
    assert reminders(deal) == REMINDED_AT_30


@pytest.mark.clause("AX-LIC8b")
@pytest.mark.parametrize("days", [-3, -1, 1, 5, 20])
def test_an_end_corrected_by_some_days_does_not_remind_again(alice: User, days: int) -> None:
    deal = make_licence(alice)
    tick(before_end(30))
    ends = END + timedelta(days=days)
    type_expiry(deal, ends, now=before_end(29))
    tick(midnight(ends) - 29 * DAY + 12 * timedelta(hours=1))
    assert (stage_of(deal), licence_of(deal).state) == ("days_30", "due_30")
    assert reminders(deal) == REMINDED_AT_30
    tick(midnight(ends) - 7 * DAY)
    assert Task.objects.filter(deal=deal, code="send_invoice").count() == 1
