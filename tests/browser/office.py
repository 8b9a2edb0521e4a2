"""What people do in the pages, in their words: sign in, drag a card, press an outcome, read the feed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.test import Client
from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page, Position

    from crm.models import Deal, User


def sign_in(page: Page, user: User, path: str = "/deals/") -> None:
    """Open a page as somebody who signed in before; the form of signing in has its own test."""
    client = Client()
    client.force_login(user)
    cookie = client.cookies["sessionid"].value
    page.goto("/healthz")  # a cookie wants an address, and only the page knows the server's
    page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": page.url}])
    page.goto(path)


def follow(page: Page, link: Locator) -> None:
    """Click what leads to another page, and wait until that page hears clicks and keys, its scripts being there."""
    with page.expect_navigation():
        link.click()


# ── The board ──────────────────────────────────────────────────────────────────


# What one has taken is drawn paler where it stood: cards, columns of a table, widgets, the administration's rows.
LIFTED = ".deal-ghost, .columns-ghost, .desktop-ghost, .sortable-ghost"


def column(page: Page, stage: str) -> Locator:
    return page.get_by_role("region", name=stage, exact=True)


def card(page: Page, deal: Deal) -> Locator:
    return page.locator(f"#deal-{deal.pk}")


def drag(page: Page, deal: Deal, stage: str) -> None:
    """Take the card by its foot, for its name is a link, and drop it onto the column."""
    target = column(page, stage).locator(".board-cards")
    target.scroll_into_view_if_needed()
    box = card(page, deal).bounding_box()
    assert box
    lift(page, card(page, deal), grip={"x": box["width"] / 2, "y": box["height"] - 8})
    target.hover(position={"x": 60, "y": 30})
    expect(target.locator(f"#deal-{deal.pk}")).to_be_attached()
    page.mouse.up()


def lift(page: Page, what: Locator, *, grip: Position | None = None) -> None:
    """Take it and move a little, until it is seen that it hangs on the pointer: `page.mouse.up()` lets go."""
    page.wait_for_load_state()
    what.hover(position=grip)
    page.mouse.down()
    box = what.bounding_box()
    assert box
    at = grip or {"x": box["width"] / 2, "y": box["height"] / 2}
    page.mouse.move(box["x"] + at["x"] + 8, box["y"] + at["y"] - 8, steps=4)
    expect(page.locator(LIFTED)).to_have_count(1)


def names(page: Page, stage: str) -> Locator:
    """Names of the deals that the column shows, from above."""
    return column(page, stage).locator(".deal-name")


# ── Windows and toasts ─────────────────────────────────────────────────────────


def window(page: Page) -> Locator:
    return page.locator("#dialog-window")


def asked(page: Page) -> list[str]:
    """The labels of the fields in the window, once it is open."""
    expect(window(page).locator("label").first).to_be_visible()
    return [text.strip(" *\n") for text in window(page).locator("label").all_inner_texts()]


def clauses(page: Page) -> list[str]:
    return window(page).locator(".app-clause").all_inner_texts()


def closed(page: Page) -> None:
    """The window has closed: whatever was in it is done."""
    expect(window(page)).to_be_hidden()


def toast(page: Page) -> Locator:
    return page.locator("#toasts .toast").last


# ── The card ───────────────────────────────────────────────────────────────────


def stage_bar(page: Page, stage: str) -> Locator:
    """The stage in the card's bar: a button where the deal may go, a link with its reasons where not."""
    # A stage that the deal has passed says for how long, for those who hear the page.
    name = re.compile(rf"^\s*{re.escape(stage)}\s*(,|$)")
    return page.locator("#card-stages .card-stage-name").filter(has_text=name)


def current_stage(page: Page) -> Locator:
    return page.locator("#card-stages [aria-current=step]")


def tasks(page: Page) -> Locator:
    return page.get_by_role("region", name="Задачи")


def offer(page: Page, text: str) -> Locator:
    return page.locator(".card-offers").get_by_role("button", name=text)


def press(page: Page, outcome: str, *, result: str = "", is_last: bool = False) -> None:
    """Choose a task's outcome, say what came of it, and wait until the card has drawn itself anew."""
    tasks(page).get_by_role("link", name=outcome).first.click()
    send(page, outcome, result=result, is_last=is_last)


def send(page: Page, button: str, *, result: str = "", is_last: bool = False) -> None:
    """Send the window. `is_last`: the next task is asked for first, and declined."""
    if result:
        window(page).get_by_label("Результат").fill(result)
    if is_last:
        window(page).get_by_role("button", name=button, exact=True).click()
        button = "Без следующей задачи"
    with page.expect_response(lambda answer: answer.request.method == "GET"):
        window(page).get_by_role("button", name=button, exact=True).click()
    closed(page)


def feed(page: Page) -> Locator:
    return page.locator("#feed")
