"""The desktop and «My day» in a browser: a widget dragged stays there, a day is worked by the keyboard alone."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from crm.models import Deal, Task, User
from tests.browser import office
from tests.factories import NOON, make_deal

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.browser


def titles(page: Page) -> list[str]:
    return page.locator(".desktop-cell h2").all_inner_texts()


def focused(page: Page) -> Locator:
    return page.locator(".day-entry:focus")


def test_a_widget_dragged_to_another_place_stands_there_from_then_on(
    page: Page, alice: User
) -> None:
    page.set_viewport_size({"width": 1440, "height": 1000})
    office.sign_in(page, alice, "/desktop/")
    # What takes longer comes by itself.
    expect(page.locator(".desktop-body[aria-busy]")).to_have_count(0)
    before = titles(page)
    heads = page.locator(".desktop-head h2")
    office.lift(page, heads.nth(2))
    heads.nth(0).hover()
    expect(heads.nth(0)).to_have_text(before[2])
    with page.expect_response("**/desktop/order/"):
        page.mouse.up()
    after = titles(page)
    assert after != before
    assert sorted(after) == sorted(before)
    page.reload()
    assert titles(page) == after


def test_a_managers_day_by_the_keyboard_alone(page: Page, alice: User, time_machine: Any) -> None:
    # In the evening what comes again in an hour is no longer left for today.
    time_machine.move_to(now := NOON)
    Task.objects.create(
        owner=alice, text="Отправить отчёт", due_at=now - timedelta(hours=3), created_at=now
    )
    called = make_deal(alice, name="Ромашка", answers={"platform": "site"}, now=now)
    last = make_deal(alice, name="Василёк", contact_name="Пётр Ильин", now=now)
    for deal, hours, text, kind in ((called, 2, "", ""), (last, 1, "Спросить о решении", "other")):
        task = deal.tasks.get()
        task.due_at = now - timedelta(hours=hours)
        task.text, task.kind = text or task.text, kind or task.kind
        task.code = "" if kind else task.code
        task.save(update_fields=["due_at", "text", "kind", "code"])
        Deal.objects.filter(pk=deal.pk).update(next_task_at=task.due_at)
    office.sign_in(page, alice, "/day/")
    keys, window = page.keyboard, office.window(page)
    expect(page.locator(".day-entry")).to_have_count(3)

    # The first: done, with a result.
    keys.press("j")
    expect(focused(page)).to_contain_text("Отправить отчёт")
    keys.press("d")
    expect(window.get_by_label("Результат")).to_be_focused()
    keys.type("отправлен")
    keys.press("Control+Enter")
    office.closed(page)

    # The second: an outcome, chosen by its number, and the next entry has the focus by itself.
    expect(page.locator(".day-entry")).to_have_count(2)
    expect(focused(page)).to_contain_text("Ромашка")
    keys.press("Enter")
    expect(window.locator(".day-way").first).to_be_visible()
    keys.press("1")
    expect(window.locator("#day-way form")).to_be_visible()
    keys.press("Control+Enter")
    office.closed(page)
    assert called.tasks.exclude(scenario="").exists()

    # The third: its result, and the deal's next task in the same window.
    expect(focused(page)).to_contain_text("Василёк")
    keys.press("d")
    expect(window.get_by_label("Результат")).to_be_focused()
    keys.type("решают")
    keys.press("Control+Enter")
    # The regulation says no in the window, and the window asks on.
    expect(window.get_by_label("Что делать дальше")).to_be_focused()
    keys.type("Позвонить после совещания")
    keys.press("Control+Enter")
    office.closed(page)
    assert Task.objects.open().get(deal=last).text == "Позвонить после совещания"
    expect(page.locator("#day-empty, .day-entry").first).to_be_focused()
    # Nobody picked up: that task comes again within the day, and is not done.
    expect(page.locator(".day-counts")).to_contain_text("1 осталось на сегодня")
    expect(page.locator(".day-counts")).to_contain_text("2 сделано сегодня")


def test_a_head_gives_a_forgotten_deal_to_somebody_else(
    page: Page, alice: User, bob: User, olga: User
) -> None:
    deal = make_deal(alice, name="Забытая", now=timezone.now())
    Task.objects.filter(deal=deal).update(state="cancelled")
    Deal.objects.filter(pk=deal.pk).update(next_task_at=None)
    office.sign_in(page, olga, "/day/team/")
    row = page.get_by_role("row").filter(has_text=str(alice))
    row.get_by_role("link", name="1", exact=True).click()
    page.get_by_label("Выбрать «Забытая»").check()
    page.get_by_label("Кому передать").select_option(str(bob.pk))
    page.get_by_role("button", name="Передать").click()
    # The batch's own page says what became of each.
    page.wait_for_url("**/batches/**")
    expect(page.locator("main")).to_contain_text("Забытая")
    assert Deal.objects.get(pk=deal.pk).owner == bob
    page.goto(f"/day/?who={alice.pk}")
    expect(page.locator(".day-entry")).to_have_count(0)
