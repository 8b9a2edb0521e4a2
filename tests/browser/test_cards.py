"""A day on the cards: two windows on one field, a colleague called, files dropped, the feed narrowed, a text not lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from crm import deals
from crm.models import Deal, File, Notice, User
from pipelines.actor import Actor
from tests.browser import office
from tests.factories import make_deal

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

# Dropped as a browser would: files in a DataTransfer.
DROP = """(files) => {
  const sent = new DataTransfer();
  for (const [name, text] of files) sent.items.add(new File([text], name));
  document.getElementById("card").dispatchEvent(new DragEvent("drop", { dataTransfer: sent, bubbles: true, cancelable: true }));
}"""


@pytest.fixture
def deal(alice: User) -> Deal:
    return make_deal(alice, now=timezone.now(), name="Мебель на заказ")


def test_two_windows_edit_one_field_and_the_second_chooses_between_both_values(
    page: Page, deal: Deal, alice: User, olga: User
) -> None:
    office.sign_in(page, alice, f"/deals/{deal.pk}/")
    name = page.locator("#field-name [name=name]")
    name.fill("Не то")
    name.press("Escape")
    expect(name).to_have_value("Мебель на заказ")
    # While she writes: a field that nobody writes in would show the colleague's value by itself.
    name.fill("Мебель для школы")
    deals.edit_deal(
        Deal.objects.get(), {"name": "Мебель для кафе"}, by=Actor.person(olga), now=timezone.now()
    )
    name.press("Enter")
    asked = page.locator("#field-name .card-field-conflict")
    expect(asked).to_contain_text("Ольга Титова")
    expect(asked).to_contain_text("Мебель для кафе")
    assert Deal.objects.get().name == "Мебель для кафе"
    with page.expect_response(lambda answer: answer.url.endswith(f"/deals/{deal.pk}/")):
        page.evaluate("htmx.trigger(document.body, 'deal:changed')")
    expect(name, "the card is drawn anew and the question stays").to_have_value("Мебель для школы")
    asked.locator("button.btn-primary").click()
    expect(page.locator("#field-name [role=status]")).to_contain_text("Сохранено")
    assert Deal.objects.get().name == "Мебель для школы"


def test_a_note_outlives_a_closed_page_and_calls_a_colleague_by_keys_alone(
    page: Page, deal: Deal, alice: User, olga: User
) -> None:
    office.sign_in(page, alice, f"/deals/{deal.pk}/")
    page.keyboard.press("n")
    note = page.locator("#compose-note textarea")
    expect(note).to_be_focused()
    page.keyboard.type("Нужна скидка")
    page.goto("/deals/")
    page.goto(f"/deals/{deal.pk}/")
    expect(note).to_have_value("Нужна скидка")
    note.press("End")
    page.keyboard.type(", @Оль")
    expect(page.locator("#mention-list").get_by_role("option")).to_have_text(["Ольга Титова"])
    page.keyboard.press("Enter")
    expect(note).to_have_value("Нужна скидка, @Ольга Титова ")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#feed .feed-mention")).to_have_text("@Ольга Титова")
    expect(note).to_have_value("")
    assert Notice.objects.get(kind="mention").user == olga
    page.reload()
    expect(note).to_have_value("")
    # The feed narrowed to calls, then to notes: the address keeps it.
    calls, notes = (page.locator(f"#feed-filter input[value={kind}]") for kind in ("call", "note"))
    calls.check(force=True)
    expect(page.locator("#feed .feed-mention")).to_have_count(0)
    calls.uncheck(force=True)
    expect(page.locator("#feed .feed-mention")).to_have_count(1)
    notes.check(force=True)
    expect(page.locator("#feed .feed-line")).to_have_count(1)
    page.wait_for_url("**/?kind=note")
    page.reload()
    expect(page.locator("#feed .feed-line")).to_have_count(1)


def test_files_are_dropped_onto_the_card_and_a_page_in_disguise_is_told_of(
    page: Page, deal: Deal, alice: User
) -> None:
    office.sign_in(page, alice, f"/deals/{deal.pk}/")
    page.evaluate(DROP, [["смета.txt", "100"], ["схема.png", "<!DOCTYPE html><script>1</script>"]])
    files = page.locator("#files")
    expect(files).to_contain_text("смета.txt")
    expect(files.locator(".upload-warning")).to_contain_text("схема.png")
    expect(files.locator(".badge.bg-orange-lt")).to_have_count(1)
    assert {file.name: file.disagrees for file in File.objects.all()} == {
        "смета.txt": False,
        "схема.png": True,
    }
