"""«Lists» in a browser: a file is imported, with its mistakes told, and taken back; a list of one's own is made and used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from crm.models import Contact, CustomList, ListItem, User
from tests.browser import axe, office

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


def test_a_head_imports_a_file_sees_its_mistakes_and_takes_it_back(page: Page, olga: User) -> None:
    table = "Имя;Телефон;Почта\nПётр Ломов;8 916 123-45-67;petr@example.com\nАнна;не номер;\n"
    office.sign_in(page, olga, "/contacts/")
    page.get_by_role("button", name="Ещё").click()
    page.get_by_role("link", name="Импорт из файла").click()
    page.get_by_label("Файл").set_input_files(
        {"name": "база.csv", "mimeType": "text/csv", "buffer": table.encode("cp1251")}
    )
    page.get_by_role("button", name="Загрузить").click()
    expect(page.get_by_label("Телефон", exact=True)).to_have_value("phone")
    assert axe.faults(page) == []
    page.get_by_role("button", name="Проверить файл").click()
    expect(page.get_by_role("row", name="не номер")).to_contain_text("ошибка")
    assert axe.faults(page) == []
    page.get_by_role("button", name="Импортировать 1 строку").click()
    expect(page.get_by_role("heading", name="Импорт база.csv")).to_be_visible()
    assert Contact.objects.filter(name="Пётр Ломов", archived_at=None).exists()
    page.get_by_role("button", name="Отменить 1").click()
    expect(page.locator(".badge").get_by_text("отменен", exact=False).first).to_be_visible()
    assert not Contact.objects.filter(archived_at=None).exists()


def test_a_list_made_by_an_administrator_is_used_by_a_manager(
    page: Page, administrator: User, alice: User
) -> None:
    office.sign_in(page, administrator, "/admin/crm/customlist/add/")
    page.locator("#id_name").fill("Конкуренты")
    page.locator("#id_fields-0-label").fill("Сильны в")
    page.locator("#id_fields-0-type").select_option("choice")
    page.locator("#id_fields-0-choices").fill("Цене\nСроках")
    page.locator("input[name=_save]").click()
    expect(page.locator(".messagelist")).to_contain_text("Конкуренты")
    own = CustomList.objects.get()
    office.sign_in(page, alice, "/contacts/")
    page.get_by_role("button", name="Какой список").click()
    office.follow(page, page.get_by_role("link", name="Конкуренты"))
    page.get_by_role("link", name="Добавить", exact=True).click()
    office.window(page).get_by_label("Название").fill("ООО «Быстрые»")
    office.window(page).get_by_label("Сильны в").select_option(label="Цене")
    office.window(page).get_by_role("button", name="Добавить").click()
    page.wait_for_url("**/lists/items/*/")
    page.get_by_label("Сильны в").select_option(label="Сроках")
    expect(page.get_by_text("Сохранено")).to_be_attached()
    assert axe.faults(page) == []
    page.get_by_label("Заметка").fill("Обещают за два дня")
    page.get_by_role("button", name="Записать").click()
    expect(office.feed(page)).to_contain_text("Обещают за два дня")
    page.goto(own.get_absolute_url())
    expect(page.get_by_role("row", name="ООО «Быстрые»")).to_contain_text("Сроках")
    assert axe.faults(page) == []
    assert ListItem.objects.get().values == {own.fields.get().code: "srokakh"}
