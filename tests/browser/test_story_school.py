"""The school's two stories: a lead called, invoiced and paid for in parts until it is won; and one closed with its reason."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from crm.models import Deal, PaymentProvider, User
from tests.browser import office
from tests.fixtures.school import lead, post, told

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


@pytest.mark.clause("KO-2.3", "KO-2.6", "KO-2.7", "KO-2.9", "KO-2.10", "KO-2.12")
def test_a_lead_is_called_invoiced_and_paid_for_until_it_is_won(
    page: Page, alice: User, provider: PaymentProvider
) -> None:
    deal = lead(alice, "assigned")
    office.sign_in(page, alice, f"/deals/{deal.pk}/")
    office.press(page, "Взять")
    expect(office.tasks(page)).to_contain_text("Позвонить лиду")
    _offers_by_phone(page)
    _invoices(page)
    _is_paid(page, deal)


def _offers_by_phone(page: Page) -> None:
    office.tasks(page).get_by_role("link", name="Предложение названо").click()
    in_a_week = timezone.localtime() + timedelta(days=7)
    office.window(page).locator("[name=call_back]").fill(f"{in_a_week:%Y-%m-%dT12:00}")
    office.window(page).get_by_role("button", name="Предложение названо").click()
    expect(office.window(page)).to_contain_text("KO-2.6")
    office.window(page).get_by_label("Пол").select_option("женский")
    office.send(page, "Предложение названо")
    expect(office.current_stage(page)).to_have_text("Принимает решение")


def _invoices(page: Page) -> None:
    office.stage_bar(page, "Выставлен счет").click()
    expect(office.window(page)).to_contain_text("Сделайте счёт в карточке и отправьте его")
    page.keyboard.press("Escape")
    office.closed(page)
    section = page.locator("#invoices")
    section.get_by_role("link", name="Сделать счёт").click()
    expect(office.window(page).get_by_label("Сумма")).to_have_value("900.00")
    office.send(page, "Сделать счёт")
    expect(section).to_contain_text("черновик")
    section.get_by_role("link", name="Отправить").click()
    office.send(page, "Отправить")
    expect(section).to_contain_text("отправлен")
    office.stage_bar(page, "Выставлен счет").click()
    expect(office.current_stage(page)).to_have_text("Выставлен счет")


def _is_paid(page: Page, deal: Deal) -> None:
    money = page.locator("#payments")
    for event, amount, stage, due in (
        ("one", "100", "(100$) Внесена предоплата", "800"),
        ("two", "300", "Частичная оплата", "500"),
    ):
        assert post(told(deal, event_id=event, amount=amount)).status_code == 200
        page.reload()
        expect(office.current_stage(page)).to_have_text(stage)
        expect(money).to_contain_text(f"{due}\u00a0$")
    assert post(told(deal, event_id="three", amount="500")).status_code == 200
    page.reload()
    expect(office.current_stage(page)).to_have_text("Успешно реализовано")
    expect(money).to_contain_text("оплачено полностью")
    # The three together paid the invoice.
    expect(page.locator("#invoices .badge")).to_have_text("оплачен")


@pytest.mark.clause("KO-2.4", "KO-2.13", "KO-3")
def test_a_lead_nobody_reaches_is_closed_with_its_reason(
    page: Page, alice: User, school: None
) -> None:
    deal = lead(alice, "assigned")
    office.sign_in(page, alice, "/deals/?pipeline=school_sales")
    expect(page.get_by_role("link", name="Новая сделка", exact=True)).to_be_visible()
    office.follow(page, office.card(page, deal).get_by_role("link").first)
    office.press(page, "Взять")
    office.press(page, "Недозвон")
    expect(office.current_stage(page)).to_have_text("Недозвон")
    office.stage_bar(page, "Закрыто и не реализовано").click()
    assert office.asked(page) == ["Причина закрытия"]
    office.window(page).get_by_label("Причина закрытия").select_option("не дозвонились")
    office.send(page, "Сохранить и перевести")
    expect(office.current_stage(page)).to_have_text("Закрыто и не реализовано")
