"""The first hour of a manager: a lead becomes a deal and goes by the regulation to those who will do the work."""

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

NAME = "Внедрение для пекарни"


@pytest.mark.clause("AX-1.2a", "AX-2.1", "AX-2.5", "AX-2.6", "AX-3.9", "AX-7.5", "AX-8.1")
def test_a_new_deal_walks_by_the_regulation_into_production(
    page: Page, visitors, alice: User, anna: User
) -> None:
    _signs_in(page, alice)
    deal = _opens_a_deal(page)
    _takes_it_into_work(page, deal)
    _talks(page)
    _qualifies(page)
    _sends_the_proposal(page)
    _agrees(page)
    _launches(page)
    _account_manager_finds_it(visitors(), anna)


def _signs_in(page: Page, user: User) -> None:
    page.goto("/")
    expect(page).to_have_title(re.compile("Войти"))
    page.get_by_label("Почта").fill(user.email)
    page.get_by_label("Пароль").fill("secret-pass-1")
    page.get_by_role("button", name="Войти").click()
    expect(page).to_have_title(re.compile("Рабочий стол"))
    office.follow(page, page.get_by_role("link", name="Сделки", exact=True))
    expect(page).to_have_title(re.compile("###CRM###"))


def _opens_a_deal(page: Page) -> Deal:
    page.get_by_role("link", name="Новая сделка", exact=True).click()
    window = office.window(page)
    window.get_by_label("Название").fill(NAME)
    window.locator("[name=contact_name]").fill("Марина Жук")
    window.locator("[name=phone]").fill("+375 29 765-43-21")
    window.locator("[name=email]").fill("zhuk@bakery.example")
    window.get_by_role("button", name="Создать сделку").click()
    page.wait_for_url(re.compile(r"/deals/\d+/$"))
    expect(office.current_stage(page)).to_have_text("Новая заявка")
    expect(office.tasks(page)).to_contain_text("Позвонить новому лиду")
    return Deal.objects.get(name=NAME)


def _takes_it_into_work(page: Page, deal: Deal) -> None:
    office.follow(page, page.get_by_role("link", name="Сделки", exact=True))
    office.drag(page, deal, "Взята в работу")
    window = office.window(page)
    expect(window).to_contain_text("На этап «Взята в работу»")
    assert office.clauses(page) == ["AX-1.2a"]
    assert office.asked(page) == ["Площадка"]
    expect(office.names(page, "Новая заявка")).to_have_text([NAME])
    expect(office.names(page, "Взята в работу")).to_have_count(0)
    assert Deal.objects.get().stage.code == "new"

    window.get_by_label("Площадка").select_option("Сайт")
    window.get_by_role("button", name="Сохранить и перевести").click()
    office.closed(page)
    expect(office.toast(page)).to_contain_text("Взята в работу")
    expect(office.names(page, "Взята в работу")).to_have_text([NAME])
    expect(office.names(page, "Новая заявка")).to_have_count(0)


def _talks(page: Page) -> None:
    office.follow(page, page.get_by_role("link", name=NAME))
    task = office.tasks(page)
    expect(task).to_contain_text("Связаться с клиентом – Провести квалификацию")
    expect(task.locator(".app-clause")).to_have_text("AX-2.1")
    expect(task.locator(".card-task")).to_have_count(1)
    office.press(page, "Поговорили", result="Три пекарни, заявки теряются", is_last=True)
    expect(task).to_contain_text("У сделки нет задачи")
    expect(office.feed(page)).to_contain_text("Три пекарни, заявки теряются")


def _qualifies(page: Page) -> None:
    office.stage_bar(page, "Квалифицирован").click()
    expect(office.window(page)).to_contain_text("AX-2.6")
    assert office.asked(page) == ["Ниша", "Источник"]
    office.window(page).get_by_label("Ниша").fill("Пекарни")
    office.window(page).get_by_label("Источник").select_option("Рекомендация")
    office.send(page, "Сохранить и перевести")
    expect(office.current_stage(page)).to_have_text("Квалифицирован")


def _sends_the_proposal(page: Page) -> None:
    office.press(page, "Отправил", is_last=True)
    office.offer(page, "Перевести в «Отправлено КП»").click()
    expect(office.window(page)).to_contain_text("AX-3.8")
    office.window(page).get_by_label("Бюджет").fill("1 500,50")
    office.send(page, "Перевести в «Отправлено КП»")
    expect(office.current_stage(page)).to_have_text("Отправлено КП")
    expect(page.locator(".card-budget input:not([type=hidden])")).to_have_value(
        re.compile(r"^1\s500,50$")
    )


def _agrees(page: Page) -> None:
    office.press(page, "Согласовал старт", result="Начинаем в понедельник")
    expect(office.current_stage(page)).to_have_text("Согласован старт")
    expect(office.tasks(page)).to_contain_text("Подготовить договор и выставить счет")
    office.stage_bar(page, "Выставлен договор/счет").click()
    assert office.asked(page) == ["Договор"]
    office.window(page).get_by_label("Договор").fill("https://cloud.example.com/contract-7")
    office.send(page, "Сохранить и перевести")
    expect(office.current_stage(page)).to_have_text("Выставлен договор/счет")


def _launches(page: Page) -> None:
    office.stage_bar(page, "Запущено в работу").click()
    window = office.window(page)
    expect(window).to_contain_text("AX-7.5")
    assert office.asked(page) == ["Оплата поступила на счёт"]
    with page.expect_response(re.compile("/move/")) as refused:
        window.get_by_role("button", name="Сохранить и перевести").click()
    assert refused.value.status == 422
    expect(window).to_contain_text("AX-7.5")  # without the tick it stands where it stood
    expect(window).to_be_visible()
    assert Deal.objects.get().stage.code == "invoice"
    window.get_by_label("Оплата поступила на счёт").check()
    office.send(page, "Сохранить и перевести")
    expect(office.current_stage(page)).to_have_text("Запущено в работу")
    expect(office.feed(page)).to_contain_text("ПРОДАКШН")


def _account_manager_finds_it(page: Page, user: User) -> None:
    office.sign_in(page, user)
    if office.column(page, "Передано в работу").count() == 0:
        page.get_by_role("button", name="Воронка").click()
        page.get_by_role("link", name="ПРОДАКШН").click()
    expect(office.names(page, "Передано в работу")).to_have_text([NAME])
    page.get_by_role("link", name=NAME).click()
    expect(office.tasks(page)).to_contain_text("Познакомиться с клиентом")
    expect(office.feed(page)).to_contain_text("Три пекарни, заявки теряются")
    expect(office.feed(page).get_by_text("продажа", exact=True).first).to_be_visible()
    expect(page.get_by_role("region", name="Контакт и компания")).to_contain_text("Марина Жук")
