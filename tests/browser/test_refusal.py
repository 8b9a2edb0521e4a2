"""A client who never picks up: the attempts, the closing, and the head who looks at it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from crm.models import Deal, Task, User
from tests.browser import office
from tests.factories import make_deal

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CLOSE = "Закрыть – не дозвонился"


@pytest.fixture
def deal(alice: User) -> Deal:
    return make_deal(alice, now=timezone.now(), name="Окна без ответа", email="")


@pytest.mark.clause("AX-L1b", "AX-L1c", "AX-9.9")
def test_a_lead_nobody_picks_up_for_is_closed_and_reopened_by_the_head(
    page: Page, visitors, deal: Deal, alice: User, olga: User
) -> None:
    office.sign_in(page, alice, f"/deals/{deal.pk}/")
    for attempt, step in enumerate([HOUR, DAY, HOUR], start=1):
        _does_not_pick_up(page, deal, attempt=attempt, step=step)
        expect(office.offer(page, CLOSE)).to_have_count(0)
    _does_not_pick_up(page, deal, attempt=4, step=DAY)
    _closes(page, deal)

    head = visitors()
    _finds_the_closing(head, olga)
    _reopens(head, deal)
    page.reload()
    expect(office.current_stage(page)).to_have_text("Новая заявка")
    expect(office.feed(page)).to_contain_text("Ольга Титова")


def _does_not_pick_up(page: Page, deal: Deal, *, attempt: int, step: timedelta) -> None:
    """The call falls due, nobody answers, and the task moves by the step of the regulation."""
    [task] = Task.objects.open().filter(deal=deal)
    Task.objects.filter(pk=task.pk).update(due_at=timezone.now() - timedelta(minutes=5))
    page.reload()
    expect(office.tasks(page)).to_contain_text("просрочена")
    before = timezone.now()
    office.press(page, "Не поднял")
    expect(office.tasks(page)).not_to_contain_text("просрочена")
    [moved] = Task.objects.open().filter(deal=deal)
    assert moved.pk == task.pk
    assert before + step - timedelta(minutes=1) < moved.due_at <= timezone.now() + step
    expect(page.locator(".card-facts")).to_contain_text(f"{attempt} попыт")


def _closes(page: Page, deal: Deal) -> None:
    expect(office.offer(page, CLOSE).locator(".app-clause")).to_have_text("AX-L1c")
    office.offer(page, CLOSE).click()
    expect(office.current_stage(page)).to_have_text("Отказ/отложено")
    deal.refresh_from_db(fields=["stage"])
    assert deal.stage.code == "refused"
    # The manager has no way back: the stage is the head's to leave.
    expect(page.locator("#card-stages form")).to_have_count(0)
    expect(page.locator("#card-stages .is-refused").first).to_contain_text("AX-9.9")


def _finds_the_closing(page: Page, head: User) -> None:
    office.sign_in(page, head, "/tasks/")
    task = page.locator(".tasks-row", has_text="Проконтролировать закрытие сделки")
    expect(task).to_contain_text("Окна без ответа")
    office.follow(page, task.get_by_role("link", name="Окна без ответа"))
    control = page.get_by_role("region", name="Контроль закрытия")
    expect(control).to_contain_text("не дозвонился")


def _reopens(page: Page, deal: Deal) -> None:
    control = page.get_by_role("region", name="Контроль закрытия")
    control.get_by_role("link", name="Вернуть в работу").click()
    office.send(page, "Вернуть в работу", result="Позвонить ещё раз с другого номера")
    expect(office.current_stage(page)).to_have_text("Новая заявка")
    deal.refresh_from_db(fields=["stage"])
    assert deal.stage.code == "new"
    expect(office.feed(page)).to_contain_text("Позвонить ещё раз с другого номера")
