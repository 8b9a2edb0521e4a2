"""Timers: armed with what makes them necessary, cancelled with it, fired once however late."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm import deals
from crm.models import Deal, User
from pipelines import engine, timers
from pipelines.actor import Actor
from pipelines.models import Event, RuleRun, Timer
from tests.clauses.steps import DAY, HOUR, MINUTE, WEEK, fresh, hear_from, move, talk
from tests.factories import NOON, make_deal
from tests.pipelines.lab import Lab


@pytest.fixture
def waiting(lab: Lab) -> Lab:
    """On stage two a tag after a day; a day before «day» a note; on every stage a tag a week after it came."""
    lab.rule("add_tag", {"names": ["засиделась"]}, stage="two", when="stay", period="1d")
    lab.rule("set_field", {"values": {"note": "завтра"}}, when="before", date="day", period="1d")
    lab.rule("add_tag", {"names": ["неделя"]}, when="after", date="created", period="1w")
    lab.ready()
    return lab


def lab_deal(owner: User, **kwargs) -> Deal:
    return make_deal(owner, pipeline="lab", **kwargs)


def armed(deal: Deal) -> dict[str, datetime]:
    found = Timer.objects.filter(deal=deal, state="armed").select_related("rule")
    return {timer.rule.clause: timer.due_at for timer in found}


def set_day(deal: Deal, day: str, *, now: datetime = NOON) -> None:
    deals.edit_deal(deal, {"day": day}, by=Actor.person(deal.owner), now=now)


def tags(deal: Deal) -> list[str]:
    return sorted(deal.tags.values_list("name", flat=True))


# ── Armed and cancelled ────────────────────────────────────────────────────────


def test_a_stage_arms_its_timers_when_entered_and_cancels_them_when_left(
    alice: User, waiting: Lab
) -> None:
    deal = lab_deal(alice)
    assert armed(deal) == {"L-3": NOON + WEEK}
    move(deal, "two", now=NOON + HOUR)
    assert armed(deal) == {"L-3": NOON + WEEK, "L-1": NOON + HOUR + DAY}
    move(deal, "three", now=NOON + 2 * HOUR)
    assert armed(deal) == {"L-3": NOON + WEEK}
    cancelled = Timer.objects.get(deal=deal, rule__clause="L-1")
    assert (cancelled.state, cancelled.ended_at) == ("cancelled", NOON + 2 * HOUR)


def test_a_timer_fires_at_its_moment_and_not_before(alice: User, waiting: Lab) -> None:
    deal = move(lab_deal(alice), "two")
    assert engine.fire_due(NOON + DAY - MINUTE) == 0
    assert engine.fire_due(NOON + DAY) == 1
    assert tags(deal) == ["засиделась"]
    event = deal.events.get(verb="timer.fired")
    assert (event.actor, event.rule.clause, event.data["late_minutes"]) == (None, "L-1", 0)


def test_a_timer_fires_once_however_often_the_tick_comes(alice: User, waiting: Lab) -> None:
    move(lab_deal(alice), "two")
    assert [engine.fire_due(NOON + DAY) for _tick in range(3)] == [1, 0, 0]
    assert RuleRun.objects.filter(rule__clause="L-1").count() == 1


def test_after_an_outage_everything_overdue_fires_once_and_says_how_late(
    alice: User, waiting: Lab
) -> None:
    deal = move(lab_deal(alice), "two")
    assert engine.fire_due(NOON + 30 * DAY) == 2
    assert engine.fire_due(NOON + 30 * DAY) == 0
    assert tags(deal) == ["засиделась", "неделя"]
    late = deal.events.get(verb="timer.fired", rule__clause="L-1").data["late_minutes"]
    assert late == 29 * 24 * 60


def test_a_tick_takes_what_is_due_in_portions(alice: User, waiting: Lab) -> None:
    for _deal in range(5):
        move(lab_deal(alice), "two")
    assert [engine.fire_due(NOON + DAY, limit=2) for _tick in range(4)] == [2, 2, 1, 0]


def test_a_closed_deal_waits_for_nothing_and_a_reopened_one_again(
    alice: User, waiting: Lab
) -> None:
    deal = lab_deal(alice)
    move(deal, "won", day="2026-04-01")
    assert armed(deal) == {}
    set_day(deal, "2026-04-02")
    assert armed(deal) == {}
    move(deal, "one", now=NOON + HOUR)
    assert set(armed(deal)) == {"L-2", "L-3"}


def test_a_timer_whose_rule_is_gone_is_cancelled_and_stops_nothing(
    alice: User, waiting: Lab
) -> None:
    deal = move(lab_deal(alice), "two")
    waiting.row.rules.filter(clause="L-1").update(is_active=False)
    waiting.ready()
    assert engine.fire_due(NOON + DAY) == 1
    assert engine.fire_due(NOON + DAY) == 0
    assert tags(deal) == []
    assert Timer.objects.get(deal=deal, rule__clause="L-1").state == "cancelled"


def test_a_pipeline_that_is_switched_off_fires_nothing(alice: User, waiting: Lab) -> None:
    deal = move(lab_deal(alice), "two")
    waiting.row.is_active = False
    waiting.row.save()
    from pipelines import catalog

    catalog.refresh()
    engine.fire_due(NOON + DAY)
    assert tags(deal) == []


# ── Dates ──────────────────────────────────────────────────────────────────────


def test_a_date_arms_its_timer_when_it_becomes_known_and_anew_when_it_changes(
    alice: User, waiting: Lab
) -> None:
    deal = lab_deal(alice)
    assert "L-2" not in armed(deal)
    set_day(deal, "20.03.2026")
    # Local midnight in Moscow, the calendar of a pipeline without a schedule.
    assert armed(deal)["L-2"] == datetime(2026, 3, 18, 21, tzinfo=UTC)
    set_day(deal, "2026-03-25")
    assert armed(deal)["L-2"] == datetime(2026, 3, 23, 21, tzinfo=UTC)
    set_day(deal, "")
    assert "L-2" not in armed(deal)
    assert Timer.objects.filter(deal=deal, rule__clause="L-2", state="cancelled").count() == 2


def test_a_date_moved_away_and_back_does_not_run_its_rule_twice(alice: User, waiting: Lab) -> None:
    deal = lab_deal(alice)
    set_day(deal, "2026-03-12")
    assert engine.fire_due(NOON + 2 * DAY) == 1
    deals.edit_deal(deal, {"note": ""}, by=Actor.person(alice), now=NOON)
    set_day(deal, "2026-03-20")
    set_day(deal, "2026-03-12")
    engine.fire_due(NOON + 3 * DAY)
    assert "note" not in fresh(deal).values
    set_day(deal, "2026-03-20")
    engine.fire_due(NOON + 10 * DAY)
    assert fresh(deal).values["note"] == "завтра"


def test_a_date_that_is_past_already_fires_at_the_next_tick(alice: User, waiting: Lab) -> None:
    deal = lab_deal(alice)
    set_day(deal, "2026-03-01")
    assert engine.fire_due(NOON) == 1
    assert fresh(deal).values["note"] == "завтра"


@pytest.mark.parametrize("day", ["1900-01-01", "2200-12-31"])
def test_the_first_and_last_day_that_can_be_written_break_no_timer(
    alice: User, waiting: Lab, day: str
) -> None:
    deal = lab_deal(alice)
    set_day(deal, day)
    assert "L-2" in armed(deal)


def test_the_last_communication_moves_what_counts_from_it(alice: User) -> None:
    deal = make_deal(alice)
    assert armed(deal)["AX-9.7"] == NOON + 8 * WEEK
    talk(deal, now=NOON + DAY)
    hear_from(deal, now=NOON + 2 * DAY)
    assert armed(deal)["AX-9.7"] == NOON + 2 * DAY + 8 * WEEK
    assert Timer.objects.filter(deal=deal, rule__clause="AX-9.7", state="armed").count() == 1


# ── Faults ─────────────────────────────────────────────────────────────────────


def test_a_rule_that_fails_at_its_moment_does_not_stop_the_others(
    alice: User, lab: Lab, act, caplog
) -> None:
    def boom(context, params):
        raise ZeroDivisionError

    caplog.set_level(logging.CRITICAL)
    act("boom", boom)
    lab.rule("boom", when="after", date="created", period="1h")
    lab.rule("add_tag", {"names": ["да"]}, when="after", date="created", period="2h")
    lab.ready()
    found = [lab_deal(alice) for _deal in range(2)]
    assert engine.fire_due(NOON + 2 * HOUR) == 4
    assert [tags(deal) for deal in found] == [["да"], ["да"]]
    assert RuleRun.objects.filter(status="failed").count() == 2
    assert not Timer.objects.filter(state="armed").exists()


def test_a_condition_that_fails_at_its_moment_does_not_stop_the_tick(
    alice: User, lab: Lab, ask, caplog
) -> None:
    def broken(context, params):
        raise ZeroDivisionError

    caplog.set_level(logging.CRITICAL)
    ask("broken", broken)
    lab.rule(
        "add_tag",
        {"names": ["да"]},
        when="after",
        date="created",
        period="1h",
        given=(("broken", {}),),
    )
    lab.ready()
    lab_deal(alice)
    assert [engine.fire_due(NOON + HOUR), engine.fire_due(NOON + HOUR)] == [1, 0]
    assert RuleRun.objects.get().status == "failed"


def test_what_the_first_timer_of_a_deal_cancels_does_not_fire_in_the_same_tick(
    alice: User, lab: Lab
) -> None:
    lab.rule("move", {"to": "three"}, stage="two", when="stay", period="1h")
    lab.rule("add_tag", {"names": ["засиделась"]}, stage="two", when="stay", period="2h")
    lab.rule(
        "create_task", {"text": "Спросить", "due": "1h"}, when="after", date="created", period="3h"
    )
    lab.ready()
    deal = move(lab_deal(alice), "two")
    assert engine.fire_due(NOON + DAY) == 3
    deal = fresh(deal)
    assert (deal.stage.code, tags(deal), deal.tasks.count()) == ("three", [], 1)
    assert deal.next_task_at == NOON + DAY + HOUR
    states = dict(Timer.objects.filter(deal=deal).values_list("rule__clause", "state"))
    assert states == {"L-1": "fired", "L-2": "cancelled", "L-3": "fired"}


def test_a_deal_closed_by_its_timer_fires_none_of_its_others(alice: User, lab: Lab) -> None:
    lab.rule("move", {"to": "lost"}, when="after", date="created", period="1h")
    lab.rule("add_tag", {"names": ["жива"]}, when="after", date="created", period="2h")
    lab.ready()
    deal = lab_deal(alice)
    engine.fire_due(NOON + DAY)
    assert (fresh(deal).status, tags(deal)) == ("lost", [])


def test_the_statements_of_a_tick_do_not_grow_with_what_is_not_due(
    alice: User, waiting: Lab
) -> None:
    move(lab_deal(alice), "two")

    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert engine.fire_due(NOON) == 0
        return len(queries)

    before = statements()
    for _deal in range(5):
        move(lab_deal(alice), "two")
    assert statements() == before


def test_the_tick_reads_the_index_of_armed_timers_only(alice: User) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        found = Timer.objects.filter(state=timers.ARMED, due_at__lte=NOON).order_by("due_at")
        assert "timer_due" in found[:100].explain()


def test_a_timers_entry_in_the_feed_is_the_cause_of_what_its_rule_did(
    alice: User, waiting: Lab
) -> None:
    deal = move(lab_deal(alice), "two")
    engine.fire_due(NOON + DAY)
    tagged = Event.objects.get(deal=deal, verb="deal.tagged")
    assert (tagged.cause.verb, tagged.rule.clause, tagged.at) == ("timer.fired", "L-1", NOON + DAY)


def test_a_span_of_calendar_days_ends_at_the_same_hour_across_summer_time(
    alice: User, waiting: Lab
) -> None:
    from pipelines.models import Schedule

    waiting.row.schedule = Schedule.objects.create(
        code="berlin", name="Берлин", time_zone="Europe/Berlin"
    )
    waiting.row.save()
    waiting.ready()
    # 28 March 2026, 12:00 in Berlin; the clocks go forward that night.
    noon = datetime(2026, 3, 28, 11, tzinfo=UTC)
    deal = lab_deal(alice, now=noon)
    move(deal, "two", now=noon)
    assert armed(deal)["L-1"] == noon + timedelta(hours=23)
