"""A deputy for one's leave: what he sees and is given while it lasts, and no longer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.utils import timezone

from crm.intake import distribution
from crm.leaves import verbs
from crm.leaves.standing import in_place_of
from crm.models import Deal, Leave, Notice, Task, User
from crm.planning.asked import TaskFilter
from pipelines.actor import Actor
from pipelines.errors import BadAnswer, RegulationError
from tests.clauses.steps import move
from tests.factories import UserFactory, make_deal
from tests.faults.threads import at_once

DAY = timedelta(days=1)


def enter(user: User, deputy: User, *, first: int = 0, last: int = 3, by: User | None = None):
    now = timezone.now()
    today = timezone.localdate(now)
    return verbs.enter_leave(
        user=user, deputy=deputy, first_day=today + first * DAY, last_day=today + last * DAY,
        by=Actor.person(by or user), now=now,
    )  # fmt: skip


def again(user: User) -> User:
    """As the next request would read him."""
    return User.objects.get(pk=user.pk)


@pytest.mark.django_db
def test_a_deputy_sees_the_deals_and_tasks_only_while_the_leave_lasts(
    client, alice, charlie, olga
) -> None:
    now = timezone.now()
    deal = make_deal(alice, now=now)
    mine = Task.objects.create(owner=alice, text="за Алису", due_at=now + DAY, created_at=now)
    late = Task.objects.create(owner=alice, text="потом", due_at=now + 30 * DAY, created_at=now)
    client.force_login(charlie)
    assert client.get(f"/deals/{deal.pk}/").status_code == 404
    leave = enter(alice, charlie, by=olga)
    deputy = again(charlie)
    assert deputy.led_ids == {charlie.pk}
    assert deal in Deal.objects.visible_to(deputy)
    shown = TaskFilter({}, user=deputy).apply(Task.objects.visible_to(deputy), now=now)
    assert mine in shown
    assert late not in shown
    page = client.get("/tasks/").content.decode()
    assert "за Алису" in page
    assert f"за: {alice.first_name} {alice.last_name}" in page
    assert client.get(f"/deals/{deal.pk}/").status_code == 200
    verbs.end_leave(leave, by=Actor.person(alice), now=timezone.now())
    assert again(charlie).visible_owner_ids == {charlie.pk}
    assert client.get(f"/deals/{deal.pk}/").status_code == 404


@pytest.mark.django_db
def test_what_rules_give_goes_to_the_deputy_until_the_owner_is_back(alice, bob) -> None:
    now = timezone.now()
    deal = make_deal(alice, now=now, answers={"platform": "site"})
    enter(alice, bob)
    assert in_place_of(alice, now=now) == bob
    assert in_place_of(alice, now=now, due_at=now + 10 * DAY) == alice
    assert in_place_of(alice, now=now + 10 * DAY) == alice
    given = distribution.pick("manager", playbook="axelerator", now=now)
    assert given == bob
    move(deal, "taken", now=now)
    assert Task.objects.filter(deal=deal).latest("pk").owner == bob


@pytest.mark.django_db
def test_the_deputy_is_told_once_when_it_begins(alice, bob) -> None:
    enter(alice, bob, first=1)
    now = timezone.now()
    assert verbs.tell_deputies(now) == 0
    assert [verbs.tell_deputies(now + 2 * DAY), verbs.tell_deputies(now + 2 * DAY)] == [1, 0]
    assert str(alice) in Notice.objects.get(user=bob, kind="leave.deputy").text


@pytest.mark.django_db
def test_no_chains_no_two_leaves_at_once_and_nobody_elses(alice, bob, charlie, olga) -> None:
    enter(alice, bob)
    for error, user, deputy in (
        (BadAnswer, alice, charlie),  # away already
        (BadAnswer, charlie, alice),  # the deputy is away
        (BadAnswer, bob, charlie),  # stands in for somebody
        (BadAnswer, charlie, charlie),
    ):
        with pytest.raises(error), transaction.atomic():
            enter(user, deputy)
    with pytest.raises(RegulationError), transaction.atomic():
        enter(charlie, bob, by=olga)
    enter(charlie, bob)  # one deputy for two is no chain
    leave = Leave.objects.get(user=alice)
    with pytest.raises(IntegrityError), transaction.atomic():
        Leave.objects.create(
            user=alice, deputy=charlie, starts_at=leave.starts_at + DAY, ends_at=leave.ends_at + DAY,
            created_by=alice, created_at=leave.created_at,
        )  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_two_who_name_each_other_at_once_do_not_both_go(axelerator) -> None:
    one, two = UserFactory(), UserFactory()
    found = at_once(lambda: enter(one, two), lambda: enter(two, one))
    assert sorted(type(item).__name__ for item in found) == ["BadAnswer", "Leave"]
    cache.clear()


@pytest.mark.django_db
def test_a_leave_is_entered_and_ended_on_its_page(client, olga, alice, bob, charlie) -> None:
    client.force_login(olga)
    today = timezone.localdate()
    sent = {"user": alice.pk, "deputy": bob.pk, "first_day": today, "last_day": today}
    assert client.post("/leaves/new/", {**sent, "user": charlie.pk}).status_code == 422
    assert client.post("/leaves/new/", {**sent, "last_day": today - DAY}).status_code == 422
    assert client.post("/leaves/new/", sent).url == "/leaves/"
    assert str(alice) in client.get("/leaves/").content.decode()
    leave = Leave.objects.get()
    client.force_login(charlie)
    assert client.post(f"/leaves/{leave.pk}/end/").status_code == 404
    client.force_login(alice)
    assert client.post(f"/leaves/{leave.pk}/end/").status_code == 302
    assert not Leave.objects.lasting(timezone.now()).exists()
