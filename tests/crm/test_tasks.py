"""Tasks: set, done, postponed, changed, cancelled; the deal's next task follows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from crm import deals
from crm.models import Deal, Task, User
from crm.planning import tasks
from pipelines.actor import Actor
from pipelines.errors import BadAnswer, RegulationError
from tests.clauses.steps import DAY, HOUR, MINUTE, at_stage, call_task, fresh, refused, task_of
from tests.factories import NOON, UserFactory, make_deal


def set_task(owner: User, **kwargs) -> Task:
    facts = {
        "text": "Позвонить",
        "due_at": NOON + HOUR,
        "owner": owner,
        "by": Actor.person(owner),
        "now": NOON,
    }
    return tasks.create_task(**(facts | kwargs))


def edit(task: Task, **kwargs) -> Task:
    facts = {
        "text": task.text, "due_at": task.due_at, "kind": task.kind, "owner": task.owner,
        "by": Actor.person(task.owner), "now": NOON, "revision": task.revision,
    }  # fmt: skip
    return tasks.edit_task(fresh(task), **(facts | kwargs))


def next_task(deal: Deal) -> datetime | None:
    return fresh(deal).next_task_at


def test_the_earliest_open_task_is_the_deals_next(alice: User) -> None:
    deal = at_stage(alice, "attempts")
    for task in Task.objects.open().filter(deal=deal):
        tasks.cancel_task(task, by=Actor.person(alice), now=NOON)
    assert next_task(deal) is None
    late, early = call_task(deal, due_at=NOON + 2 * DAY), call_task(deal, due_at=NOON + DAY)
    assert next_task(deal) == NOON + DAY
    tasks.postpone_task(fresh(early), due_at=NOON + 3 * DAY, by=Actor.person(alice), now=NOON)
    assert next_task(deal) == NOON + 2 * DAY
    tasks.complete_task(fresh(late), result="да", by=Actor.person(alice), now=NOON)
    assert next_task(deal) == NOON + 3 * DAY
    edit(fresh(early), due_at=NOON + 4 * DAY)
    assert next_task(deal) == NOON + 4 * DAY
    tasks.cancel_task(fresh(early), by=Actor.person(alice), now=NOON)
    assert next_task(deal) is None


def test_a_task_set_on_a_stale_copy_of_the_deal_does_not_hide_an_earlier_one(alice: User) -> None:
    deal = at_stage(alice, "attempts", arrival="form")
    stale = fresh(deal)
    call_task(deal, due_at=NOON + MINUTE)
    call_task(stale, due_at=NOON + DAY)
    assert next_task(deal) == NOON + MINUTE


def test_every_verb_of_a_task_is_told_in_the_feed(alice: User, bob: User) -> None:
    deal = at_stage(alice, "attempts", arrival="form")
    start = deal.events.latest("pk").pk
    task = call_task(deal)
    tasks.postpone_task(fresh(task), due_at=NOON + DAY, by=Actor.person(alice), now=NOON)
    edit(fresh(task), text="Написать", owner=bob)
    tasks.cancel_task(fresh(task), by=Actor.person(bob), now=NOON, reason="не нужно")
    entries = list(deal.events.filter(pk__gt=start).order_by("pk"))
    assert [entry.verb for entry in entries] == [
        "task.created",
        "task.postponed",
        "task.changed",
        "task.cancelled",
    ]
    assert entries[2].data["fields"]["text"] == ["Позвонить", "Написать"]
    assert (entries[3].actor, entries[3].data["result"]) == (bob, "не нужно")


def test_changing_nothing_is_told_to_nobody(alice: User) -> None:
    task = call_task(make_deal(alice))
    edit(fresh(task))
    assert fresh(task).revision == 0
    assert not task.deal.events.filter(verb="task.changed").exists()


@pytest.mark.parametrize("verb", ["outcome", "complete", "postpone", "edit"])
def test_a_task_changed_meanwhile_is_not_changed_from_an_old_page(alice: User, verb: str) -> None:
    deal = at_stage(alice, "kp_sent")
    task = task_of(deal, "objections")
    tasks.postpone_task(fresh(task), due_at=NOON + 2 * DAY, by=Actor.person(alice), now=NOON)
    by = {"by": Actor.person(alice), "now": NOON, "revision": 0}
    verbs = {
        "outcome": lambda: tasks.choose_outcome(fresh(task), "agreed", answers={}, **by),
        "complete": lambda: tasks.complete_task(fresh(task), result="да", **by),
        "postpone": lambda: tasks.postpone_task(fresh(task), due_at=NOON + DAY, **by),
        "edit": lambda: edit(fresh(task), revision=0, text="иначе"),
    }
    with refused(RegulationError):
        verbs[verb]()
    kept = fresh(task)
    assert (kept.state, kept.due_at, kept.text) == ("open", NOON + 2 * DAY, task.text)


BAD = [
    ({"text": ""}, "text"),
    ({"text": "  \x00 "}, "text"),
    ({"text": "я" * 501}, "text"),
    ({"due_at": NOON + timedelta(days=366 * 6)}, "due_at"),
    ({"due_at": datetime(9999, 12, 31, tzinfo=UTC)}, "due_at"),
    ({"due_at": datetime(1, 1, 2, tzinfo=UTC)}, "due_at"),
]


@pytest.mark.parametrize(("facts", "field"), BAD)
def test_a_task_without_sense_is_refused_by_a_sentence(
    alice: User, facts: dict, field: str
) -> None:
    with refused(BadAnswer) as caught:
        set_task(alice, **facts)
    assert list(caught.value.errors) == [field]
    task = set_task(alice)
    with refused(BadAnswer):
        edit(task, **facts)
    assert Task.objects.count() == 1


def test_an_endless_result_is_refused(alice: User) -> None:
    task = set_task(alice)
    with refused(BadAnswer):
        tasks.complete_task(task, result="я" * 5001, by=Actor.person(alice), now=NOON)
    assert (
        tasks.complete_task(
            fresh(task), result="да\x00\ud800", by=Actor.person(alice), now=NOON
        ).result
        == "да"
    )


def test_a_reason_of_any_length_does_not_keep_a_task(alice: User) -> None:
    task = tasks.cancel_task(
        set_task(alice), by=Actor.person(alice), now=NOON, reason="\x00" + "я" * 100_000
    )
    assert (fresh(task).state, len(fresh(task).result)) == ("cancelled", 5000)


def test_no_task_is_set_on_an_archived_deal(alice: User) -> None:
    deal = make_deal(alice)
    mine = fresh(deal)
    deals.archive_deal(deal, by=Actor.person(alice), now=NOON)
    with refused(RegulationError):
        call_task(mine)
    assert not Task.objects.open().filter(deal=deal).exists()


def test_a_task_of_no_deal_has_its_whole_life(alice: User, bob: User) -> None:
    task = set_task(alice)
    task = tasks.postpone_task(task, due_at=NOON + DAY, by=Actor.person(alice), now=NOON)
    task = edit(task, owner=bob)
    task = tasks.complete_task(task, result="да", by=Actor.person(bob), now=NOON + DAY)
    assert (fresh(task).state, fresh(task).ended_at, fresh(task).owner) == ("done", NOON + DAY, bob)


def test_a_tasks_state_is_not_assigned(alice: User) -> None:
    with pytest.raises(AttributeError):
        set_task(alice).state = "done"


def test_head_of_a_team_that_is_part_of_itself_is_still_found(
    alice: User, administrator: User
) -> None:
    from crm.actions.deal import head_of
    from tests.factories import TeamFactory

    upper = TeamFactory(name="Верхняя", parent=alice.team)
    alice.team.parent = upper
    alice.team.save()
    assert head_of(alice) == administrator


def test_a_head_who_is_gone_controls_nothing(alice: User, olga: User) -> None:
    from crm.actions.deal import head_of

    olga.is_active = False
    olga.save()
    alice.team.refresh_from_db()
    second = UserFactory(email="second@example.com", roles=["head"])
    assert head_of(User.objects.get(pk=alice.pk)) == second
