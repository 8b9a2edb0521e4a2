"""Analytics as a head walks through it: a chart is drawn, a point of it opens its list, a manager is refused in words."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from crm.models import User
from tests.browser import office
from tests.factories import make_deal

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


def test_a_point_of_a_chart_opens_the_deals_it_counts(
    page: Page, axelerator: None, alice: User, bob: User, olga: User
) -> None:
    now = timezone.now()
    for number, owner in enumerate((alice, alice, bob)):
        make_deal(
            owner,
            name=f"Сделка {number}",
            phone=f"+375 29 111-22-{10 + number}",
            email=f"lead{number}@example.com",
            now=now,
        )
    said: list[str] = []
    # Where something is missing, its address; the console would only say that something is.
    page.on("response", lambda got: said.append(got.url) if got.status >= 400 else None)
    page.on(
        "console",
        lambda message: said.append(message.text) if "Content Security" in message.text else None,
    )
    page.on("pageerror", lambda error: said.append(str(error)))
    # Seven days: midnight may come while one looks.
    office.sign_in(page, olga, "/analytics/funnel/?pipeline=leads&period=last_7_days")
    figure = page.locator("figure.chart-drawn").first
    expect(figure.locator("canvas")).to_be_visible()
    # What a screen reader hears is the chart in words.
    expect(figure.locator(".chart-box")).to_have_attribute("aria-label", re.compile(r": 3\b"))
    chart = json.loads(figure.get_attribute("data-chart") or "")
    assert chart["series"][0]["points"][0]["value"] == 3
    # The first bar of the funnel is at the top, the longest.
    figure.click(position={"x": 260, "y": 24})
    page.wait_for_url("**/deals/table/**")
    expect(page.get_by_text(re.compile(r"^Сделка \d$"))).to_have_count(3)
    page.go_back()
    # In the dark the same is drawn anew, in other colours.
    page.evaluate("document.documentElement.dataset.bsTheme = 'dark'")
    expect(page.locator("figure.chart-drawn canvas").first).to_be_visible()
    page.set_viewport_size({"width": 390, "height": 800})
    expect(page.locator("html")).to_have_js_property("scrollWidth", 390)
    page.get_by_label("Чьи: Все").click()
    page.get_by_role("checkbox", name=str(bob)).check()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Показать", exact=True).click()
    expect(page.locator(".analytics-table tbody tr").first.locator("td").nth(1)).to_have_text("1")
    assert said == []
    office.sign_in(page, alice, "/analytics/funnel/")
    expect(page.get_by_text("У вашей роли нет этого права")).to_be_visible()
