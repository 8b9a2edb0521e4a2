"""Who may see what, in the corners: hidden stages, archives, teams in circles, tasks and people."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm import deals
from crm.clients import people
from crm.models import Company, Contact, Deal, Task, User
from pipelines.actor import Actor
from tests.clauses.steps import at_stage, call_task
from tests.factories import NOON, TeamFactory, UserFactory, make_deal
from tests.pipelines.lab import allow


def again(user: User) -> User:
    """The user of the next request: roles and teams are read once a request."""
    return User.objects.get(pk=user.pk)


def sees(user: User, deal: Deal) -> bool:
    return Deal.objects.visible_to(again(user)).filter(pk=deal.pk).exists()


def test_an_archived_deal_is_seen_by_nobody(alice: User, olga: User, administrator: User) -> None:
    deal = make_deal(alice)
    deals.archive_deal(deal, by=Actor.person(alice), now=NOON)
    assert [sees(user, deal) for user in (alice, olga, administrator)] == [False] * 3
    assert not Task.objects.visible_to(again(alice)).open().filter(deal=deal).exists()


def test_a_stage_hidden_from_ones_role_hides_ones_own_deals_there(
    alice: User, olga: User, administrator: User
) -> None:
    hidden, shown = at_stage(alice, "refused"), make_deal(alice)
    allow("leads", "refused", "see", "head")
    assert [sees(user, hidden) for user in (alice, olga, administrator)] == [False, True, True]
    assert [sees(user, shown) for user in (alice, olga, administrator)] == [True, True, True]


def test_one_of_several_roles_that_may_see_is_enough(alice: User) -> None:
    deal = at_stage(alice, "refused")
    allow("leads", "refused", "see", "head", "refunds")
    person = UserFactory(email="both@example.com", team=alice.team, roles=["manager", "refunds"])
    deals.assign_deal(deal, owner=person, by=Actor(), now=NOON)
    assert (sees(person, deal), sees(alice, deal)) == (True, False)


def test_somebody_else_than_the_owner_does_not_see_it_for_working_on_its_task(
    alice: User, charlie: User
) -> None:
    deal = make_deal(alice)
    task = call_task(deal)
    Task.objects.filter(pk=task.pk).update(owner=charlie)
    assert not sees(charlie, deal)
    assert list(Task.objects.visible_to(again(charlie))) == [task]


def test_teams_in_a_circle_by_mistake_end_somewhere(alice: User, olga: User, charlie: User) -> None:
    upper = TeamFactory(name="Верхняя", parent=alice.team)
    alice.team.parent = upper
    alice.team.save()
    deal = make_deal(alice)
    assert (sees(olga, deal), sees(charlie, deal)) == (True, False)


def test_a_head_sees_the_heads_below_him_who_are_in_no_team(alice: User, olga: User) -> None:
    director = UserFactory(email="director@example.com", roles=["head"])
    department = TeamFactory(name="Отдел", head=director)
    alice.team.refresh_from_db()
    alice.team.parent = department
    alice.team.save()
    assert sees(director, make_deal(olga))
    assert not sees(olga, make_deal(director))


def test_what_a_person_sees_costs_no_more_with_more_teams_below(alice: User, olga: User) -> None:
    def statements() -> int:
        user = again(olga)
        with CaptureQueriesContext(connection) as queries:
            list(Deal.objects.visible_to(user))
        return len(queries)

    before = statements()
    for number in range(4):
        UserFactory(team=TeamFactory(name=f"Группа {number}", parent=alice.team))
    assert statements() == before


@pytest.mark.parametrize("kind", ["contact", "company"])
def test_people_are_seen_by_their_owner_and_with_the_deals_one_sees(
    alice: User, bob: User, olga: User, charlie: User, administrator: User, kind: str
) -> None:
    model = {"contact": Contact, "company": Company}[kind]
    create = {"contact": people.create_contact, "company": people.create_company}[kind]
    record = create(name="Хлеб", by=Actor.person(bob), now=NOON, owner=bob)
    make_deal(alice, **({"contact": None} | {kind: record}))

    def who_sees() -> list[bool]:
        users = (alice, bob, olga, charlie, administrator)
        return [
            model.objects.visible_to(again(user)).filter(pk=record.pk).exists() for user in users
        ]

    assert who_sees() == [True, True, True, False, True]
    model.objects.filter(pk=record.pk).update(archived_at=NOON)
    assert who_sees() == [False] * 5


def test_a_contact_of_a_deal_on_a_hidden_stage_is_hidden_with_it(
    alice: User, charlie: User
) -> None:
    contact = people.create_contact(name="Пётр", by=Actor.person(charlie), now=NOON, owner=charlie)
    at_stage(alice, "refused", contact=contact)
    assert Contact.objects.visible_to(again(alice)).filter(pk=contact.pk).exists()
    allow("leads", "refused", "see", "head")
    assert not Contact.objects.visible_to(again(alice)).filter(pk=contact.pk).exists()
