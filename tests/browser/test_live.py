"""What a colleague does appears on open pages without reloading, with two web processes, and after a cut too."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from crm import deals
from crm.models import User
from pipelines import engine
from pipelines.actor import Actor
from tests.browser.office import card, column, drag, sign_in
from tests.factories import make_deal
from tests.fixtures.granian import Granian

pytestmark = pytest.mark.browser

# What a board asks of the deals it has heard of.
CHANGED = re.compile(r"/live/board/")


def is_listening(page: Page) -> None:
    """The stream is open: what happens from now on is heard."""
    expect(page.locator("html[data-live=on]")).to_have_count(1)


def test_a_move_by_another_process_moves_the_card_on_both_open_boards_even_after_a_cut(
    guests: Callable[..., Page], granian: Granian, alice: User, olga: User
) -> None:
    deal = make_deal(alice, now=timezone.now())
    boards = []
    for user in (alice, olga):
        page = guests()
        sign_in(page, user, "/deals/?pipeline=leads")
        is_listening(page)
        boards.append(page)
    engine.move(
        deal, to="taken", by=Actor.person(olga), now=timezone.now(), answers={"platform": "site"}
    )
    for page in boards:
        expect(column(page, "Взята в работу").locator(f"#deal-{deal.pk}")).to_be_visible()
        expect(column(page, "Взята в работу").locator(".board-total .badge")).to_have_text("1")
    granian.stop()
    deals.edit_deal(deal, {"name": "После обрыва"}, by=Actor.person(olga), now=timezone.now())
    granian.start()
    for page in boards:
        # A browser comes back by its own clock.
        expect(card(page, deal)).to_contain_text("После обрыва", timeout=60_000)


def test_news_that_left_the_server_before_a_drag_does_not_put_the_card_back(
    guests: Callable[..., Page], alice: User, olga: User
) -> None:
    now = timezone.now()
    deal = make_deal(alice, now=now, answers={"platform": "site"})
    page = guests()
    held: list[Route] = []
    sign_in(page, alice, "/deals/?pipeline=leads")
    is_listening(page)
    page.route(CHANGED, lambda route: held.append(route), times=1)
    with page.expect_request(CHANGED):
        deals.edit_deal(deal, {"name": "До рывка"}, by=Actor.person(olga), now=now)
    # The request has been seen; its route is here with the next answer of the browser.
    expect(card(page, deal)).to_be_visible()
    [asked] = held
    answer = asked.fetch()
    drag(page, deal, "Взята в работу")
    expect(page.locator(".app-toast-back")).to_be_visible()
    asked.fulfill(response=answer)
    later = make_deal(alice, now=now, phone="", email="")
    deals.edit_deal(later, {"name": "Позже"}, by=Actor.person(olga), now=now)
    expect(card(page, later)).to_be_visible()
    expect(column(page, "Взята в работу").locator(".deal-card")).to_have_count(1)
    expect(column(page, "Новая заявка").locator(".deal-name")).to_have_text(["Позже"])


def test_who_types_on_a_card_keeps_his_words_and_is_told_of_the_colleagues_change(
    guests: Callable[..., Page], alice: User, olga: User, bob: User
) -> None:
    deal = make_deal(alice, now=timezone.now())
    page = guests()
    sign_in(page, alice, f"/deals/{deal.pk}/")
    is_listening(page)
    name: Any = page.locator("#field-name [name=name]")
    name.click()
    name.press("End")
    name.press_sequentially(" и ещё")
    now = timezone.now()
    deals.write_note(deal, text="Звонил сам", by=Actor.person(olga), now=now)
    deals.edit_deal(deal, {"budget": "1500"}, by=Actor.person(olga), now=now)
    # The word first: it goes after some seconds.
    expect(page.locator("#toasts")).to_contain_text("Коллега изменил")
    expect(page.locator("#feed")).to_contain_text("Звонил сам")
    expect(page.locator("#field-budget input:not([type=hidden])")).to_have_value(
        re.compile(r"1\s500")
    )
    expect(name).to_have_value("Базовое внедрение и ещё")
    expect(name).to_be_focused()
    other = make_deal(bob, phone="", email="", name="Чужая", now=now)
    deals.assign_deal(other, owner=alice, by=Actor.person(olga), now=now)
    expect(page.locator("#bell-count")).to_have_text("1")
    expect(page).to_have_title("(1) Базовое внедрение · Reglament")
    page.locator("#bell").click()
    page.locator("#bell-list a", has_text="Чужая").click()
    expect(page.locator("#bell-count")).to_be_hidden()
