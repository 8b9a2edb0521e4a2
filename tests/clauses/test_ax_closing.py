"""Axelerator: how a deal is refused, what stands against it, and what follows."""

from __future__ import annotations

import pytest

from crm.models import Deal, Task, User
from notifications.models import Message
from pipelines import engine
from pipelines.actor import SYSTEM
from pipelines.engine import MoveRefused
from pipelines.errors import BadAnswer
from tests.clauses.steps import (
    DAY,
    HOUR,
    MINUTE,
    WEEK,
    at_stage,
    choose,
    clauses_against,
    fresh,
    hear_from,
    move,
    refused,
    talk,
    task_of,
    try_to_reach,
)
from tests.factories import NOON, make_deal

# ── AX-9.2 ─────────────────────────────────────────────────────────────────────


@pytest.mark.clause("AX-9.2")
def test_a_refusal_needs_its_reason_from_the_list(alice: User) -> None:
    deal = at_stage(alice, "taken")
    with refused(MoveRefused) as caught:
        move(deal, "refused")
    assert [(refusal.clause, refusal.fields) for refusal in caught.value.refusals] == [
        ("AX-9.2", ("refusal_reason",))
    ]
    with refused(BadAnswer):
        move(deal, "refused", refusal_reason="просто так")
    assert fresh(deal).stage.code == "taken"


@pytest.mark.clause("AX-9.2")
def test_a_refused_deal_asks_for_no_fields_of_the_stages_it_skips(alice: User) -> None:
    assert clauses_against(make_deal(alice), "refused", refusal_reason="spam") == []


@pytest.mark.clause("AX-9.2")
def test_a_refused_deal_has_no_open_tasks_but_the_heads(alice: User, olga: User) -> None:
    deal = at_stage(alice, "taken")
    move(deal, "refused", refusal_reason="spam")
    assert task_of(deal, "qualify").state == "cancelled"
    assert list(Task.objects.open().filter(deal=deal).values_list("code", flat=True)) == [
        "control_closing"
    ]


# ── AX-9.3 ─────────────────────────────────────────────────────────────────────

NEED_PROOF = ["expensive", "competitor", "postponed", "not_needed"]


@pytest.mark.clause("AX-9.3")
@pytest.mark.parametrize("reason", NEED_PROOF)
def test_a_refusal_needs_its_evidence(alice: User, reason: str) -> None:
    deal = at_stage(alice, "kp_sent")
    with refused(MoveRefused) as caught:
        move(deal, "refused", refusal_reason=reason)
    assert [(refusal.clause, refusal.fields) for refusal in caught.value.refusals] == [
        ("AX-9.3", ("refusal_evidence",))
    ]
    letter = hear_from(deal)
    assert clauses_against(deal, "refused", refusal_reason=reason, refusal_evidence=letter.pk) == []


@pytest.mark.clause("AX-9.3")
def test_a_conversation_is_evidence_with_its_recording_only(alice: User) -> None:
    deal = at_stage(alice, "kp_sent")
    bare = talk(deal)
    recorded = talk(deal, recording="https://calls.example.com/7.mp3")
    facts = {"refusal_reason": "expensive"}
    assert clauses_against(deal, "refused", refusal_evidence=bare.pk, **facts) == ["AX-9.3"]
    assert clauses_against(deal, "refused", refusal_evidence=str(recorded.pk), **facts) == []


@pytest.mark.clause("AX-9.3")
def test_our_own_note_is_no_evidence(alice: User) -> None:
    from crm import deals
    from pipelines.actor import Actor

    deal = at_stage(alice, "kp_sent")
    note = deals.write_note(deal, text="им дорого", by=Actor.person(alice), now=NOON)
    facts = {"refusal_reason": "expensive", "refusal_evidence": note.pk}
    assert clauses_against(deal, "refused", **facts) == ["AX-9.3"]


@pytest.mark.clause("AX-9.3")
@pytest.mark.parametrize("entry", ["of another deal", "999999999999", "9" * 40, "²", "-1", "abc"])
def test_an_entry_of_another_deal_or_of_none_is_refused_by_a_sentence(
    alice: User, entry: str
) -> None:
    deal = at_stage(alice, "kp_sent")
    if entry == "of another deal":
        entry = str(hear_from(at_stage(alice, "kp_sent")).pk)
    with refused(BadAnswer) as caught:
        move(deal, "refused", refusal_reason="expensive", refusal_evidence=entry)
    assert list(caught.value.errors) == ["refusal_evidence"]
    assert fresh(deal).stage.code == "kp_sent"


@pytest.mark.clause("AX-9.3")
@pytest.mark.parametrize("reason", ["spam", "no_answer", "unreached"])
def test_spam_and_silence_need_no_evidence(alice: User, reason: str) -> None:
    assert "AX-9.3" not in clauses_against(
        at_stage(alice, "kp_sent"), "refused", refusal_reason=reason
    )


# ── AX-9.4, AX-9.5a ────────────────────────────────────────────────────────────


def silent(owner: User, *, attempts: int, stage: str = "kp_sent") -> Deal:
    """A client who spoke with us at noon and has not answered since."""
    deal = at_stage(owner, stage)
    talk(deal, now=NOON)
    try_to_reach(deal, attempts, now=NOON + HOUR)
    return deal


LATER = NOON + 4 * WEEK


@pytest.mark.clause("AX-9.4")
@pytest.mark.parametrize(
    ("attempts", "against"), [(0, ["AX-9.4"]), (2, ["AX-9.4"]), (3, []), (5, [])]
)
def test_a_silent_client_is_closed_after_three_attempts(
    alice: User, attempts: int, against: list[str]
) -> None:
    deal = silent(alice, attempts=attempts)
    assert clauses_against(deal, "refused", refusal_reason="no_answer", now=LATER) == against


@pytest.mark.clause("AX-9.4")
def test_the_refusal_says_how_many_attempts_were_made(alice: User) -> None:
    with refused(MoveRefused, match=r"2.*3"):
        move(silent(alice, attempts=2), "refused", refusal_reason="no_answer", now=LATER)


@pytest.mark.clause("AX-9.4")
def test_attempts_before_the_last_communication_do_not_count(alice: User) -> None:
    deal = at_stage(alice, "kp_sent")
    try_to_reach(deal, 3, now=NOON)
    talk(deal, now=NOON + HOUR)
    assert clauses_against(deal, "refused", refusal_reason="no_answer", now=LATER) == ["AX-9.4"]


@pytest.mark.clause("AX-9.5a")
@pytest.mark.parametrize(
    ("at", "against"), [(3 * WEEK - MINUTE, ["AX-9.5a"]), (3 * WEEK, []), (3 * WEEK + MINUTE, [])]
)
def test_a_silent_client_is_closed_three_weeks_after_the_last_communication(
    alice: User, at, against
) -> None:
    deal = silent(alice, attempts=3)
    assert clauses_against(deal, "refused", refusal_reason="no_answer", now=NOON + at) == against


@pytest.mark.clause("AX-9.5a")
def test_the_refusal_says_from_which_day_it_is_allowed(alice: User) -> None:
    # 10 March and three weeks.
    with refused(MoveRefused, match="31"):
        move(silent(alice, attempts=3), "refused", refusal_reason="no_answer", now=NOON + DAY)


@pytest.mark.clause("AX-9.5a")
def test_all_that_stands_against_it_is_said_at_once(alice: User) -> None:
    deal = silent(alice, attempts=1)
    assert clauses_against(deal, "refused", refusal_reason="no_answer", now=NOON + DAY) == [
        "AX-9.4",
        "AX-9.5a",
    ]


@pytest.mark.clause("AX-9.5a")
def test_a_lead_never_reached_is_no_silent_client(alice: User) -> None:
    deal = at_stage(alice, "taken")
    try_to_reach(deal, 3)
    assert clauses_against(deal, "refused", refusal_reason="no_answer", now=LATER) == ["AX-9.5a"]
    assert clauses_against(deal, "refused", refusal_reason="unreached", now=NOON) == []


# ── AX-9.5b ────────────────────────────────────────────────────────────────────


@pytest.mark.clause("AX-9.5b")
@pytest.mark.parametrize(
    ("phone", "email", "against"),
    [
        ("+375291112233", "", []),
        ("+375291112233", "lead@example.com", ["AX-9.5b"]),
        ("", "lead@example.com", ["AX-9.5b"]),
    ],
)
def test_not_reached_by_phone_is_said_of_a_client_known_by_phone_alone(
    alice: User, phone: str, email: str, against: list[str]
) -> None:
    deal = at_stage(alice, "kp_sent", phone=phone, email=email)
    talk(deal, now=NOON)
    try_to_reach(deal, 3, now=NOON + HOUR)
    assert clauses_against(deal, "refused", refusal_reason="unreached", now=LATER) == against


@pytest.mark.clause("AX-9.5b")
def test_a_lead_never_reached_is_not_reached_by_whatever_channels_it_has(alice: User) -> None:
    deal = at_stage(alice, "taken")
    try_to_reach(deal, 3)
    assert clauses_against(deal, "refused", refusal_reason="unreached") == []


# ── AX-9.7 ─────────────────────────────────────────────────────────────────────


@pytest.mark.clause("AX-9.7")
def test_after_eight_weeks_of_silence_the_system_closes_the_deal(alice: User) -> None:
    deal = silent(alice, attempts=0)
    engine.fire_due(NOON + 8 * WEEK - MINUTE)
    assert fresh(deal).status == "open"
    engine.fire_due(NOON + 8 * WEEK)
    deal = fresh(deal)
    assert (deal.stage.code, deal.values["refusal_reason"]) == ("refused", "no_answer")
    entry = deal.events.get(verb="deal.moved", data__to_code="refused")
    assert (entry.actor, entry.rule.clause) == (None, "AX-9.7")


@pytest.mark.clause("AX-9.7")
def test_a_lead_that_was_never_reached_is_closed_eight_weeks_after_it_came(alice: User) -> None:
    deal = make_deal(alice)
    engine.fire_due(NOON + 8 * WEEK)
    assert fresh(deal).status == "lost"


@pytest.mark.clause("AX-9.7")
def test_a_sign_of_life_puts_the_closing_off(alice: User) -> None:
    deal = silent(alice, attempts=0)
    hear_from(deal, now=NOON + 7 * WEEK)
    engine.fire_due(NOON + 8 * WEEK)
    assert fresh(deal).status == "open"
    engine.fire_due(NOON + 15 * WEEK)
    assert fresh(deal).status == "lost"


@pytest.mark.clause("AX-9.7")
def test_our_own_attempts_do_not_put_the_closing_off(alice: User) -> None:
    deal = silent(alice, attempts=0)
    try_to_reach(deal, 2, now=NOON + 7 * WEEK)
    engine.fire_due(NOON + 8 * WEEK)
    assert fresh(deal).status == "lost"


@pytest.mark.clause("AX-9.7")
def test_a_won_deal_is_not_closed_by_silence(alice: User, anna: User) -> None:
    deal = at_stage(alice, "launched")
    engine.fire_due(NOON + 9 * WEEK)
    assert fresh(deal).status == "won"


# ── AX-9.8 ─────────────────────────────────────────────────────────────────────


def closing_letters(deal: Deal) -> int:
    return Message.objects.filter(deal=deal, template__code="deal_closed").count()


@pytest.mark.clause("AX-9.8")
def test_the_client_is_told_that_the_deal_is_closed(alice: User) -> None:
    deal = make_deal(alice, name="Внедрение склада")
    move(deal, "refused", refusal_reason="wrong_address")
    letter = Message.objects.get(deal=deal)
    assert (letter.to, letter.template.name) == ("lead@example.com", "Сделка закрыта")
    assert "Внедрение склада" in letter.text


@pytest.mark.clause("AX-9.8")
def test_a_spammer_is_told_nothing(alice: User) -> None:
    deal = move(make_deal(alice), "refused", refusal_reason="spam")
    assert closing_letters(deal) == 0


@pytest.mark.clause("AX-9.8")
def test_the_client_is_told_once_however_often_the_deal_is_closed(alice: User, olga: User) -> None:
    deal = move(make_deal(alice), "refused", refusal_reason="wrong_address")
    move(deal, "new", by=olga)
    move(deal, "refused", by=olga)
    assert closing_letters(deal) == 1


@pytest.mark.clause("AX-9.8")
def test_a_client_without_an_email_is_closed_without_a_letter(alice: User) -> None:
    deal = move(make_deal(alice, email=""), "refused", refusal_reason="wrong_address")
    assert (fresh(deal).status, closing_letters(deal)) == ("lost", 0)
    assert not deal.rule_runs.filter(status="failed").exists()


# ── AX-9.9 ─────────────────────────────────────────────────────────────────────


@pytest.mark.clause("AX-9.9")
def test_each_closing_is_put_before_the_head_within_a_day(alice: User, olga: User) -> None:
    deal = at_stage(alice, "refused")
    task = task_of(deal, "control_closing")
    assert task.text == "Проконтролировать закрытие сделки"
    assert (task.owner, task.due_at, task.kind) == (olga, NOON + DAY, "control")


@pytest.mark.clause("AX-9.9")
def test_the_closing_by_the_system_is_put_before_the_head_too(alice: User, olga: User) -> None:
    deal = make_deal(alice)
    engine.fire_due(NOON + 8 * WEEK)
    assert task_of(deal, "control_closing").owner == olga


@pytest.mark.clause("AX-9.9")
def test_the_head_confirms_the_closing(alice: User, olga: User) -> None:
    deal = at_stage(alice, "refused")
    task = choose(task_of(deal, "control_closing"), "closing_confirmed", by=olga)
    assert (task.state, task.result, fresh(deal).status) == ("done", "отказ подтверждён", "lost")


@pytest.mark.clause("AX-9.9")
def test_the_head_sends_the_deal_back_where_it_came_from(alice: User, olga: User) -> None:
    deal = at_stage(alice, "discussed")
    move(deal, "refused", refusal_reason="spam")
    choose(
        task_of(deal, "control_closing"), "closing_reopened", by=olga, result="клиент перезвонил"
    )
    deal = fresh(deal)
    assert (deal.stage.code, deal.status, deal.closed_at) == ("discussed", "open", None)


@pytest.mark.clause("AX-9.9")
@pytest.mark.parametrize("outcome", ["closing_confirmed", "closing_reopened"])
def test_a_manager_does_not_confirm_or_reopen_his_own_closing(
    alice: User, olga: User, outcome: str
) -> None:
    deal = at_stage(alice, "refused")
    with refused(MoveRefused) as caught:
        choose(task_of(deal, "control_closing"), outcome, by=alice, result="ладно")
    assert [refusal.clause for refusal in caught.value.refusals] == ["AX-9.9"]
    assert (task_of(deal, "control_closing").state, fresh(deal).status) == ("open", "lost")


@pytest.mark.clause("AX-9.9")
def test_a_manager_does_not_take_a_closed_deal_back_by_himself(
    alice: User, olga: User, administrator: User
) -> None:
    deal = at_stage(alice, "refused")
    assert clauses_against(deal, "new", by=alice) == ["AX-9.9"]
    assert clauses_against(deal, "new", by=SYSTEM) == ["AX-9.9"]
    assert clauses_against(deal, "new", by=olga) == []
    assert clauses_against(deal, "new", by=administrator) == []


@pytest.mark.clause("AX-9.9")
def test_a_head_closing_his_own_deal_is_controlled_by_another(
    olga: User, administrator: User
) -> None:
    assert task_of(at_stage(olga, "refused"), "control_closing").owner == administrator
