"""People, roles and teams in the administration: nobody makes himself more than his role makes him."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse

from crm import rights
from crm.models import Batch, Deal, Tag, Task, Team, User
from crm.planning import tasks
from pipelines.actor import Actor
from tests.clauses.steps import move
from tests.factories import NOON, UserFactory, make_deal
from tests.pipelines.admin_forms import errors, form_data

pytestmark = pytest.mark.django_db


@pytest.fixture
def keeper(client: Client, axelerator: None) -> User:
    """A CRM administrator by role, signed in."""
    keeper = UserFactory(email="keeper@example.com", is_staff=True, roles=["crm_admin"])
    client.force_login(keeper)
    return keeper


def url(user: User) -> str:
    return reverse("admin:crm_user_change", args=[user.pk])


def test_a_new_person_signs_in_by_email_with_a_role(
    client: Client, keeper: User, team: Team
) -> None:
    manager = Group.objects.get(name="manager")
    data = {
        "email": "Nina@Example.com", "first_name": "Нина", "last_name": "Котова", "team": team.pk,
        "groups": [manager.pk], "usable_password": "true",
        "password1": "dlinnyi-parol-7", "password2": "dlinnyi-parol-7",
    }  # fmt: skip
    answer = client.post(reverse("admin:crm_user_add"), data)
    assert answer.status_code == 302, errors(answer)
    nina = User.objects.get(email="nina@example.com")
    assert nina.role_names == {"manager"}
    assert Client().login(username="nina@example.com", password="dlinnyi-parol-7")
    again = client.post(reverse("admin:crm_user_add"), data | {"email": "NINA@example.com"})
    assert again.status_code == 200


def test_a_password_is_neither_shown_nor_changed_on_the_page(
    client: Client, keeper: User, alice: User
) -> None:
    page = client.get(url(alice))
    assert alice.password not in page.content.decode()
    answer = client.post(url(alice), form_data(page, "user_form") | {"password": "x", "phone": "1"})
    assert answer.status_code == 302, errors(answer)
    before, alice = alice.password, User.objects.get(pk=alice.pk)
    assert (alice.password, alice.phone) == (before, "1")


def test_another_zone_takes_the_days_of_the_tasks_with_it(
    client: Client, keeper: User, alice: User
) -> None:
    due = datetime(2026, 3, 12, 20, 59, tzinfo=UTC)
    task = tasks.create_task(
        text="Отчёт", due_at=due, all_day=True, owner=alice, by=Actor.person(alice), now=NOON
    )
    assert alice.time_zone == "Europe/Moscow"
    data = form_data(client.get(url(alice)), "user_form") | {"time_zone": "Asia/Omsk"}
    assert client.post(url(alice), data).status_code == 302
    alice.refresh_from_db()
    task = Task.objects.get(pk=task.pk)
    assert (alice.time_zone, task.due_at) == ("Asia/Omsk", due - timedelta(hours=3))


def test_an_administrator_by_role_makes_nobody_a_superuser(client: Client, keeper: User) -> None:
    data = form_data(client.get(url(keeper)), "user_form") | {"is_superuser": "on"}
    assert client.post(url(keeper), data).status_code == 302
    keeper.refresh_from_db()
    assert not keeper.is_superuser


def test_an_administrator_by_role_takes_over_no_superuser(
    client: Client, keeper: User, administrator: User
) -> None:
    assert client.post(url(administrator), {"email": "mine@example.com"}).status_code == 403
    password = reverse("admin:auth_user_password_change", args=[administrator.pk])
    assert (
        client.post(
            password, {"password1": "dlinnyi-parol-7", "password2": "dlinnyi-parol-7"}
        ).status_code
        == 403
    )


def test_people_and_roles_are_not_deleted(client: Client, keeper: User, alice: User) -> None:
    assert (
        client.post(reverse("admin:crm_user_delete", args=[alice.pk]), {"post": "yes"}).status_code
        == 403
    )
    role = Group.objects.get(name="manager")
    assert (
        client.post(reverse("admin:auth_group_delete", args=[role.pk]), {"post": "yes"}).status_code
        == 403
    )
    assert client.post(
        reverse("admin:auth_group_change", args=[role.pk]), {"name": "x"}
    ).has_header("Location")
    role.refresh_from_db()
    assert role.name == "manager"


def test_a_role_has_the_rights_that_an_administrator_ticks(
    client: Client, keeper: User, alice: User
) -> None:
    role = Group.objects.get(name="manager")
    export = Permission.objects.get(codename=rights.EXPORT)
    assert not alice.may(rights.EXPORT)
    address = reverse("admin:auth_group_change", args=[role.pk])
    assert "Выгружает то, что видит" in client.get(address).content.decode()
    client.post(address, {"permissions": [export.pk]})
    alice = User.objects.get(pk=alice.pk)
    assert alice.may(rights.EXPORT)
    assert not alice.may(rights.ARRANGE), "its tick was taken off"
    keepers = reverse("admin:auth_group_change", args=[Group.objects.get(name="crm_admin").pk])
    client.post(keepers, {"permissions": []})
    assert User.objects.get(pk=keeper.pk).may(rights.EXPORT), "administrators have all of them"


def test_a_team_is_no_part_of_itself(client: Client, keeper: User, team: Team) -> None:
    below = Team.objects.create(name="Ниже", parent=team)
    answer = client.post(
        reverse("admin:crm_team_change", args=[team.pk]),
        {
            "name": "Продажи",
            "parent": below.pk,
            "members-TOTAL_FORMS": 0,
            "members-INITIAL_FORMS": 0,
        },
    )
    assert answer.status_code == 200
    team.refresh_from_db()
    assert team.parent is None


def test_roles_are_shown_by_what_people_call_them(
    client: Client, keeper: User, alice: User, charlie: User
) -> None:
    page = client.get(reverse("admin:crm_user_changelist")).content.decode()
    assert "менеджер" in page
    assert ">manager<" not in page
    narrowed = client.get(reverse("admin:crm_user_changelist"), {"role": "crm_admin"})
    assert list(narrowed.context["cl"].queryset) == [keeper]
    role = Group.objects.get(name="manager")
    page = client.get(reverse("admin:auth_group_change", args=[role.pk])).content.decode()
    assert "<h2>менеджер</h2>" in page


def test_a_tags_colour_is_a_word(client: Client, keeper: User) -> None:
    tag = Tag.objects.create(name="VIP", color="red")
    assert "красный" in client.get(reverse("admin:crm_tag_changelist")).content.decode()
    address = reverse("admin:crm_tag_change", args=[tag.pk])
    assert '<option value="red" selected>красный' in client.get(address).content.decode()
    assert client.post(address, {"name": "VIP", "color": "green"}).status_code == 302
    tag.refresh_from_db()
    assert tag.color == "green"


def test_a_deals_status_and_its_passages_are_said_in_words(
    client: Client, keeper: User, alice: User
) -> None:
    deal = move(make_deal(alice), "taken", platform="site")
    page = client.get(reverse("admin:crm_deal_change", args=[deal.pk])).content.decode()
    assert "открыта" in page
    first, last = deal.stage_changes.order_by("pk")
    assert (str(first), str(last)) == ("Новая заявка", "Новая заявка → Взята в работу")
    assert str(last.event) == "перевод на этап, 10.03.2026 10:00"


def test_whoever_leaves_first_hands_over_what_he_has(
    client: Client, keeper: User, alice: User, bob: User
) -> None:
    deal = make_deal(owner=alice)
    own = tasks.create_task(
        text="Отчёт", due_at=NOON + timedelta(days=1), owner=alice, by=Actor.person(alice), now=NOON
    )
    data = form_data(client.get(url(alice)), "user_form")
    data.pop("is_active")
    refused = client.post(url(alice), data)
    assert refused.status_code == 200
    assert "successor" in refused.context["adminform"].form.errors
    assert User.objects.get(pk=alice.pk).is_active

    answer = client.post(url(alice), data | {"successor": bob.pk})
    assert answer.status_code == 302, errors(answer)
    given = Deal.objects.get(pk=deal.pk)
    assert (given.owner, Task.objects.get(pk=own.pk).owner) == (bob, bob)
    assert not User.objects.get(pk=alice.pk).is_active
    # Sent twice, the form gives nothing twice: nothing is left in her hands.
    before = Batch.objects.count()
    client.post(url(alice), data | {"successor": bob.pk})
    assert Batch.objects.count() == before > 0


def test_nobody_shuts_himself_out(client: Client, keeper: User) -> None:
    data = form_data(client.get(url(keeper)), "user_form")
    assert "is_active" not in data
    assert client.post(url(keeper), data).status_code == 302
    keeper.refresh_from_db()
    assert (keeper.is_active, keeper.is_staff) == (True, True)
