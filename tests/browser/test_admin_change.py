"""The administrator changes the regulation in Admin: the next move and the running worker go by it, nothing is restarted."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from crm.intake import taking as intake
from crm.models import Deal, User
from pipelines.models import Pipeline, RuleRun
from tests.browser import office
from tests.clauses.steps import at_stage, fresh
from tests.factories import make_deal

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

HOUR = timedelta(hours=1)
STAGE = "Взята в работу"
# The worker's start, a tick and a rearming; only a failure waits so long.
PATIENCE = 180


def until(happened: Callable[[], bool], worker: subprocess.Popen[bytes]) -> None:
    """Wait for what another process does."""
    ends = time.monotonic() + PATIENCE
    while not happened():
        assert worker.poll() is None, "the worker has died"
        assert time.monotonic() < ends, "the worker did not do it"
        time.sleep(0.1)


def request_by_letter(name: str, *, ago: timedelta) -> Deal:
    """A site form with an e-mail alone, which is written to once more after a day of silence."""
    found = intake.form(name=name, email=f"{ago.total_seconds():.0f}@example.com",
                        playbook="axelerator", now=timezone.now() - ago).deal  # fmt: skip
    assert found is not None
    return found


def written_again(deal: Deal) -> bool:
    return RuleRun.objects.filter(deal=deal, rule__when="stay", status="ok").exists()


def test_a_changed_limit_field_and_period_work_at_the_next_move_and_in_the_worker(
    page: Page, visitors, worker: subprocess.Popen[bytes], alice: User, administrator: User
) -> None:
    old = request_by_letter("Старая", ago=30 * HOUR)
    recent = request_by_letter("Недавняя", ago=5 * HOUR)
    deal = make_deal(alice, now=timezone.now(), name="Пекарня на углу")
    standing = at_stage(alice, "taken", now=timezone.now() - HOUR)
    assert standing.stage_deadline is None
    # The worker has compiled the regulation as it was: it fires by the day of the old period.
    until(lambda: written_again(old), worker)
    assert not written_again(recent)

    desk = visitors()
    _changes_the_regulation(desk, administrator)
    until(lambda: written_again(recent), worker)
    until(lambda: fresh(standing).stage_deadline == standing.stage_since + 3 * HOUR, worker)

    office.sign_in(page, alice, f"/deals/{deal.pk}/")
    _moves_by_the_new_regulation(page, deal)


def _changes_the_regulation(page: Page, administrator: User) -> None:
    leads = Pipeline.objects.get(code="leads")
    office.sign_in(page, administrator, f"/admin/pipelines/pipeline/{leads.pk}/change/")
    here = page.url

    page.locator("#rules").get_by_role("link", name=STAGE, exact=True).click()
    page.locator("[name=limit_amount]").fill("3")
    page.locator("[name=limit_unit]").select_option("h")
    _save(page)

    page.goto(here)
    page.get_by_role("link", name="AX-1.2a").click()
    page.get_by_label("Город").check()
    _save(page)

    page.goto(here)
    page.get_by_role("link", name="AX-L4 На этапе «Новая заявка» уже 1 день").click()
    page.locator("[name=period_amount]").fill("2")
    page.locator("[name=period_unit]").select_option("h")
    _save(page)


def _save(page: Page) -> None:
    page.get_by_role("button", name="Сохранить", exact=True).click()
    expect(page.locator(".messagelist .success")).to_be_visible()


def _moves_by_the_new_regulation(page: Page, deal: Deal) -> None:
    office.stage_bar(page, STAGE).click()
    assert office.asked(page) == ["Площадка", "Город"]
    office.window(page).get_by_label("Площадка").select_option("Сайт")
    office.window(page).get_by_label("Город").fill("Минск")
    office.send(page, "Сохранить и перевести")
    expect(office.current_stage(page)).to_have_text(STAGE)
    expect(page.locator(".card-facts .deal-countdown")).to_have_text(re.compile(r"^2:5\d:\d\d"))
    moved = fresh(deal)
    assert moved.stage_deadline == moved.stage_since + 3 * HOUR
