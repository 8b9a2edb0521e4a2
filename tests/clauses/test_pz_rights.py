"""Who sees whose deals."""

from __future__ import annotations

import pytest

from crm.models import Contact, Deal, Task, Team, User
from tests.clauses.steps import call_task
from tests.factories import TeamFactory, UserFactory, make_deal


def seen_by(user: User) -> set[int]:
    return set(Deal.objects.visible_to(User.objects.get(pk=user.pk)).values_list("pk", flat=True))


@pytest.mark.clause("PZ-4.2a")
def test_a_manager_sees_his_own_deals_and_nobody_elses(
    alice: User, bob: User, charlie: User
) -> None:
    own, bobs, charlies = make_deal(alice), make_deal(bob), make_deal(charlie)
    assert (seen_by(alice), seen_by(bob), seen_by(charlie)) == ({own.pk}, {bobs.pk}, {charlies.pk})


@pytest.mark.clause("PZ-4.2a")
def test_a_head_sees_his_own_deals_and_his_peoples(
    alice: User, bob: User, olga: User, charlie: User
) -> None:
    deals = {make_deal(owner).pk for owner in (alice, bob, olga)}
    make_deal(charlie)
    assert seen_by(olga) == deals


@pytest.mark.clause("PZ-4.2a")
def test_the_head_of_a_department_sees_the_groups_below_it(
    team: Team, alice: User, olga: User, charlie: User
) -> None:
    director = UserFactory(email="director@example.com", roles=["head"])
    department = TeamFactory(name="Отдел продаж", head=director)
    middle = TeamFactory(name="Группа", parent=department)
    team.parent = middle
    team.save()
    below = {make_deal(alice).pk, make_deal(olga).pk, make_deal(director).pk}
    make_deal(charlie)
    assert seen_by(director) == below
    assert seen_by(olga) == below - {Deal.objects.get(owner=director).pk}


@pytest.mark.clause("PZ-4.2a")
def test_another_teams_head_and_a_head_by_role_alone_see_nothing(
    alice: User, charlie: User
) -> None:
    make_deal(alice)
    charlie.team.head = charlie
    charlie.team.save()
    teamless = UserFactory(email="teamless@example.com", roles=["head"])
    assert (seen_by(charlie), seen_by(teamless)) == (set(), set())


@pytest.mark.clause("PZ-4.2a")
def test_an_administrator_sees_everything(alice: User, charlie: User, administrator: User) -> None:
    deals = {make_deal(alice).pk, make_deal(charlie).pk}
    plain = UserFactory(email="crm@example.com", roles=["crm_admin"])
    assert seen_by(administrator) == seen_by(plain) == deals


@pytest.mark.clause("PZ-4.2a")
def test_tasks_and_contacts_are_seen_with_their_deals(
    alice: User, bob: User, olga: User, charlie: User
) -> None:
    deal = make_deal(alice)
    call_task(deal)
    tasks = {
        user.email: Task.objects.visible_to(user).count() for user in (alice, bob, olga, charlie)
    }
    contacts = {
        user.email: Contact.objects.visible_to(user).count() for user in (alice, bob, olga, charlie)
    }
    assert list(tasks.values()) == [2, 0, 2, 0]
    assert list(contacts.values()) == [1, 0, 1, 0]
