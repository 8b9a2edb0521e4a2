"""Export: what one sees and not a row more, with the right, as text whatever it looks like, and noted in the journal."""

from __future__ import annotations

import csv
from datetime import timedelta
from io import BytesIO, StringIO
from pathlib import Path

import pytest
from django.http import QueryDict
from python_calamine import CalamineWorkbook

from crm.clients import people
from crm.export import making
from crm.lists import shapes
from crm.lists.items import create_item
from crm.models import Contact, Export
from pipelines.actor import Actor
from pipelines.models import Event
from tests.crm.test_own_lists import fleet  # noqa: F401
from tests.factories import NOON, make_deal

pytestmark = pytest.mark.django_db


def read(response) -> list[list]:
    data = b"".join(response.streaming_content)
    if response["Content-Type"].startswith("text/csv"):
        assert data.startswith(b"\xef\xbb\xbf")
        return list(csv.reader(StringIO(data.decode("utf-8-sig")), delimiter=";"))
    return CalamineWorkbook.from_filelike(BytesIO(data)).get_sheet_by_index(0).to_python()


@pytest.mark.parametrize("form", ["xlsx", "csv"])
def test_contacts_leave_as_one_sees_them_and_formulas_stay_text(olga, alice, charlie, client, form) -> None:  # fmt: skip
    evil = "=cmd|' /C calc'!A0"
    people.create_contact(name=evil, phone="+375295551122", owner=alice, by=Actor(), now=NOON)
    people.create_contact(name="Чужой", owner=charlie, by=Actor(), now=NOON)
    client.force_login(olga)
    rows = read(client.get("/export/contact/", {"form": form}))
    assert rows[0][:2] == ["Имя", "Телефон"]
    assert [row[:2] for row in rows[1:]] == [[evil if form == "xlsx" else f"'{evil}", "+375295551122"]]  # fmt: skip
    entry = Event.objects.get(verb="records.exported")
    assert (entry.actor, entry.data["kind"], entry.data["rows"]) == (olga, "contact", 1)
    assert len(read(client.get("/export/contact/", {"form": form, "q": "никто"}))) == 1


def test_without_the_right_nothing_leaves_and_the_page_says_whom_to_ask(alice, client) -> None:
    client.force_login(alice)
    for path in ("/export/contact/", "/export/deals/", "/export/tasks/"):
        response = client.get(path)
        assert response.status_code == 403
        assert "администратор" in response.content.decode().casefold()
    assert "/export/" not in client.get("/contacts/").content.decode()
    assert not Event.objects.filter(verb="records.exported").exists()


def test_deals_tasks_and_own_lists_leave_by_their_filters(olga, alice, client, fleet) -> None:  # noqa: F811
    deal = make_deal(alice, name="Нужная")
    make_deal(alice, name="Лишняя", phone="+375291112299", email="x@example.com")
    create_item(shapes.of_list(fleet), {"name": "КамАЗ", "plate": "А1", "body": "tank", "capacity": "12.5"}, owner=alice, by=Actor.person(alice), now=NOON)  # fmt: skip
    client.force_login(olga)
    assert [row[0] for row in read(client.get("/export/deals/", {"q": "Нужная"}))[1:]] == ["Нужная"]
    everything = read(client.get("/export/deals/", {"ids": deal.pk, "all_columns": 1}))
    assert len(everything) == 2
    assert len(everything[0]) > 20
    assert read(client.get("/export/list-fleet/"))[1][:4] == ["КамАЗ", "А1", "цистерна", 12.5]
    assert client.get("/export/tasks/").status_code == 200
    assert client.get("/export/nothing/").status_code == 404
    assert client.get("/export/deals/", {"form": "exe"}).status_code == 404


def test_a_long_export_is_made_behind_and_kept_a_week_for_its_maker(olga, bob, client, monkeypatch) -> None:  # fmt: skip
    Contact.objects.bulk_create(Contact(name=f"Клиент {n}", owner=olga, created_at=NOON) for n in range(12))  # fmt: skip
    monkeypatch.setattr(making, "AT_ONCE", 10)
    client.force_login(olga)
    assert client.get("/export/contact/?form=csv")["Location"] == "/export/"
    made = Export.objects.get()
    assert making.make(made.pk, now=NOON)
    assert not making.make(made.pk, now=NOON)
    assert f"/export/{made.pk}/" in client.get("/export/").content.decode()
    assert len(read(client.get(f"/export/{made.pk}/"))) == 13
    bob.groups.set(olga.groups.all())
    client.force_login(bob)
    assert client.get(f"/export/{made.pk}/").status_code == 404
    # Who has lost the right since does not take out what was made while he had it.
    groups = list(olga.groups.all())
    olga.groups.clear()
    client.force_login(olga)
    assert client.get(f"/export/{made.pk}/").status_code == 403
    olga.groups.set(groups)
    made.refresh_from_db()
    path = Path(made.file.path)
    making.sweep(now=made.created_at + timedelta(days=8))
    assert not Export.objects.exists()
    assert not path.exists()


def test_an_export_that_breaks_says_so_and_holds_up_no_other(olga, monkeypatch) -> None:
    asked = [
        Export.objects.create(user=olga, kind=kind, query="", form="csv", created_at=NOON)
        for kind in ("contact", "company")
    ]
    write = making.writing.write

    def breaks(form, path, title, headings, rows):
        if title == "Контакты":
            raise ValueError("a broken row")
        return write(form, path, title, headings, rows)

    monkeypatch.setattr(making.writing, "write", breaks)
    making.sweep(now=NOON + making.LOST_AFTER + timedelta(seconds=1))
    for one in asked:
        one.refresh_from_db()
    assert [bool(one.problem) for one in asked] == [True, False]
    assert all(one.finished_at for one in asked)
    assert not asked[0].file
    assert asked[1].file


def test_more_rows_than_a_file_takes_are_refused_in_words(olga, client, monkeypatch) -> None:
    Contact.objects.bulk_create(Contact(name=f"Клиент {n}", owner=olga, created_at=NOON) for n in range(3))  # fmt: skip
    monkeypatch.setattr(making, "MOST", 2)
    client.force_login(olga)
    response = client.get("/export/contact/", follow=True)
    assert response.status_code == 200
    assert not Export.objects.exists()
    query = QueryDict("q=никто")
    assert making.export("contact", user=olga, query=query, form="csv", everything=False, now=NOON).rows == 0  # fmt: skip
