"""The deals as lists: a filter set, shown as chips, saved and shared; columns dragged; the cards' fields chosen."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from crm.models import Preference, SavedFilter, Team, User
from tests.browser import office
from tests.factories import make_deal

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.browser


def names(page: Page) -> Locator:
    return page.locator(".deals-name")


def test_a_head_sets_a_filter_saves_it_and_shares_it_and_a_manager_opens_it(
    page: Page, alice: User, olga: User, team: Team
) -> None:
    now = timezone.now()
    make_deal(alice, name="Крупная", answers={"budget": "5000"}, now=now)
    make_deal(alice, name="Мелкая", answers={"budget": "5"}, now=now)
    office.sign_in(page, olga, "/deals/table/?pipeline=leads")
    page.locator("#filter-button").click()
    panel = page.locator("#filter-panel")
    panel.get_by_label("Создана", exact=True).select_option("last_7_days")
    panel.locator("[name=budget_from]").fill("1 000")
    panel.get_by_role("button", name="Показать").click()
    expect(page).to_have_url(
        f"{page.url.split('?')[0]}?pipeline=leads&budget_from=1000&created=last_7_days"
    )
    expect(names(page)).to_have_text(["Крупная"])
    chips = page.locator(".filter-chip")
    expect(chips).to_have_count(2)

    page.wait_for_load_state()
    page.locator("#filter-save").click()
    window = office.window(page)
    window.get_by_label("Название").fill("Крупные за неделю")
    window.get_by_label("Кто видит").select_option(label="«Продажи»")
    window.get_by_role("button", name="Сохранить").click()
    expect(page.locator(".filter-name")).to_contain_text("Крупные за неделю")
    saved = SavedFilter.objects.get()
    assert (saved.shared_with_team, saved.query) == (
        team,
        "budget_from=1000&created=last_7_days",
    )
    chips.filter(has_text="Бюджет").click()
    expect(page.locator(".filter-name")).to_contain_text("изменён")
    expect(names(page)).to_have_text([re.compile("Крупная|Мелкая")] * 2)

    page.context.clear_cookies()
    office.sign_in(page, alice, "/deals/?pipeline=leads")
    page.locator("#filter-saved").click()
    page.locator("#saved-filters").get_by_role("link", name="Крупные за неделю").click()
    expect(page.locator(".deal-name")).to_have_text(["Крупная"])


def test_a_manager_drags_columns_ticks_deals_and_chooses_what_the_cards_show(
    page: Page, alice: User
) -> None:
    now = timezone.now()
    for number in range(3):
        make_deal(alice, name=f"Сделка {number}", answers={"budget": "700"}, now=now)
    office.sign_in(page, alice, "/deals/table/?pipeline=leads")
    headings = page.locator("th[data-column]")
    before = headings.evaluate_all("all => all.map(one => one.dataset.column)")
    office.lift(page, page.locator("th[data-column=budget]"))
    page.locator("th[data-column=stage]").hover(position={"x": 4, "y": 8})
    expect(page.locator("th[data-column=budget] ~ th[data-column=stage]")).to_have_count(1)
    with page.expect_navigation():
        page.mouse.up()
    after = headings.evaluate_all("all => all.map(one => one.dataset.column)")
    assert after != before
    assert after.index("budget") < after.index("stage")
    assert Preference.objects.get(user=alice, key="columns.deals.leads").value == after

    page.get_by_label("Сделка 1").check()
    expect(page.locator("[data-selected]")).to_have_text("1")
    office.follow(page, page.locator("th[data-column=name] a"))
    expect(page.get_by_label("Сделка 1")).to_be_checked()
    page.get_by_role("button", name="Снять выбор").click()
    expect(page.locator("[data-selection-bar]")).to_be_hidden()

    page.goto("/deals/?pipeline=leads")
    expect(page.locator(".deal-sum")).to_have_count(3)
    page.locator("#card-fields").click()
    office.window(page).get_by_role("checkbox", name="Бюджет").uncheck()
    with page.expect_navigation():
        office.window(page).get_by_role("button", name="Сохранить").click()
    expect(page.locator(".deal-card")).to_have_count(3)
    expect(page.locator(".deal-sum")).to_have_count(0)
