"""The driving school: a lead becomes a pupil; another never answers; and nobody sets tasks where scenarios rule."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from crm import contacting
from crm.models import Deal, User
from pipelines.actor import SYSTEM
from tests.browser import office
from tests.factories import make_deal

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("idrive")]


def lead(owner: User, *, now: datetime | None = None) -> Deal:
    return make_deal(
        owner,
        pipeline="driving",
        name="Категория B",
        arrival="form",
        by=SYSTEM,
        now=now or timezone.now(),
    )


def on(deal: Deal) -> str:
    return str(Deal.objects.get(pk=deal.pk).stage.name)


@pytest.mark.clause("ID-1.1", "ID-1.6", "ID-6.1", "ID-7.2", "ID-7.5", "ID-11.1")
def test_a_lead_is_met_signs_online_pays_and_is_won(page: Page, alice: User) -> None:
    deal = lead(alice)
    office.sign_in(page, alice, "/deals/?pipeline=driving")
    left = office.card(page, deal).locator("time[data-deadline]")
    expect(left).to_be_visible()
    about = office.column(page, "Новые заявки (лиды)").locator("details.board-about")
    about.locator("summary").click()
    expect(about).to_contain_text("Первый контакт – за 15 минут рабочего времени.")
    page.goto(f"/deals/{deal.pk}/")
    office.press(page, "Дозвонились", result="хочет учиться на автомате")
    expect(office.current_stage(page)).to_have_text("Взято в работу")

    meeting = timezone.localtime() + timedelta(days=2)
    office.tasks(page).get_by_role("link", name="Встреча назначена").click()
    window = office.window(page)
    window.get_by_label("Встреча", exact=False).first.fill(f"{meeting:%Y-%m-%dT15:00}")
    window.get_by_role("button", name="Встреча назначена", exact=True).click()
    expect(window).to_contain_text("хотя бы одно из полей")
    assert set(office.clauses(page)) == {"ID-6.1"}
    window.get_by_label("Место встречи").fill("ул. Баумана, 5")
    office.send(page, "Встреча назначена")
    expect(office.current_stage(page)).to_have_text("Встреча назначена")
    expect(office.tasks(page)).to_contain_text("Контроль встречи")

    office.stage_bar(page, "Онлайн договор").click()
    expect(office.current_stage(page)).to_have_text("Онлайн договор")
    expect(office.tasks(page)).to_contain_text("Контроль онлайн-договора")
    page.get_by_role("tab", name=re.compile("^Договор")).click()
    for label in ("Договор подписан", "Оплата поступила"):
        with page.expect_response(re.compile("/field/")):
            page.get_by_label(label).check()
    expect(office.current_stage(page)).to_have_text("Договор")
    expect(office.tasks(page)).to_contain_text("Не проверять задачи")
    assert Deal.objects.get(pk=deal.pk).status == "won"


@pytest.mark.clause("ID-1.7", "ID-3.0", "ID-3.1", "ID-3.7")
def test_four_times_without_an_answer_close_the_lead(page: Page, alice: User) -> None:
    deal = lead(alice)
    office.sign_in(page, alice, f"/deals/{deal.pk}/")
    page.get_by_role("tab", name="Задача").click()
    expect(page.get_by_text("Здесь задачи руками не ставят:")).to_be_visible()
    expect(
        page.locator("#compose-task .app-clause, .tab-pane.active .app-clause").first
    ).to_have_text("ID-1.7")
    office.press(page, "Недозвон")
    expect(office.current_stage(page)).to_have_text("Не было 1 касания")
    expect(office.offer(page, "Написать в WhatsApp")).to_be_visible()
    for touch in (2, 3, 4):
        expect(office.tasks(page)).to_contain_text(f"Касание {touch}: перезвонить")
        office.press(page, "Недозвон")
    expect(office.current_stage(page)).to_have_text("Не целевой")
    assert on(deal) == "Не целевой"
    # And back only by the client's own doing.
    office.stage_bar(page, "Новые заявки (лиды)").click()
    window = office.window(page)
    expect(window).to_contain_text("ID-9.6")
    page.keyboard.press("Escape")
    contacting.record_contact(
        Deal.objects.get(pk=deal.pk),
        verb=contacting.MESSAGE_RECEIVED,
        by=SYSTEM,
        now=timezone.now(),
        text="Добрый день, хочу записаться",
        channel="whatsapp",
    )
    page.reload()
    office.stage_bar(page, "Новые заявки (лиды)").click()
    window.get_by_label("По инициативе клиента").check()
    window.get_by_label("Чем клиент дал о себе знать").select_option(index=1)
    window.get_by_role("button", name="Сохранить и перевести").click()
    office.closed(page)
    expect(office.current_stage(page)).to_have_text("Новые заявки (лиды)")
