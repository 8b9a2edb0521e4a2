"""The section «Tasks»: a task is finished in the list, and dragged in the calendar; what is refused snaps back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from crm.models import Task, User
from crm.planning import tasks
from pipelines.actor import Actor
from tests.browser import office
from tests.clauses.steps import fresh

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.browser

HOUR = timedelta(hours=1)


def plan(owner: User, text: str, due_at: datetime) -> Task:
    return tasks.create_task(
        text=text, due_at=due_at, owner=owner, by=Actor.person(owner), now=timezone.now()
    )


def tomorrow() -> datetime:
    local = timezone.localtime(timezone.now(), timezone.get_default_timezone())
    return (local + timedelta(days=1)).replace(hour=12, minute=0, second=0, microsecond=0)


def drop_lower(page: Page, event: Locator, *, slots: int) -> None:
    """Take the task by its upper edge and put it so many half hours later."""
    lanes = page.locator(".fc-timegrid-slot-lane")
    first, last, box = lanes.first.bounding_box(), lanes.last.bounding_box(), event.bounding_box()
    assert first
    assert last
    assert box
    slot = (last["y"] - first["y"]) / (lanes.count() - 1)
    # A quarter of an hour is half a slot: the middle of the task's first one, where rounding does no harm.
    x, y = box["x"] + box["width"] / 2, box["y"] + slot / 4
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + 8)
    page.mouse.move(x, y + slots * slot, steps=8)
    page.mouse.up()


@pytest.mark.clause("PZ-4.3")
def test_a_task_is_finished_in_the_list_and_a_person_is_found_by_the_filter(
    page: Page, alice: User, axelerator: None
) -> None:
    done, left = plan(alice, "Позвонить в «Ромашку»", tomorrow()), plan(alice, "Письмо", tomorrow())
    office.sign_in(page, alice, "/tasks/")
    page.get_by_role("link", name=f"Готово: {done.text}").click()
    office.window(page).get_by_label("Результат").fill("договорились")
    office.window(page).get_by_role("button", name="Готово").click()
    expect(page.locator(".tasks-row", has_text=done.text)).to_have_count(0)
    expect(page.locator(".tasks-row", has_text=left.text)).to_have_count(1)
    assert fresh(done).result == "договорились"
    page.get_by_role("link", name="Выполненные").click()
    expect(page.locator(".tasks-row", has_text=done.text)).to_have_count(1)


@pytest.mark.clause("PZ-4.3")
def test_a_task_is_dragged_to_another_hour_and_what_is_refused_snaps_back(
    page: Page, alice: User, axelerator: None
) -> None:
    due_at = tomorrow()
    task = plan(alice, "Показать демо", due_at)
    office.sign_in(page, alice, f"/tasks/calendar/?view=day&day={due_at:%Y-%m-%d}")
    event = page.locator(".task-event", has_text=task.text)
    drop_lower(page, event, slots=4)
    expect(page.locator("#toasts")).to_contain_text("Задача перенесена")
    # A quarter of an hour is a few pixels: what counts is that page and database say the same.
    moved = fresh(task).due_at
    assert due_at + HOUR < moved < due_at + 3 * HOUR
    shown = f"{timezone.localtime(moved, timezone.get_default_timezone()):%H:%M}"
    expect(event).to_contain_text(shown)

    # Somebody changes it meanwhile: what this window shows is no longer so.
    Task.objects.filter(pk=task.pk).update(revision=99)
    drop_lower(page, event, slots=2)
    expect(page.locator("#toasts")).to_contain_text("изменили")
    expect(event).to_contain_text(shown)
    assert fresh(task).due_at == moved

    event.click()
    expect(office.window(page)).to_contain_text("Показать демо")
    expect(office.window(page).get_by_role("link", name="Другое время")).to_be_visible()
