"""Many deals at once, and the way back: from a toast, from a report, after a merge."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from crm.models import Contact, Deal, User
from tests.browser import office
from tests.factories import make_deal

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


def deals_of(owner: User, number: int) -> list[Deal]:
    now = timezone.now()
    return [
        make_deal(owner, now=now, name=f"Сделка {count}", answers={"platform": "site"})
        for count in range(1, number + 1)
    ]


def test_a_manager_takes_back_a_drag_with_the_button_and_with_the_keys(
    page: Page, alice: User, time_machine: Any
) -> None:
    # The server's clock stands: on a slow machine nobody is too late to take back.
    time_machine.move_to(timezone.now(), tick=False)
    (deal,) = deals_of(alice, 1)
    office.sign_in(page, alice)
    office.drag(page, deal, "Взята в работу")
    page.locator(".app-toast-back").click()
    expect(office.toast(page)).to_contain_text("снова на этапе «Новая заявка»")
    expect(office.column(page, "Новая заявка").locator(".deal-name")).to_have_text([deal.name])
    expect(office.column(page, "Взята в работу").locator(".deal-card")).to_have_count(0)
    assert not deal.tasks.filter(state="open", text__startswith="Связаться").exists()

    office.drag(page, deal, "Взята в работу")
    expect(page.locator(".app-toast-back")).to_be_visible()
    page.keyboard.press("Alt+KeyZ")
    expect(office.column(page, "Новая заявка").locator(".deal-name")).to_have_text([deal.name])
    assert Deal.objects.get().stage.code == "new"


def test_a_head_moves_several_and_puts_them_back_from_the_report(
    page: Page, alice: User, olga: User
) -> None:
    deals = deals_of(alice, 3)
    odd = make_deal(alice, now=timezone.now(), name="Без площадки")
    office.sign_in(page, olga, "/deals/table/")
    page.locator("[data-tick-all]").check()
    page.get_by_role("button", name="Перевести", exact=True).click()
    window = office.window(page)
    window.get_by_label("Этап").select_option(label="Взята в работу")
    # What one of them lacks is asked once; left empty, that one is refused alone.
    expect(window.locator("[name=f-platform]").first).to_be_attached()
    window.get_by_role("button", name="Изменить 4 сделки").click()
    expect(window).to_contain_text("Без площадки")
    expect(window.locator(".app-clause")).to_have_text(["AX-1.2a"])
    assert Deal.objects.filter(stage__code="taken").count() == len(deals)
    window.get_by_role("button", name="Отменить").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("4 сделки")
    expect(page.locator("main")).to_contain_text("отменено")
    assert Deal.objects.filter(stage__code="new").count() == len(deals) + 1
    assert Deal.objects.get(pk=odd.pk).stage.code == "new"


def test_a_head_merges_two_contacts_and_separates_them(page: Page, alice: User, olga: User) -> None:
    now = timezone.now()
    main = Contact.objects.create(name="Анна Ким", owner=alice, created_at=now)
    other = Contact.objects.create(name="Ким Анна", owner=alice, created_at=now)
    deal = make_deal(alice, now=now, contact=other, name="Сделка Анны")
    office.sign_in(page, olga, "/contacts/duplicates/")
    page.get_by_role("link", name="Объединить с «Анна Ким»").click()
    page.get_by_role("button", name="Объединить", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("объединён")
    assert Deal.objects.get(pk=deal.pk).contact == main
    page.goto(f"/contacts/{other.pk}/")
    expect(page).to_have_url(re.compile(rf"/contacts/{main.pk}/$"))
    expect(page.locator("main")).to_contain_text("Сделка Анны")
    page.goto("/batches/")
    page.get_by_role("link", name="объединён").click()
    page.get_by_role("button", name="Отменить 1 строку").click()
    expect(page.locator("main")).to_contain_text("отменено")
    assert Deal.objects.get(pk=deal.pk).contact == other
