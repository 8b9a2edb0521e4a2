"""An SMS from the card: the channel, the template, the length as one types, and its way in the feed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from crm.models import User
from notifications import outbox, sms
from notifications.models import Message, Template
from tests.browser import office
from tests.factories import make_deal

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

TEXTS = ["", "a" * 161, "a" * 152 + "€" + "a" * 152, "ж" * 71, "ж" * 66 + "🙂" * 2, "{}[]~|\\^"]


def test_an_sms_is_written_measured_and_sent(
    page: Page, alice: User, settings, tmp_path: Path
) -> None:
    settings.GATEWAYS, settings.GATEWAY_FILE_PATH = {}, str(tmp_path / "messages")
    Template.objects.create(
        code="x-sms", kind="sms", playbook="axelerator", name="Напомнить", body="Это {manager}."
    )
    deal = make_deal(alice, now=timezone.now())
    office.sign_in(page, alice, f"/deals/{deal.pk}/")
    page.get_by_role("tab", name="SMS, чат").click()
    composer = page.locator("#compose-message")
    composer.get_by_label("Канал").select_option("sms")
    counter = composer.locator("[data-sms-length]")
    for text in TEXTS:
        composer.get_by_label("Текст").fill(text)
        length = sms.measure(text)
        expect(counter).to_have_text(
            f"знаков: {length.signs} из {length.room}, SMS: {length.parts}"
        )
    composer.get_by_label("Шаблон").select_option("x-sms")
    expect(composer.get_by_label("Текст")).to_have_value("Это Алиса Белова.")
    composer.get_by_role("button", name="Отправить").click()
    expect(office.toast(page)).to_contain_text("Сообщение отправляется")
    expect(page.locator("#feed, .feed").first).to_contain_text("Это Алиса Белова.")
    expect(page.get_by_text("в очереди").first).to_be_visible()
    assert outbox.deliver_one_due(timezone.now())
    page.reload()
    expect(page.get_by_text("в очереди")).to_have_count(0)
    assert Message.objects.get().status == "sent"
