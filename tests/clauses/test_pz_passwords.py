"""PZ-3.6: a password serves three months, is warned of for two weeks, and none of the former is chosen again."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from crm import passwords
from crm.models import OldPassword, PasswordRule, User
from pipelines import playbook
from tests.factories import NOON, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.clause("PZ-3.6")]
OLD, NEW = "secret-pass-1", "sunny-Orchard-72"
COMPANY = """\
playbook: mill
name: Mill
clauses: {M-1: Пароль меняют.}
passwords: {months: 3, warn: 14d, clause: M-1}
"""
FLOUR = "pipeline: flour\nname: Flour\nstages:\n  - {stage: new, name: New}\n"


def load(tmp_path: Path, company: str = COMPANY) -> None:
    (tmp_path / "company.yaml").write_text(company, encoding="utf-8")
    (tmp_path / "flour.yaml").write_text(FLOUR, encoding="utf-8")
    playbook.load(tmp_path, now=NOON)


@pytest.fixture(autouse=True)
def _rule(tmp_path: Path) -> None:
    PasswordRule.objects.all().delete()
    load(tmp_path)


def aged(user: User, days: int) -> User:
    """His password was chosen so many days ago."""
    User.objects.filter(pk=user.pk).update(
        password_changed_at=timezone.now() - timedelta(days=days)
    )
    return user


def change(client: Client, old: str = OLD, new: str = NEW):
    return client.post(
        "/password/", {"old_password": old, "new_password1": new, "new_password2": new}
    )


def test_the_regulation_that_asks_for_it_says_so() -> None:
    companies = [playbook.read_book(folder)[0].company for folder in playbook.shipped()]
    asked = [
        company.sections["passwords"]
        for company in companies
        if any(clause.code == "PZ-3.6" for clause in company.clauses)
    ]
    assert asked == [{"months": 3, "warn": "14d", "clause": "PZ-3.6"}]


def test_an_old_password_is_changed_before_anything_else(alice: User, client: Client) -> None:
    aged(alice, 100)
    client.post("/login/", {"username": alice.email, "password": OLD})
    for path in ("/deals/", "/tasks/", "/regulation/", "/admin/"):
        response = client.get(path)
        assert (response.status_code, response["Location"]) == (302, "/password/"), path
    page = client.get("/password/")
    assert page.status_code == 200
    assert "слишком старый" in page.content.decode()
    assert change(client).status_code == 302
    assert client.get("/tasks/").status_code == 200


def test_nothing_is_done_with_an_old_password(alice: User, client: Client) -> None:
    client.force_login(aged(alice, 100))
    assert client.post("/deals/new/", {"name": "x"})["Location"] == "/password/"
    part = client.get("/tasks/", HTTP_HX_REQUEST="true")
    assert (part.status_code, part["HX-Redirect"]) == (204, "/password/")
    assert client.post("/logout/").status_code == 302


def test_a_fresh_password_is_not_spoken_of(alice: User, client: Client) -> None:
    client.force_login(aged(alice, 30))
    assert "Пароль" not in client.get("/tasks/").content.decode().split("app-header")[-1]


def test_two_weeks_before_the_pages_warn(alice: User, client: Client) -> None:
    last = passwords.add_months(timezone.localdate(), 0)
    rule = passwords.Rule(3, 14, "M-1")
    for days, warned in ((15, False), (14, True), (1, True), (0, False)):
        age = passwords.Age(rule, days)
        assert age.is_ending is warned, (last, days)
    client.force_login(aged(alice, 80))
    page = client.get("/tasks/").content.decode()
    assert "Пароль действует ещё" in page
    assert "M-1" in page


@pytest.mark.parametrize(
    ("chosen", "today", "left"),
    [
        (date(2026, 1, 31), date(2026, 4, 29), 1),
        (date(2026, 1, 31), date(2026, 4, 30), 0),
        (date(2025, 11, 30), date(2026, 2, 27), 1),
        (date(2025, 11, 30), date(2026, 2, 28), 0),
        (date(2027, 11, 30), date(2028, 2, 28), 1),
        (date(2026, 3, 10), date(2026, 6, 9), 1),
        (date(2026, 3, 10), date(2026, 6, 10), 0),
        (date(2026, 3, 10), date(2026, 9, 10), 0),
    ],
)
def test_months_are_those_of_the_calendar(alice: User, chosen, today, left) -> None:
    alice.password_changed_at = datetime(chosen.year, chosen.month, chosen.day, 9, tzinfo=UTC)
    now = datetime(today.year, today.month, today.day, 9, tzinfo=UTC)
    age = passwords.age_of(alice, now=now, rule=passwords.rule_in_force())
    assert age is not None
    assert (age.days_left, age.is_over) == (left, left == 0)


def test_days_are_those_of_the_persons_own_calendar(alice: User) -> None:
    alice.time_zone = "Asia/Vladivostok"
    # In Vladivostok it is the 11th already.
    alice.password_changed_at = datetime(2026, 3, 10, 20, tzinfo=UTC)
    rule = passwords.rule_in_force()
    age = passwords.age_of(alice, now=datetime(2026, 6, 10, 3, tzinfo=UTC), rule=rule)
    assert age is not None
    assert age.days_left == 1


def test_the_present_password_and_the_former_ones_are_not_chosen_again(
    alice: User, client: Client
) -> None:
    client.force_login(alice)
    assert "уже был" in change(client, OLD, OLD).content.decode()
    assert change(client, OLD, NEW).status_code == 302
    for taken in (OLD, NEW):
        assert "уже был" in change(client, NEW, taken).content.decode()
    alice.refresh_from_db()
    assert alice.check_password(NEW)


def test_only_the_last_few_are_remembered(alice: User, client: Client) -> None:
    client.force_login(alice)
    present = OLD
    for number in range(passwords.KEPT + 2):
        following = f"{NEW}-{number}"
        assert change(client, present, following).status_code == 302
        present = following
    assert OldPassword.objects.filter(user=alice).count() == passwords.KEPT
    assert change(client, present, OLD).status_code == 302


def test_a_new_password_begins_its_term(alice: User, client: Client) -> None:
    client.force_login(aged(alice, 100))
    change(client)
    alice.refresh_from_db()
    assert timezone.now() - alice.password_changed_at < timedelta(minutes=5)


def test_a_hash_made_anew_at_sign_in_is_no_new_password(
    alice: User, client: Client, settings
) -> None:
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
        "django.contrib.auth.hashers.MD5PasswordHasher",
    ]
    aged(alice, 100)
    client.post("/login/", {"username": alice.email, "password": OLD})
    alice.refresh_from_db()
    assert alice.password.startswith("pbkdf2")
    assert timezone.now() - alice.password_changed_at > timedelta(days=99)


def test_robots_have_no_password_to_change(client: Client) -> None:
    robot = aged(UserFactory(roles=["robot"]), 1000)
    client.force_login(robot)
    assert client.get("/tasks/").status_code == 200
    keyless = UserFactory(roles=["manager"])
    keyless.set_unusable_password()
    keyless.save()
    aged(keyless, 1000)
    age = passwords.age_of(keyless, now=timezone.now(), rule=passwords.rule_in_force())
    assert age is None


def test_the_strictest_of_the_loaded_playbooks_holds(alice: User) -> None:
    PasswordRule.objects.create(playbook="other", months=6, warn_days=30, clause="O-1")
    assert passwords.rule_in_force() == passwords.Rule(3, 14, "M-1")
    PasswordRule.objects.create(playbook="third", months=1, warn_days=7, clause="T-1")
    assert passwords.rule_in_force() == passwords.Rule(1, 7, "T-1")


def test_without_a_rule_passwords_do_not_grow_old(alice: User, client: Client) -> None:
    PasswordRule.objects.all().delete()
    client.force_login(aged(alice, 1000))
    assert client.get("/tasks/").status_code == 200
    assert change(client, OLD, OLD).status_code == 302


@pytest.mark.parametrize(
    ("section", "problem"),
    [
        ("{months: 0, clause: M-1}", "months"),
        ("{months: three, clause: M-1}", "months"),
        ("{months: 3, warn: 4h, clause: M-1}", "warn"),
        ("{months: 3, warn: 14d}", "M-1"),
        ("{months: 3, clause: M-2}", "M-1"),
        ("{month: 3, clause: M-1}", "months"),
        ("[3]", ":"),
    ],
)
def test_a_mistake_in_the_section_is_said(tmp_path: Path, section: str, problem: str) -> None:
    text = COMPANY.replace("{months: 3, warn: 14d, clause: M-1}", section)
    (tmp_path / "company.yaml").write_text(text, encoding="utf-8")
    problems = playbook.check(tmp_path)
    assert problems
    assert any(problem in found for found in problems)


def test_the_section_is_loaded_once_and_exported_as_written(tmp_path: Path) -> None:
    from crm.sections import passwords

    assert not playbook.load(tmp_path, now=NOON).changed
    assert passwords.export("mill") == {"months": 3, "warn": "14d", "clause": "M-1"}
