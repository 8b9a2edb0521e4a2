"""The feed: every fact a sentence, in portions, in a bounded number of queries."""

from datetime import timedelta

import pytest
from django.test.utils import CaptureQueriesContext

from crm import contacting, deals
from crm.card import feed_lines
from crm.models import Task
from crm.planning import tasks
from pipelines import engine, feed, registry
from pipelines.actor import SYSTEM, Actor
from pipelines.models import Event, Rule, RuleRun
from tests.clauses.steps import at_stage, call_task, choose, task_of
from tests.factories import NOON, make_deal

pytestmark = pytest.mark.django_db

HTMX = {"HTTP_HX_REQUEST": "true"}


def lines(deal):
    return {line.event.verb: line for line in reversed(feed_lines.read_feed(deal, limit=200).lines)}


def test_a_move_says_from_where_to_where_and_who(alice):
    deal = make_deal(alice)
    engine.move(deal, to="taken", by=Actor.person(alice), now=NOON, answers={"platform": "site"})
    said = lines(deal)
    assert "Новая заявка → Взята в работу" in said["deal.moved"].title
    assert said["deal.moved"].who == "Алиса Белова"
    change = said["field.changed"].changes[0]
    assert (change.label, change.before, change.after) == ("Площадка", "", "Сайт")


def test_what_a_rule_did_has_the_system_as_its_author_with_the_clause(alice):
    deal = make_deal(alice)
    said = lines(deal)["task.created"]
    assert said.clause == "AX-L6"
    assert said.who != "Алиса Белова"
    assert "Позвонить новому лиду" in said.title


@pytest.mark.clause("AX-2.5")
def test_a_tasks_result_appears_in_the_feed(alice):
    deal = make_deal(alice)
    task = Task.objects.get(deal=deal)
    tasks.complete_task(task, result="поговорили, ждёт КП", by=Actor.person(alice), now=NOON)
    said = lines(deal)["task.completed"]
    assert said.text == "поговорили, ждёт КП"
    assert said.spoken


def test_an_outcome_and_the_task_it_finished_are_one_entry(alice):
    deal = at_stage(alice, "kp_sent")
    task = task_of(deal, "objections")
    choose(task, "thinks", result="думает до пятницы")
    said = lines(deal)
    assert "task.completed" not in said
    outcome = said["scenario.chosen"]
    assert task.text in outcome.text
    assert "думает до пятницы" in outcome.text
    assert outcome.spoken
    assert deal.events.filter(verb="task.completed", data__scenario="thinks").exists()


def test_an_outcome_that_leaves_its_task_open_says_nothing_of_done(alice):
    deal = at_stage(alice, "taken")
    task = call_task(deal)
    choose(task, "no_answer")
    outcome = lines(deal)["scenario.chosen"]
    assert outcome.text == task.text


def test_a_letter_without_a_subject_says_so_in_russian(alice):
    deal = make_deal(alice)
    feed.write("letter.queued", deal=deal, by=SYSTEM, now=NOON, data={"subject": ""})
    assert lines(deal)["letter.queued"].title.endswith(": без темы")


def test_a_money_field_is_shown_in_words_before_and_after(alice):
    deal = make_deal(alice, answers={"budget": "1000"})
    deals.edit_deal(deal, {"budget": "2500.5"}, by=Actor.person(alice), now=NOON)
    change = lines(deal)["field.changed"].changes[0]
    assert change.before.replace("\xa0", " ") == "1 000"
    assert change.after.replace("\xa0", " ").startswith("2 500")


def test_a_call_tells_its_length_and_links_its_recording(alice):
    deal = make_deal(alice)
    contacting.record_contact(
        deal,
        verb="call.answered",
        seconds=12 * 60 + 5,
        incoming=True,
        recording="https://rec.example/1",
        text="обсудили",
        by=Actor.person(alice),
        now=NOON,
    )
    said = lines(deal)["call.answered"]
    assert said.title.endswith(", 12 мин")
    assert "клиент" in said.title
    assert said.link == "https://rec.example/1"
    assert said.is_evidence


@pytest.mark.parametrize("verb", sorted(registry.verbs))
def test_every_verb_has_a_sentence_even_without_its_data(alice, verb):
    deal = make_deal(alice)
    # As an older edition may have left it: nobody is told of it now.
    event = Event.objects.create(verb=verb, deal=deal, at=NOON)
    line = next(line for line in feed_lines.read_feed(deal).lines if line.event.pk == event.pk)
    assert line.title


def test_a_verb_that_no_longer_exists_is_shown_by_its_name(alice):
    deal = make_deal(alice)
    Event.objects.create(verb="gone.verb", deal=deal, at=NOON)
    assert "gone.verb" in [line.title.lower() for line in feed_lines.read_feed(deal).lines]


def test_portions_follow_each_other_without_gaps_or_repetitions(alice):
    deal = make_deal(alice)
    for number in range(70):
        deals.write_note(
            deal, text=str(number), by=Actor.person(alice), now=NOON + timedelta(minutes=number)
        )
    seen, before = [], None
    while True:
        portion = feed_lines.read_feed(deal, before=before)
        seen += [line.event.pk for line in portion.lines]
        before = portion.next
        if before is None:
            break
    assert seen == list(
        Event.objects.filter(deal=deal).order_by("-pk").values_list("pk", flat=True)
    )


def test_the_feed_costs_the_same_however_long(alice, django_assert_num_queries):
    from django.db import connection

    short, long = make_deal(alice), make_deal(alice)
    for number in range(40):
        deals.write_note(long, text=str(number), by=Actor.person(alice), now=NOON)
        contacting.record_contact(long, verb="call.unanswered", by=Actor.person(alice), now=NOON)
    costs = []
    for deal in (short, long):
        deal = type(deal).objects.select_related("origin").get(pk=deal.pk)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            feed_lines.read_feed(deal)
        costs.append(len(queries))
    assert costs == [1, 1]


def test_a_letter_stands_in_the_feed_with_its_state_and_its_files(client, alice):
    from notifications import letters

    deal = make_deal(alice)
    letters.queue_letter(
        deal=deal, subject="КП", body="Во вложении", by=Actor.person(alice), now=NOON
    )
    said = lines(deal)["letter.queued"]
    assert said.message.status == "queued"
    assert "КП" in said.title
    client.force_login(alice)
    assert "Во вложении" in client.get(f"/letters/{said.message.pk}/").content.decode()


def test_a_letter_is_not_read_by_a_stranger(client, alice, charlie):
    from notifications import letters

    deal = make_deal(alice)
    message = letters.queue_letter(
        deal=deal, subject="КП", body="Тайна", by=Actor.person(alice), now=NOON
    )
    client.force_login(charlie)
    assert client.get(f"/letters/{message.pk}/").status_code == 404


def test_the_feed_of_a_stranger_is_404_and_what_is_written_is_escaped(client, alice, charlie):
    deal = make_deal(alice)
    deals.write_note(deal, text="<script>alert(1)</script>", by=Actor.person(alice), now=NOON)
    client.force_login(alice)
    page = client.get(f"/deals/{deal.pk}/feed/", **HTMX).content.decode()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    client.force_login(charlie)
    assert client.get(f"/deals/{deal.pk}/feed/").status_code == 404


@pytest.mark.parametrize("before", ["x", "-1", "9" * 40, "²"])
def test_a_nonsense_position_shows_the_newest(client, alice, before):
    deal = make_deal(alice)
    client.force_login(alice)
    assert client.get(f"/deals/{deal.pk}/feed/", {"before": before}, **HTMX).status_code == 200


def test_an_empty_note_is_refused_and_a_good_one_written(client, alice):
    deal = make_deal(alice)
    client.force_login(alice)
    assert client.post(f"/deals/{deal.pk}/note/", {"text": "  "}, **HTMX).status_code == 422
    assert client.post(f"/deals/{deal.pk}/note/", {"text": "важно"}, **HTMX).status_code == 204
    assert lines(deal)["note.written"].text == "важно"


@pytest.mark.parametrize(
    ("data", "attempts", "reached"),
    [
        ({"verb": "call.unanswered"}, 1, False),
        ({"verb": "message.sent", "channel": "telegram", "text": "?"}, 1, False),
        ({"verb": "call.answered", "minutes": "3"}, 0, True),
        ({"verb": "message.received", "channel": "telegram", "text": "да"}, 0, True),
    ],
)
def test_a_call_or_message_entered_by_hand_counts_as_what_it_was(
    client, alice, data, attempts, reached
):
    deal = make_deal(alice)
    client.force_login(alice)
    assert client.post(f"/deals/{deal.pk}/contacted/", data, **HTMX).status_code == 204
    deal = type(deal).objects.get(pk=deal.pk)
    assert (deal.attempts, bool(deal.last_contact_at)) == (attempts, reached)


def test_minutes_are_asked_for_and_seconds_kept(client, alice):
    deal = make_deal(alice)
    client.force_login(alice)
    typed = {"verb": "call.answered", "minutes": "12", "incoming": "1", "channel": "telegram"}
    client.post(f"/deals/{deal.pk}/contacted/", typed, **HTMX)
    data = deal.events.get(verb="call.answered").data
    assert data == {"seconds": 720, "incoming": True, "channel": "phone"}


def test_what_was_asked_for_another_kind_of_contact_is_not_kept(client, alice):
    deal = make_deal(alice)
    client.force_login(alice)
    typed = {"verb": "call.unanswered", "minutes": "12", "incoming": "1"}
    client.post(f"/deals/{deal.pk}/contacted/", typed, **HTMX)
    data = deal.events.get(verb="call.unanswered").data
    assert data == {"incoming": False, "channel": "phone"}


@pytest.mark.parametrize(
    "data",
    [
        {"verb": "deal.moved"},
        {},
        {"verb": "call.answered", "minutes": "-5"},
        {"verb": "message.sent", "channel": "pigeon"},
        {"verb": "call.answered", "recording": "javascript:alert(1)"},
    ],
)
def test_a_record_that_makes_no_sense_is_refused(client, alice, data):
    deal = make_deal(alice)
    client.force_login(alice)
    assert client.post(f"/deals/{deal.pk}/contacted/", data, **HTMX).status_code == 422
    assert "call.answered" not in lines(deal)


def fired(deal, *, minutes=0, skipped=False):
    """A timer's moment on the deal, and the run of its rule."""
    rule = Rule.objects.filter(pipeline_id=deal.pipeline_id).first()
    event = feed.write(
        "timer.fired", deal=deal, by=SYSTEM.through(rule.pk), now=NOON,
        data={"rule": rule.code, "clause": rule.clause, "late_minutes": minutes},
    )  # fmt: skip
    RuleRun.objects.create(
        rule=rule, deal=deal, occasion=f"test:{event.pk}", cause=event, at=NOON,
        status="skipped" if skipped else "ok",
    )  # fmt: skip
    return event


def test_a_moment_at_which_nothing_was_done_is_not_told(alice):
    deal = make_deal(alice)
    told, hidden = fired(deal), fired(deal, skipped=True)
    shown = {line.event.pk for line in feed_lines.read_feed(deal).lines}
    assert told.pk in shown
    assert hidden.pk not in shown


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (4, ""),
        (21, "с опозданием на 21 минуту"),
        (60, "с опозданием на 1 час"),
        (995, "с опозданием на 16 часов"),
        (47 * 60 + 59, "с опозданием на 47 часов"),
        (48 * 60, "с опозданием на 2 дня"),
        (31 * 24 * 60, "с опозданием на 31 день"),
    ],
)
def test_lateness_is_told_in_minutes_hours_or_days(alice, minutes, words):
    deal = make_deal(alice)
    fired(deal, minutes=minutes)
    assert lines(deal)["timer.fired"].text == words
