"""Names in the pages: a better one is shown while one types, and taken with one click there or on the card."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from crm.models import Deal, User
from tests.browser import office

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


@pytest.mark.clause("AX-N2.5")
@pytest.mark.clause("AX-N3.2")
def test_a_better_name_is_taken_while_typing_and_another_one_on_the_card(
    page: Page, alice: User
) -> None:
    office.sign_in(page, alice)
    page.get_by_role("link", name="Новая сделка", exact=True).click()
    window = office.window(page)
    window.get_by_label("Название").fill("базовое внедрение.")
    window.locator("[name=company_name]").fill("ООО ЦИФРА")
    window.locator("[name=contact_name]").fill("Лукашевич Алексей")
    window.locator("[name=phone]").fill("+375 29 765-43-21")
    hint = window.locator(".name-hint", has_text="Алексей Лукашевич")
    hint.get_by_role("button", name="Принять").click()
    expect(window.locator("[name=contact_name]")).to_have_value("Алексей Лукашевич")
    expect(hint).to_have_count(0)
    # Of the company's name only the warning is left: it holds nobody up.
    expect(window.locator(".name-hint")).to_contain_text("ООО «Цифра»")
    window.get_by_role("button", name="Создать сделку").click()
    page.wait_for_url(re.compile(r"/deals/\d+/$"))
    card_hint = page.locator(".name-hint")
    expect(card_hint).to_contain_text("ООО «Цифра»")
    card_hint.get_by_role("button", name="Принять").click()
    expect(page.locator(".name-hint")).to_have_count(0)
    deal = Deal.objects.get()
    assert (deal.name, deal.contact.name) == ("Базовое внедрение", "Алексей Лукашевич")
    assert deal.company.name == "ООО «Цифра»"
