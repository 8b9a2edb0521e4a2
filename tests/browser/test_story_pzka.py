"""The scrap-metal buyer: a lead becomes a regular client in five deliveries, another one is refused."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from crm.models import Deal, User
from tests.browser import office
from tests.clauses.pz_steps import lead

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

NAME = "Медь с завода"


@pytest.mark.clause("PZ-1.2", "PZ-5.1", "PZ-5.3", "PZ-5.4", "PZ-5.5", "PZ-II.1b")
def test_a_lead_delivers_five_times_and_goes_to_the_client_department(
    page: Page, visitors, alice: User, clara: User
) -> None:
    office.sign_in(page, alice, "/deals/?pipeline=scrap")
    deal = _opens_a_deal(page)
    _qualifies_by_dragging(page, deal)
    _makes_the_offer(page)
    for number in range(1, 5):
        _delivers(page)
        expect(office.current_stage(page)).to_have_text(f"{number}-я поставка")
    _delivers(page)
    expect(office.current_stage(page)).to_have_text("Стал постоянным клиентом")
    expect(deliveries(page)).to_contain_text("постоянный клиент")
    expect(deliveries(page)).to_contain_text("5 завершённых поставок")
    _client_department_goes_on(visitors(), clara)


def _opens_a_deal(page: Page) -> Deal:
    page.get_by_role("link", name="Новая сделка", exact=True).click()
    window = office.window(page)
    window.get_by_label("Название").fill(NAME)
    window.locator("[name=contact_name]").fill("Марина Жук")
    window.locator("[name=phone]").fill("+7 910 765-43-21")
    window.get_by_role("button", name="Создать сделку").click()
    page.wait_for_url(re.compile(r"/deals/\d+/$"))
    expect(office.current_stage(page)).to_have_text("Лид")
    expect(office.tasks(page)).to_contain_text("Квалифицировать")
    return Deal.objects.get(name=NAME)


def _qualifies_by_dragging(page: Page, deal: Deal) -> None:
    page.goto("/deals/?pipeline=scrap")
    office.drag(page, deal, "Квалифицирован")
    window = office.window(page)
    expect(window).to_contain_text("PZ-5.4")
    window.get_by_label("Какой лом").select_option(["Медь", "Кабель"])
    window.get_by_label("Сколько за раз").fill("3")
    window.get_by_label("Город").fill("Тула")
    window.get_by_label("Как попадёт к нам").select_option("Привозит сам")
    window.get_by_label("Как хочет получить деньги").select_option("На карту")
    window.get_by_role("button", name="Сохранить и перевести").click()
    office.closed(page)
    expect(office.column(page, "Квалифицирован").locator(".deal-name")).to_have_text([NAME])


def _makes_the_offer(page: Page) -> None:
    office.follow(page, page.get_by_role("link", name=NAME))
    office.stage_bar(page, "Сделано предложение").click()
    assert office.asked(page) == ["Названная цена"]
    office.window(page).get_by_label("Названная цена").fill("700 000")
    office.send(page, "Сохранить и перевести")
    expect(office.current_stage(page)).to_have_text("Сделано предложение")
    expect(office.tasks(page)).to_contain_text("Снять возражения")


def deliveries(page: Page):
    return page.get_by_role("region", name="Поставки")


def _delivers(page: Page) -> None:
    deliveries(page).get_by_role("link", name="Внести поставку").click()
    window = office.window(page)
    window.get_by_label("Вес, т").fill("2,5")
    window.get_by_label("Сумма, ₽").fill("1 750 000")
    office.send(page, "Сохранить")


def _client_department_goes_on(page: Page, clara: User) -> None:
    office.sign_in(page, clara, "/deals/?pipeline=regulars")
    expect(office.column(page, "Передан").locator(".deal-name")).to_have_text([NAME])
    office.follow(page, page.get_by_role("link", name=NAME))
    expect(office.tasks(page)).to_contain_text("Познакомиться с постоянным клиентом")
    _delivers(page)
    expect(office.current_stage(page)).to_have_text("Везёт")
    expect(deliveries(page)).to_contain_text("6 завершённых поставок")


@pytest.mark.clause("PZ-5.0")
def test_a_lead_who_will_not_deliver_is_closed_with_the_reason(
    page: Page, alice: User, pzka: None
) -> None:
    deal = lead(alice, name=NAME)
    office.sign_in(page, alice, f"/deals/{deal.pk}/")
    office.stage_bar(page, "Не сотрудничаем").click()
    expect(office.window(page)).to_contain_text("PZ-5.0")
    assert office.asked(page) == ["Почему не сотрудничаем"]
    office.window(page).get_by_label("Почему не сотрудничаем").select_option("Сдаёт другому")
    office.send(page, "Сохранить и перевести")
    expect(office.current_stage(page)).to_have_text("Не сотрудничаем")
    expect(office.tasks(page)).not_to_contain_text("Квалифицировать")
    expect(deliveries(page).get_by_role("link", name="Внести поставку")).to_have_count(0)
