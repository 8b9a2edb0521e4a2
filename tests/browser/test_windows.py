"""Two people, two windows, no scripts, no server: nothing is done twice and nothing typed is lost."""

from __future__ import annotations

import email
import re
from email.policy import default
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.sessions.backends.cached_db import SessionStore
from django.contrib.sessions.models import Session
from django.utils import timezone
from playwright.sync_api import expect

from crm.models import Deal, Task, User
from notifications import outbox
from pipelines import engine
from pipelines.actor import Actor
from pipelines.models import Event
from tests.browser import office
from tests.factories import make_deal

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

pytestmark = pytest.mark.browser

NAME = "Мебель на заказ"


@pytest.fixture
def deal(alice: User) -> Deal:
    return make_deal(alice, now=timezone.now(), name=NAME)


def move(deal: Deal, to: str, by: User, **answers: str) -> None:
    """A colleague moves the deal in a window of his own."""
    fresh = Deal.objects.get(pk=deal.pk)
    engine.move(fresh, to=to, by=Actor.person(by), now=timezone.now(), answers=answers)


# ── Two windows ────────────────────────────────────────────────────────────────


def test_a_deal_moved_by_a_colleague_meanwhile_is_not_moved_again(
    page: Page, deal: Deal, alice: User, olga: User
) -> None:
    # Her page hears nothing, else it would show the colleague's move before she drags.
    page.route("**/live/**", lambda route: route.abort())
    office.sign_in(page, alice)
    move(deal, "taken", olga, platform="site")
    office.drag(page, deal, "Квалифицирован")
    said = office.toast(page)
    expect(said).to_contain_text("Ольга Титова")
    expect(said).to_contain_text("Взята в работу")
    at = timezone.localtime(Event.objects.filter(deal=deal, verb="deal.moved").get().at)
    expect(said).to_contain_text(f"{at:%H:%M}")
    expect(office.column(page, "Взята в работу").locator(".deal-name")).to_have_text([NAME])
    expect(page.locator(".deal-card")).to_have_count(1)
    expect(office.column(page, "Новая заявка").locator(".board-total .badge")).to_have_text("0")
    expect(office.column(page, "Взята в работу").locator(".board-total .badge")).to_have_text("1")
    assert Deal.objects.get().stage.code == "taken"


def test_one_field_edited_by_two_asks_whose_word_stands(
    page: Page, visitors, deal: Deal, alice: User, olga: User
) -> None:
    head = visitors()
    for window, user in (page, alice), (head, olga):
        office.sign_in(window, user, f"/deals/{deal.pk}/")
        window.get_by_role("tab", name="Квалификация").click()
    _fill_niche(head, "Кухни")
    expect(head.locator("#field-niche")).to_contain_text("Сохранено")

    _fill_niche(page, "Шкафы")
    field = page.locator("#field-niche")
    expect(field).to_contain_text("Кухни")
    expect(field.get_by_label("Ниша")).to_have_value("Шкафы")
    assert Deal.objects.get().get_value("niche") == "Кухни"
    field.get_by_role("button", name="Сохранить моё").click()
    expect(field).to_contain_text("Сохранено")
    assert Deal.objects.get().get_value("niche") == "Шкафы"

    _fill_niche(head, "Столы")
    head.locator("#field-niche").get_by_role("button", name="Оставить").click()
    expect(head.locator("#field-niche").get_by_label("Ниша")).to_have_value("Шкафы")
    assert Deal.objects.get().get_value("niche") == "Шкафы"


def _fill_niche(page: Page, text: str) -> None:
    box = page.locator("#field-niche").get_by_label("Ниша")
    box.fill(text)
    box.press("Enter")


def test_an_outcome_pressed_in_both_windows_counts_once(
    page: Page, visitors, deal: Deal, alice: User, olga: User
) -> None:
    head = visitors()
    for window, user in (page, alice), (head, olga):
        office.sign_in(window, user, f"/deals/{deal.pk}/")
        office.tasks(window).get_by_role("link", name="Поговорили").click()
        office.window(window).get_by_label("Результат").fill(f"Итог: {user.first_name}")
    office.send(page, "Поговорили", is_last=True)
    office.window(head).get_by_role("button", name="Поговорили", exact=True).click()
    expect(office.toast(head)).to_contain_text("уже")
    expect(office.window(head).get_by_label("Результат")).to_have_value("Итог: Ольга")
    assert Task.objects.get().result == "Итог: Алиса"
    assert Event.objects.filter(deal=deal, verb="call.answered").count() == 1


# ── A form refused ─────────────────────────────────────────────────────────────


def test_a_refused_form_keeps_what_was_typed(page: Page, alice: User) -> None:
    office.sign_in(page, alice)
    page.get_by_role("link", name="Новая сделка", exact=True).click()
    window = office.window(page)
    typed = {"name": "Двери", "budget": "NaN", "contact_name": "Пётр Жук", "phone": "позвонить"}
    for name, text in typed.items():
        window.locator(f"[name={name}]").fill(text)
    window.get_by_role("button", name="Создать сделку").click()
    expect(window.locator(".invalid-feedback:visible")).to_have_count(2)
    for name, text in typed.items():
        expect(window.locator(f"[name={name}]")).to_have_value(text)
    assert not Deal.objects.exists()

    window.locator("[name=budget]").fill("1 000,50")
    window.locator("[name=phone]").fill("8 029 111-22-33")
    window.get_by_role("button", name="Создать сделку").click()
    expect(page.locator(".card-budget input:not([type=hidden])")).to_have_value(
        re.compile(r"^1\s000,50$")
    )


def test_a_half_filled_window_of_a_refused_move_keeps_its_answers(
    page: Page, deal: Deal, alice: User
) -> None:
    office.sign_in(page, alice)
    office.drag(page, deal, "Отправлено КП")
    window = office.window(page)
    assert office.asked(page) == ["Площадка", "Ниша", "Источник", "Бюджет"]
    window.get_by_label("Ниша").fill("Шкафы")
    window.get_by_label("Бюджет").fill("сто")
    window.get_by_role("button", name="Сохранить и перевести").click()
    expect(window.locator(".invalid-feedback").first).to_be_visible()
    expect(window.get_by_label("Ниша")).to_have_value("Шкафы")
    expect(window.get_by_label("Бюджет")).to_have_value("сто")
    window.get_by_role("button", name="Оставить на месте").click()
    office.closed(page)
    expect(office.names(page, "Новая заявка")).to_have_text([NAME])
    assert Deal.objects.get().stage.code == "new"


# ── The keyboard alone ─────────────────────────────────────────────────────────


def test_a_deal_is_moved_with_the_keyboard_alone(page: Page, deal: Deal, alice: User) -> None:
    office.sign_in(page, alice)
    office.card(page, deal).locator(".deal-name").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem", name="Взята в работу")).to_be_focused()
    page.keyboard.press("Escape")
    expect(office.card(page, deal).locator(".deal-menu")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(office.window(page).get_by_label("Площадка")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Control+Enter")
    office.closed(page)
    expect(office.column(page, "Взята в работу").locator(".deal-name")).to_have_text([NAME])
    assert Deal.objects.get().stage.code == "taken"


# ── No scripts ─────────────────────────────────────────────────────────────────


def test_without_scripts_one_signs_in_reads_moves_takes_back_and_finishes_a_task(
    visitors, deal: Deal, alice: User, time_machine: Any
) -> None:
    # The server's clock stands: on a slow machine nobody is too late to take back.
    time_machine.move_to(timezone.now(), tick=False)
    page = visitors(java_script_enabled=False)
    page.goto("/")
    page.get_by_label("Почта").fill(alice.email)
    page.get_by_label("Пароль").fill("secret-pass-1")
    page.get_by_role("button", name="Войти").click()
    page.get_by_role("link", name="Сделки", exact=True).click()
    expect(office.names(page, "Новая заявка")).to_have_text([NAME])
    page.get_by_role("link", name=NAME).click()
    expect(page.get_by_role("region", name="Контакт и компания")).to_contain_text("Алексей")
    expect(office.feed(page)).to_contain_text("Сделка открыта")

    office.stage_bar(page, "Взята в работу").click()
    page.get_by_label("Площадка").select_option("Сайт")
    page.get_by_role("button", name="Сохранить и перевести").click()
    expect(office.current_stage(page)).to_have_text("Взята в работу")
    page.locator(".alert").get_by_role("link", name="Отменить").click()
    page.get_by_role("button", name="Отменить").click()
    expect(office.current_stage(page)).to_have_text("Новая заявка")
    office.stage_bar(page, "Взята в работу").click()
    page.get_by_label("Площадка").select_option("Сайт")
    page.get_by_role("button", name="Сохранить и перевести").click()

    # The fields of all tabs stand one under another.
    page.get_by_label("Ниша").fill("Шкафы")
    page.get_by_role("button", name="Сохранить", exact=True).first.click()
    assert Deal.objects.get().get_value("niche") == "Шкафы"

    office.tasks(page).get_by_role("link", name="Поговорили").click()
    page.get_by_label("Результат").fill("Нужны шкафы")
    page.get_by_role("button", name="Поговорили").click()
    page.get_by_role("button", name="Без следующей задачи").click()
    expect(office.feed(page)).to_contain_text("Нужны шкафы")
    assert not Task.objects.open().exists()


# ── No session ──


def test_a_session_that_ends_while_one_writes_loses_no_word(
    page: Page, deal: Deal, alice: User
) -> None:
    office.sign_in(page, alice, f"/deals/{deal.pk}/")
    name = page.locator("#field-name [name=name]")
    name.fill("Мебель для кафе")
    ended = Session.objects.get()
    SessionStore(ended.session_key).delete()
    name.press("Enter")
    expect(office.toast(page)).to_contain_text("Сессия закончилась")
    with page.context.expect_page() as opened:
        page.locator(".app-toast-sign-in").click()
    door = opened.value
    expect(door.get_by_role("status")).to_contain_text("Сессия закончилась")
    door.get_by_label("Почта").fill(alice.email)
    door.get_by_label("Пароль").fill("secret-pass-1")
    door.get_by_role("button", name="Войти").click()
    door.wait_for_url(f"**/deals/{deal.pk}/")
    # The old page learns the new session's token at the first try, and saves at the second.
    name.focus()
    name.press("Enter")
    expect(office.toast(page)).to_contain_text("вошли заново")
    name.focus()
    name.press("Enter")
    expect(page.locator("#field-name [role=status]")).to_contain_text("Сохранено")
    assert Deal.objects.get().name == "Мебель для кафе"


# ── No server ──────────────────────────────────────────────────────────────────


def test_a_server_that_does_not_answer_is_said_and_nothing_is_lost(
    page: Page, deal: Deal, alice: User
) -> None:
    office.sign_in(page, alice, f"/deals/{deal.pk}/")
    page.context.set_offline(True)
    note = page.locator("#compose-note textarea")
    note.fill("Просил перезвонить после обеда")
    page.get_by_role("button", name="Записать").first.click()
    expect(office.toast(page)).to_contain_text("Сервер не отвечает")
    expect(note).to_have_value("Просил перезвонить после обеда")
    page.context.set_offline(False)
    page.get_by_role("button", name="Записать").first.click()
    expect(office.feed(page)).to_contain_text("Просил перезвонить после обеда")
    expect(note).to_have_value("")


@pytest.mark.parametrize("broken", ["offline", "500"])
def test_a_card_dropped_while_the_server_fails_comes_back(
    page: Page, deal: Deal, alice: User, broken: str
) -> None:
    office.sign_in(page, alice)
    if broken == "offline":
        page.context.set_offline(True)
    else:
        page.route("**/move/", lambda route: _fails(route))
    office.drag(page, deal, "Взята в работу")
    expect(office.toast(page)).to_be_visible()
    expect(office.column(page, "Новая заявка").locator(".deal-name")).to_have_text([NAME])
    assert Deal.objects.get().stage.code == "new"


def _fails(route: Route) -> None:
    route.fulfill(status=500, body="<h1>500</h1>")


# ── Letters ────────────────────────────────────────────────────────────────────


@pytest.mark.clause("AX-3.4")
def test_the_base_proposal_goes_out_with_the_file_that_was_left_on(
    page: Page, deal: Deal, alice: User, mail_folder: Path
) -> None:
    office.sign_in(page, alice, f"/deals/{deal.pk}/")
    page.get_by_role("tab", name="Письмо").click()
    letter = page.locator("#compose-letter")
    letter.get_by_label("Шаблон").select_option("Отправка базового КП")
    expect(letter.get_by_label("kp-rb.pdf")).to_be_checked()
    expect(letter.get_by_label("kp-rf.pdf")).to_be_checked()
    expect(letter.get_by_label("Тема")).to_have_value("Наши услуги и цены")
    letter.get_by_label("kp-rf.pdf").uncheck()
    letter.get_by_role("button", name="Отправить").click()
    expect(office.feed(page).get_by_role("link", name="kp-rb.pdf")).to_be_visible()
    expect(office.feed(page).get_by_role("link", name="kp-rf.pdf")).to_have_count(0)
    expect(letter.get_by_label("Тема")).to_have_value("")

    assert outbox.deliver_one_due(timezone.now())
    [sent] = mail_folder.iterdir()
    read = email.message_from_bytes(sent.read_bytes(), policy=default)
    assert [part.get_filename() for part in read.iter_attachments()] == ["kp-rb.pdf"]
    page.reload()
    expect(office.feed(page)).to_contain_text("отправлено")
