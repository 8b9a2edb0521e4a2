"""Axelerator: the commercial proposal, the objections and the further attempts."""

from __future__ import annotations

import pytest

from crm.models import Deal, Task, User
from crm.planning import tasks
from notifications import letters, outbox
from notifications.models import Message, Template
from pipelines.actor import Actor
from pipelines.engine import MoveRefused
from pipelines.errors import BadAnswer
from tests.clauses.steps import (
    DAY,
    HOUR,
    MINUTE,
    WEEK,
    at_stage,
    call_task,
    choose,
    clauses_against,
    fresh,
    minsk,
    move,
    offers,
    refused,
    take,
    task_of,
)
from tests.factories import NOON

# ── AX-3.1 ─────────────────────────────────────────────────────────────────────


@pytest.mark.clause("AX-3.1")
@pytest.mark.parametrize(
    ("entered", "due"),
    [
        ("2026-03-10 10:00", "2026-03-10 14:00"),
        ("2026-03-10 14:00", "2026-03-10 18:00"),
        ("2026-03-10 15:00", "2026-03-11 10:00"),
        ("2026-03-13 17:00", "2026-03-16 12:00"),  # over a week-end
    ],
)
def test_a_qualified_deal_gets_its_proposal_within_four_working_hours(
    alice: User, entered: str, due: str
) -> None:
    task = task_of(at_stage(alice, "qualified", now=minsk(entered)), "send_kp")
    assert task.text == "Отправить КП – Подготовить и отправить КП"
    assert (task.owner, task.due_at) == (alice, minsk(due))


# ── AX-3.3, AX-3.4, AX-3.5, AX-4.4: the templates ──────────────────────────────


def write(deal: Deal, code: str, *, by: User, **kwargs) -> Message:
    template = Template.objects.get(code=code)
    subject, body = letters.render(template, deal, by)
    facts = {"subject": subject, "body": body, "files": template.files.all()} | kwargs
    return letters.queue_letter(
        deal=deal, by=Actor.person(by), now=NOON, template=template, **facts
    )


@pytest.mark.clause("AX-3.3")
def test_the_proposal_goes_by_its_template_with_what_was_attached(alice: User) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    deal = at_stage(alice, "qualified")
    pdf = SimpleUploadedFile("КП для пекарни.pdf", b"%PDF-1.7")
    letter = write(deal, "send_kp", by=alice, files=[pdf])
    assert (letter.template.name, letter.to) == ("Отправка КП или оценки", "lead@example.com")
    assert "Алексей Лукашевич" in letter.text
    assert [file.name for file in letter.files.all()] == ["КП для пекарни.pdf"]


@pytest.mark.clause("AX-3.4")
def test_the_basic_proposal_comes_with_its_two_files_and_one_can_be_taken_off(alice: User) -> None:
    template = Template.objects.get(name="Отправка базового КП")
    assert [file.name for file in template.files.all()] == ["kp-rb.pdf", "kp-rf.pdf"]
    deal = at_stage(alice, "qualified")
    assert write(deal, template.code, by=alice).files.count() == 2
    one = write(deal, template.code, by=alice, files=template.files.exclude(name="kp-rf.pdf"))
    assert [file.name for file in one.files.all()] == ["kp-rb.pdf"]


@pytest.mark.clause("AX-3.5")
def test_the_blank_letter_holds_the_signature_and_nothing_else(alice: User) -> None:
    template = Template.objects.get(name="Пустое письмо")
    deal = at_stage(alice, "qualified")
    subject, body = letters.render(template, deal, alice)
    assert (template.subject, template.body.strip(), subject) == ("", "{signature}", "")
    assert "Алиса Белова" in body
    assert deal.contact.name not in body
    assert not template.files.exists()


@pytest.mark.clause("AX-4.4")
def test_the_reactivating_letter_goes_as_often_as_needed_and_each_is_an_attempt(
    alice: User, settings, tmp_path
) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_FILE_PATH = (
        "django.core.mail.backends.filebased.EmailBackend",
        tmp_path,
    )
    assert Template.objects.get(code="reactivation").name == "Реактивация по КП (если не отвечают)"
    deal = at_stage(alice, "kp_sent")
    for number in (1, 2, 3):
        letter = write(deal, "reactivation", by=alice)
        # A letter in the queue has reached nobody yet.
        assert fresh(deal).attempts == number - 1
        assert outbox.deliver_one_due(NOON + MINUTE)
        assert (fresh(letter).status, fresh(deal).attempts) == ("sent", number)


# ── AX-3.7, AX-3.9 ─────────────────────────────────────────────────────────────


@pytest.mark.clause("AX-3.7")
@pytest.mark.parametrize(
    ("outcome", "result"), [("kp_mailed", "отправил"), ("kp_told", "озвучил по телефону")]
)
def test_the_proposals_task_ends_with_sent_or_told(alice: User, outcome: str, result: str) -> None:
    deal = at_stage(alice, "qualified")
    task = task_of(deal, "send_kp")
    assert {item.label for item in tasks.task_outcomes(task, deal)} == {
        "Отправил",
        "Озвучил по телефону",
    }
    task = choose(task, outcome)
    assert (task.state, task.result) == ("done", result)


@pytest.mark.clause("AX-3.7")
def test_the_proposals_task_does_not_end_with_words_of_ones_own_alone(alice: User) -> None:
    task = task_of(at_stage(alice, "qualified"), "send_kp")
    with refused():
        tasks.complete_task(task, result="сделал", by=Actor.person(alice), now=NOON)
    assert fresh(task).state == "open"


@pytest.mark.clause("AX-3.7")
def test_only_the_proposal_told_by_phone_is_a_conversation(alice: User) -> None:
    mailed, told = at_stage(alice, "qualified"), at_stage(alice, "qualified")
    choose(task_of(mailed, "send_kp"), "kp_mailed")
    choose(task_of(told, "send_kp"), "kp_told")
    assert (fresh(mailed).last_contact_at, fresh(told).last_contact_at) == (None, NOON)


@pytest.mark.clause("AX-3.9")
@pytest.mark.parametrize("outcome", ["kp_mailed", "kp_told"])
def test_after_the_proposal_the_next_stage_is_offered_and_taken_by_one_click(
    alice: User, outcome: str
) -> None:
    deal = at_stage(alice, "qualified")
    assert not offers(deal)
    choose(task_of(deal, "send_kp"), outcome)
    (offer,) = offers(deal)
    assert offer.params["to"] == "kp_sent"
    assert fresh(deal).stage.code == "qualified"
    take(offer, by=alice)
    assert fresh(deal).stage.code == "kp_sent"


@pytest.mark.clause("AX-3.9")
def test_the_offer_asks_for_the_budget_like_any_move(alice: User) -> None:
    deal = at_stage(alice, "qualified")
    deal.budget = 0
    deal.save(update_fields=["budget"])
    choose(task_of(deal, "send_kp"), "kp_mailed")
    (offer,) = offers(deal)
    with refused(MoveRefused) as caught:
        take(offer, by=alice)
    assert caught.value.fields == ["budget"]
    take(offer, by=alice, budget="900")
    assert fresh(deal).stage.code == "kp_sent"


# ── AX-3.8 ─────────────────────────────────────────────────────────────────────


@pytest.mark.clause("AX-3.8")
@pytest.mark.parametrize(
    ("budget", "against"), [("", ["AX-3.8"]), ("0", ["AX-3.8"]), ("0,01", []), ("1 000,50", [])]
)
def test_a_proposal_is_sent_only_with_a_budget_above_zero(
    alice: User, budget: str, against: list[str]
) -> None:
    deal = at_stage(alice, "qualified")
    assert clauses_against(deal, "kp_sent", budget=budget) == against


@pytest.mark.clause("AX-3.8")
def test_the_highest_of_several_sums_stays_in_the_budget(alice: User) -> None:
    deal = at_stage(alice, "qualified")
    move(deal, "kp_sent", budget="2500")
    assert fresh(deal).budget == 2500


# ── AX-4.1 ─────────────────────────────────────────────────────────────────────


@pytest.mark.clause("AX-4.1")
def test_objections_are_answered_within_a_day(alice: User) -> None:
    friday = minsk("2026-03-13 17:00")
    task = task_of(at_stage(alice, "kp_sent", now=friday), "objections")
    assert task.text == "Связаться с клиентом – обработать возражения"
    assert (task.kind, task.due_at) == ("call", friday + DAY)


# ── AX-4.5 to AX-4.8: the outcomes of the call ─────────────────────────────────


@pytest.mark.clause("AX-4.5")
@pytest.mark.parametrize("stage", ["kp_sent", "discussed", "attempts"])
def test_a_client_who_agrees_brings_the_deal_to_the_start_in_one_step(
    alice: User, stage: str
) -> None:
    deal = at_stage(alice, stage)
    task = choose(call_task(deal), "agreed")
    assert (task.state, task.result, fresh(deal).stage.code) == (
        "done",
        "согласовал старт",
        "start",
    )
    assert fresh(deal).last_contact_at == NOON
    assert task_of(deal, "contract").state == "open"


@pytest.mark.clause("AX-4.5")
def test_the_start_is_reached_by_hand_in_one_step_too(alice: User) -> None:
    assert clauses_against(at_stage(alice, "kp_sent"), "start") == []


@pytest.mark.clause("AX-4.6")
@pytest.mark.parametrize("outcome", ["wants_changes", "thinks"])
@pytest.mark.parametrize("stage", ["kp_sent", "discussed", "attempts"])
def test_a_client_who_wants_changes_or_thinks_goes_to_further_attempts(
    alice: User, stage: str, outcome: str
) -> None:
    deal = at_stage(alice, stage)
    task = choose(call_task(deal), outcome)
    assert (task.state, fresh(deal).stage.code) == ("done", "attempts")
    assert fresh(deal).last_contact_at == NOON


@pytest.mark.clause("AX-4.7")
def test_a_client_who_thinks_is_called_on_the_day_he_names(alice: User) -> None:
    deal = at_stage(alice, "kp_sent")
    choose(task_of(deal, "objections"), "thinks", call_back="2026-03-20T11:00")
    task = Task.objects.get(deal=deal, code="call_back")
    assert (task.kind, task.due_at) == ("call", minsk("2026-03-20 11:00"))


@pytest.mark.clause("AX-4.7")
def test_without_a_day_the_call_is_a_week_later_and_each_time_a_week_later_again(
    alice: User,
) -> None:
    deal = at_stage(alice, "kp_sent")
    choose(task_of(deal, "objections"), "thinks", call_back="")
    first = Task.objects.get(deal=deal, code="call_back")
    assert first.due_at == NOON + WEEK
    choose(first, "thinks", now=NOON + WEEK + HOUR)
    second = Task.objects.get(deal=deal, code="call_back", state="open")
    assert second.due_at == NOON + 2 * WEEK + HOUR
    assert fresh(deal).next_task_at == second.due_at


@pytest.mark.clause("AX-4.7")
@pytest.mark.parametrize(
    "day", ["завтра", "2026-13-45T99:00", "2999-01-01T10:00", "0001-01-01T00:00"]
)
def test_a_day_that_is_none_or_too_far_away_is_refused_and_nothing_changes(
    alice: User, day: str
) -> None:
    deal = at_stage(alice, "kp_sent")
    with refused(BadAnswer) as caught:
        choose(task_of(deal, "objections"), "thinks", call_back=day)
    assert "call_back" in caught.value.errors
    assert (task_of(deal, "objections").state, fresh(deal).stage.code) == ("open", "kp_sent")


@pytest.mark.clause("AX-4.8")
def test_having_discussed_the_proposal_brings_the_deal_to_the_next_stage(alice: User) -> None:
    deal = at_stage(alice, "kp_sent")
    task = choose(task_of(deal, "objections"), "discussed_kp")
    assert (task.result, fresh(deal).stage.name) == ("обсудили КП", "Обсудили КП")
    assert fresh(deal).last_contact_at == NOON


@pytest.mark.clause("AX-4.8")
def test_a_further_discussion_does_not_bring_the_deal_back(alice: User) -> None:
    deal = at_stage(alice, "attempts")
    choose(call_task(deal), "discussed_kp")
    assert fresh(deal).stage.code == "attempts"


# ── AX-5.1 ─────────────────────────────────────────────────────────────────────


@pytest.mark.clause("AX-5.1")
def test_further_attempts_create_no_task_and_the_deal_without_one_is_flagged(alice: User) -> None:
    deal = at_stage(alice, "attempts")
    for task in deal.tasks.filter(state="open"):
        tasks.cancel_task(task, by=Actor.person(alice), now=NOON)
    assert not deal.tasks.filter(state="open").exists()
    assert list(Deal.objects.visible_to(alice).without_task()) == [deal]
    call_task(fresh(deal))
    assert not Deal.objects.visible_to(alice).without_task().exists()


@pytest.mark.clause("AX-5.1")
def test_entering_further_attempts_runs_no_rule(alice: User) -> None:
    deal = at_stage(alice, "discussed")
    before = deal.tasks.count()
    move(deal, "attempts")
    assert deal.tasks.count() == before


def test_a_closed_deal_without_a_task_is_not_flagged(alice: User, anna: User) -> None:
    deal = at_stage(alice, "launched")
    for task in deal.tasks.filter(state="open"):
        tasks.cancel_task(task, by=Actor.person(alice), now=NOON)
    assert not Deal.objects.visible_to(alice).without_task().exists()
