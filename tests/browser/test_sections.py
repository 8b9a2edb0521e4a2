"""The ten sections by clicks alone, as a manager, a head and an administrator walk them: what each has, does and is refused."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from crm.models import Deal, Tag, Task, User
from crm.planning import tasks
from pipelines.actor import Actor
from tests.browser import office
from tests.factories import make_deal

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

EVERYBODY = ["Рабочий стол", "Мой день", "Сделки", "Задачи", "Списки"]


def sections(page: Page) -> list[str]:
    return page.locator("#side .nav-link-title").all_inner_texts()


def go(page: Page, section: str) -> None:
    office.follow(page, page.locator("#side").get_by_role("link", name=section, exact=True))


def test_each_role_has_its_sections_and_does_in_them_what_is_its_to_do(
    page: Page, alice: User, olga: User, administrator: User
) -> None:
    deal = make_deal(
        alice, name="Ромашка", answers={"platform": "site"}, now=timezone.now() - timedelta(days=1)
    )
    for user in (alice, olga, administrator):
        office.sign_in(page, user, "/desktop/")
        assert set(EVERYBODY) <= set(sections(page))
        _desktop(page)
        _search(page)
        _card(page, deal, user)
        _tasks(page, user)
        _profile(page, user)
    # What only some have: the last to walk was the administrator.
    _settings(page)
    for user, has, has_not in (
        (alice, set(), {"Аналитика", "Настройки"}),
        (olga, {"Аналитика"}, {"Настройки"}),
        (administrator, {"Аналитика", "Настройки"}, set()),
    ):
        office.sign_in(page, user, "/lists/")
        assert has <= set(sections(page))
        assert not has_not & set(sections(page))
        page.goto("/settings/")
        expect(page.locator("h1, .empty-header").first).to_have_text(
            "Настройки" if "Настройки" in has else "403"
        )
        page.goto("/day/")
        expect(page.locator("main a[href='/day/team/']")).to_have_count(0 if user == alice else 1)


def _desktop(page: Page) -> None:
    """A number is a link to the list behind it."""
    number = page.locator(".desktop-cell a[href*='/deals/']").first
    office.follow(page, number)
    expect(page).to_have_url(re.compile("/deals/"))


def _search(page: Page) -> None:
    """By keys alone, in the wrong layout: «hjvfirf» is «ромашка»."""
    page.keyboard.press("Control+k")
    expect(page.locator("#search")).to_be_focused()
    with page.expect_response(re.compile(r"/search/\?q=hjvfirf")):
        page.keyboard.type("hjvfirf")
    office.follow(page, page.locator("#search-found").get_by_role("link", name="Ромашка").first)
    expect(page).to_have_title(re.compile("Ромашка"))


def _card(page: Page, deal: Deal, user: User) -> None:
    said = f"Пишет {user.first_name}"
    page.locator("#compose-note textarea").fill(said)
    page.keyboard.press("Control+Enter")
    expect(office.feed(page)).to_contain_text(said)
    # The head and the administrator move what is a manager's: the head on, the administrator back.
    if user.led_ids is None or user.leads:
        to = {"new": "Взята в работу", "taken": "Новая заявка"}[
            Deal.objects.get(pk=deal.pk).stage.code
        ]
        go(page, "Сделки")
        office.drag(page, deal, to)
        expect(office.toast(page)).to_be_visible()
        expect(office.names(page, to)).to_have_text([deal.name])


def _tasks(page: Page, user: User) -> None:
    task = tasks.create_task(
        text=f"Дело {user.first_name}",
        due_at=timezone.now() + timedelta(hours=1),
        owner=user,
        by=Actor.person(user),
        now=timezone.now(),
    )
    go(page, "Задачи")
    page.get_by_role("link", name=f"Готово: {task.text}").click()
    office.window(page).get_by_label("Результат").fill("сделано")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".tasks-row", has_text=task.text)).to_have_count(0)
    assert Task.objects.get(pk=task.pk).result == "сделано"


def _profile(page: Page, user: User) -> None:
    page.get_by_role("button", name="Ваше меню").click()
    page.get_by_role("link", name="Мой профиль").click()
    page.locator("select[name=theme]").select_option("dark")
    page.locator("[name=time_zone]").select_option("Asia/Omsk")
    page.locator("form", has=page.locator("select[name=theme]")).get_by_role("button").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    assert User.objects.get(pk=user.pk).time_zone == "Asia/Omsk"


def _settings(page: Page) -> None:
    go(page, "Настройки")
    page.locator(".settings-place", has=page.locator("a[href$='/crm/tag/']")).locator(
        ".settings-add"
    ).click()
    page.locator("#id_name").fill("Ждёт выставки")
    page.locator("input[name=_save]").click()
    expect(page.locator(".messagelist")).to_contain_text("Ждёт выставки")
    assert Tag.objects.filter(name="Ждёт выставки").exists()
