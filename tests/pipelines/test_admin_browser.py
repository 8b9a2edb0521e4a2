"""The rule editor in a real browser: widgets follow the choice, under the page's security policy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from crm.models import User
from pipelines.models import Pipeline
from tests.browser import office

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


@pytest.fixture
def desk(page: Page, axelerator: None, administrator: User, client: Any, live_server: Any) -> Page:
    """The browser with the administrator signed in."""
    client.force_login(administrator)
    page.context.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]
    )
    return page


def test_the_widgets_follow_the_chosen_guard_or_action(desk: Page) -> None:
    leads = Pipeline.objects.get(code="leads")
    rule = leads.rules.get(clause="AX-1.2a", stage__code="taken")
    desk.goto(reverse("admin:pipelines_rule_change", args=[rule.pk]))
    assert desk.locator("[name=params-codes]").count() > 5
    expect(desk.locator(".form-row.field-period")).to_be_hidden()

    desk.select_option("[name=what]", "do.set_field")
    desk.locator("[name=params-values_code]").first.select_option("refusal_reason")
    desk.locator("select[name=params-values_value]").first.select_option("spam")
    desk.locator("[data-more]").first.click()
    desk.locator("[name=params-values_code]").nth(1).select_option("niche")
    desk.locator("input[name=params-values_value]").first.fill("мебель")

    desk.select_option("[name=when]", "stay")
    expect(desk.locator(".form-row.field-period")).to_be_visible()
    desk.fill("[name=period_amount]", "2")
    desk.select_option("[name=conditions-0-name]", "choice")
    desk.select_option("[name=conditions-0-params-field]", "platform")
    desk.check("[name=conditions-0-params-among][value=social]")
    office.follow(desk, desk.locator("[name=_continue]"))
    rule.refresh_from_db()
    assert desk.locator(".errornote").count() == 0
    assert (rule.when, rule.period, rule.name) == ("stay", "2d", "set_field")
    assert rule.params == {"values": {"refusal_reason": "spam", "niche": "мебель"}}
    [condition] = rule.conditions.all()
    assert condition.params == {"field": "platform", "among": ["social"]}


def test_a_stage_dragged_up_takes_its_place(desk: Page) -> None:
    leads = Pipeline.objects.get(code="leads")
    desk.goto(reverse("admin:pipelines_pipeline_change", args=[leads.pk]))
    grips = desk.locator("#stages-group .rule-grip")
    names = desk.locator("#stages-group tr.form-row:not(.empty-form) .field-name input")
    expect(names.nth(1)).to_have_value("Взята в работу")
    office.lift(desk, grips.nth(2))
    grips.nth(1).hover()
    expect(names.nth(1)).to_have_value("Квалифицирован")
    desk.mouse.up()
    office.follow(desk, desk.locator("[name=_continue]"))
    assert desk.locator(".errornote").count() == 0
    assert list(leads.stages.order_by("position").values_list("code", flat=True)[:3]) == [
        "new",
        "qualified",
        "taken",
    ]
