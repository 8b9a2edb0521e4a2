"""A changed regulation reaches the deals that stand under it already: limits, periods, new and removed rules."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm import deals
from crm.models import Deal, User
from pipelines import catalog, engine, jobs, playbook, timers
from pipelines.actor import Actor
from pipelines.models import Pipeline, RuleRun, Stage, Timer
from tests.clauses.steps import DAY, HOUR, WEEK, fresh, move
from tests.factories import NOON, make_deal
from tests.pipelines.lab import Lab

LATER = NOON + 30 * DAY


def on_two(owner: User) -> Deal:
    return move(make_deal(owner, pipeline="lab", contact=None), "two")


def armed(deal: Deal) -> dict[str, object]:
    found = Timer.objects.filter(deal=deal, state="armed").select_related("rule")
    return {timer.rule.clause: timer.due_at for timer in found}


def tags(deal: Deal) -> list[str]:
    return sorted(deal.tags.values_list("name", flat=True))


def stay(lab: Lab, period: str = "1d"):
    return lab.rule("add_tag", {"names": ["засиделась"]}, stage="two", when="stay", period=period)


def rearm(lab: Lab) -> int:
    return timers.rearm_all(lab.ready(), LATER)


# ── Timers ─────────────────────────────────────────────────────────────────────


def test_a_new_stay_rule_fires_once_on_a_deal_that_stood_there_long_before(
    alice: User, lab: Lab
) -> None:
    lab.ready()
    deal = on_two(alice)
    stay(lab)
    rearm(lab)
    assert armed(deal) == {"L-1": NOON + DAY}
    assert engine.fire_due(LATER) == 1
    assert tags(deal) == ["засиделась"]
    rearm(lab)
    assert engine.fire_due(LATER) == 0
    assert RuleRun.objects.filter(deal=deal).count() == 1


def test_a_changed_period_moves_the_timer(alice: User, lab: Lab) -> None:
    rule = stay(lab)
    lab.ready()
    deal = on_two(alice)
    rule.period = "1w"
    rule.save()
    rearm(lab)
    assert armed(deal) == {"L-1": NOON + WEEK}
    assert Timer.objects.get(deal=deal, state="cancelled").ended_at == LATER


def test_a_stay_for_which_the_rule_has_run_is_not_counted_again_under_another_period(
    alice: User, lab: Lab
) -> None:
    rule = stay(lab)
    lab.ready()
    deal = on_two(alice)
    engine.fire_due(NOON + DAY)
    rule.period = "3d"
    rule.save()
    rearm(lab)
    assert armed(deal) == {}
    move(deal, "three", now=LATER)
    move(deal, "two", now=LATER)
    assert armed(deal) == {"L-1": LATER + 3 * DAY}


def test_the_timers_of_a_removed_rule_are_cancelled(alice: User, lab: Lab) -> None:
    stay(lab)
    lab.rule("add_tag", {"names": ["неделя"]}, when="after", date="created", period="1w")
    lab.ready()
    deal = on_two(alice)
    lab.row.rules.filter(clause="L-1").update(is_active=False)
    rearm(lab)
    assert armed(deal) == {"L-2": NOON + WEEK}


def test_a_removed_rules_timer_on_a_closed_deal_is_cancelled_too(alice: User, lab: Lab) -> None:
    lab.rule("add_tag", {"names": ["отзыв"]}, stage="won", when="stay", period="1w")
    lab.ready()
    deal = move(make_deal(alice, pipeline="lab", contact=None), "won")
    assert set(armed(deal)) == {"L-1"}
    lab.row.rules.update(is_active=False)
    rearm(lab)
    assert armed(deal) == {}


def test_a_new_rule_before_a_date_counts_from_the_dates_known_already(
    alice: User, lab: Lab
) -> None:
    lab.ready()
    deal, without = on_two(alice), on_two(alice)
    deals.edit_deal(deal, {"day": "2026-04-20"}, by=Actor.person(alice), now=NOON)
    lab.rule("set_field", {"values": {"note": "скоро"}}, when="before", date="day", period="1d")
    rearm(lab)
    assert set(armed(deal)) == {"L-1"}
    assert armed(without) == {}


def test_a_date_for_which_the_rule_has_run_is_not_counted_again(alice: User, lab: Lab) -> None:
    rule = lab.rule("add_tag", {"names": ["пора"]}, when="after", date="created", period="1d")
    lab.ready()
    deal = on_two(alice)
    engine.fire_due(NOON + DAY)
    rule.period = "2d"
    rule.save()
    rearm(lab)
    assert armed(deal) == {}


def test_what_is_right_already_stays_the_very_timer_it_was(alice: User, lab: Lab) -> None:
    stay(lab)
    lab.rule("add_tag", {"names": ["неделя"]}, when="after", date="created", period="1w")
    lab.ready()
    deal = on_two(alice)
    before = list(Timer.objects.filter(deal=deal).values_list("pk", "state").order_by("pk"))
    rearm(lab)
    assert list(Timer.objects.filter(deal=deal).values_list("pk", "state").order_by("pk")) == before


def test_closed_and_archived_deals_wait_for_nothing(alice: User, lab: Lab) -> None:
    lab.ready()
    closed, archived = on_two(alice), on_two(alice)
    move(closed, "lost")
    deals.archive_deal(archived, by=Actor.person(alice), now=NOON)
    stay(lab)
    lab.rule("add_tag", {"names": ["неделя"]}, when="after", date="created", period="1w")
    rearm(lab)
    assert not Timer.objects.filter(state="armed").exists()


# ── Limits ─────────────────────────────────────────────────────────────────────


def test_a_shortened_limit_flags_the_deals_that_stood_there_before(alice: User, lab: Lab) -> None:
    stage = Stage.objects.get(pipeline=lab.row, code="two")
    Stage.objects.filter(pk=stage.pk).update(limit="8w")
    lab.ready()
    deal = on_two(alice)
    assert fresh(deal).stage_deadline == NOON + 8 * WEEK
    Stage.objects.filter(pk=stage.pk).update(limit="4h")
    rearm(lab)
    assert fresh(deal).stage_deadline == NOON + 4 * HOUR
    Stage.objects.filter(pk=stage.pk).update(limit="")
    rearm(lab)
    assert fresh(deal).stage_deadline is None


# ── Many deals ─────────────────────────────────────────────────────────────────


def test_a_thousand_deals_need_few_statements(alice: User, lab: Lab) -> None:
    Stage.objects.filter(pipeline=lab.row, code="one").update(limit="3d")
    pipeline = lab.ready()
    model = make_deal(alice, pipeline="lab", contact=None)
    copies = []
    for number in range(1000):
        copy = fresh(model)
        copy.pk, copy.name, copy.stage_deadline = None, f"№ {number}", None
        copies.append(copy)
    from pipelines import door

    with door.opened():
        Deal.objects.bulk_create(copies)
    lab.rule("add_tag", {"names": ["неделя"]}, when="after", date="created", period="1w")
    pipeline = lab.ready()
    with CaptureQueriesContext(connection) as queries:
        assert timers.rearm_all(pipeline, LATER) == 1001
    assert len(queries) < 50
    assert Timer.objects.filter(state="armed", rule__pipeline=lab.row).count() == 1001
    assert not Deal.objects.filter(pipeline=lab.row, stage_deadline=None).exists()


# ── The task ───────────────────────────────────────────────────────────────────


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The pipelines whose task was queued."""
    found: list[int] = []
    monkeypatch.setattr(jobs, "ask_to_rearm", lambda pipeline, after=0: found.append(pipeline))
    return found


@pytest.fixture
def leads(axelerator: None) -> Pipeline:
    return Pipeline.objects.get(code="leads")


def save(pipeline: Pipeline) -> None:
    playbook.save_edition(pipeline, now=LATER)


def test_a_limit_shortened_in_an_edition_flags_old_deals_after_the_job(
    alice: User, leads: Pipeline, asked: list[int], django_capture_on_commit_callbacks
) -> None:
    deal = make_deal(alice)
    before = fresh(deal).stage_deadline
    with django_capture_on_commit_callbacks(execute=True):
        leads.stages.filter(code="new").update(limit="1m")
        save(leads)
    assert asked == [leads.pk]
    jobs.rearm(leads.pk)
    after = fresh(deal).stage_deadline
    assert after != before
    assert after < LATER
    leads.refresh_from_db()
    assert leads.rearmed_edition == leads.edition


def test_an_edition_that_changes_no_moment_asks_for_nothing(
    leads: Pipeline, asked: list[int], django_capture_on_commit_callbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        leads.stages.filter(code="new").update(goal="Ответить быстро")
        save(leads)
    leads.refresh_from_db()
    assert (asked, leads.rearmed_edition) == ([], leads.edition)


def test_a_rolled_back_edition_counts_anew(
    leads: Pipeline, asked: list[int], django_capture_on_commit_callbacks
) -> None:
    first = leads.editions.first()
    leads.stages.filter(code="new").update(limit="1m")
    save(leads)
    with django_capture_on_commit_callbacks(execute=True):
        playbook.rollback(first, None, LATER)
    assert asked == [leads.pk]


def test_without_a_broker_an_edition_is_saved_and_the_next_hour_makes_up_for_it(
    alice: User,
    leads: Pipeline,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks,
    caplog,
) -> None:
    def away(*args, **kwargs):
        raise OSError("no broker")

    monkeypatch.setattr(jobs.rearm, "apply_async", away)
    deal = make_deal(alice)
    with django_capture_on_commit_callbacks(execute=True):
        leads.stages.filter(code="new").update(limit="1m")
        save(leads)
    assert "broker" in caplog.text
    leads.refresh_from_db()
    assert leads.rearmed_edition < leads.edition
    assert jobs.rearm_behind() == 1
    assert jobs.rearm_behind() == 0
    assert fresh(deal).stage_deadline < LATER


def test_a_pipeline_changed_in_the_middle_is_begun_anew(
    alice: User, lab: Lab, asked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.ready()
    on_two(alice)
    step = timers.rearm_batch

    def and_meanwhile(*args, **kwargs):
        found = step(*args, **kwargs)
        Pipeline.objects.filter(pk=lab.row.pk).update(stamp="00000000-0000-4000-8000-000000000001")
        return found

    monkeypatch.setattr(timers, "rearm_batch", and_meanwhile)
    jobs.rearm(lab.row.pk)
    assert asked == [lab.row.pk]
    catalog.forget()


def test_a_pipeline_that_is_switched_off_is_left_alone(lab: Lab) -> None:
    Pipeline.objects.filter(pk=lab.row.pk).update(is_active=False)
    assert jobs.rearm(lab.row.pk) == 0
