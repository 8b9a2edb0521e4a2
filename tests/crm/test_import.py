"""Import: whatever file comes gets a clear answer; what is checked is made, once; what was made is taken back."""

from __future__ import annotations

from datetime import datetime
from io import BytesIO

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.translation import override

from crm.batches import running
from crm.batches import verbs as batches
from crm.clients import people
from crm.clients import verbs as clients
from crm.files import limits
from crm.imports import cells, checking, files, heads, kind, report, targets, verbs
from crm.models import Batch, BatchRow, Company, Contact, Deal, Import, ImportRow, ListItem
from pipelines.actor import Actor
from pipelines.compiled import CompiledField
from pipelines.errors import BadAnswer, RegulationError
from tests.crm.test_own_lists import fleet  # noqa: F401
from tests.factories import NOON, make_deal

pytestmark = pytest.mark.django_db


def book(*rows, merge=(), name="Лист1") -> bytes:
    file = BytesIO()
    made = xlsxwriter.Workbook(file, {"strings_to_formulas": True})
    sheet = made.add_worksheet(name)
    day = made.add_format({"num_format": "dd.mm.yyyy"})
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            if isinstance(cell, datetime):
                sheet.write_datetime(number, column, cell, day)
            elif isinstance(cell, str) and cell.startswith("=") and "|" not in cell:
                sheet.write_formula(number, column, cell, None, 42)
            else:
                sheet.write(number, column, cell) if not isinstance(
                    cell, str
                ) else sheet.write_string(number, column, cell)
    for area, text in merge:
        sheet.merge_range(area, text)
    made.close()
    return file.getvalue()


def take(user, data, *, into="contact", name="база.xlsx", stage=None) -> Import:
    if isinstance(data, str):
        data = data.encode()
    return verbs.take_file(
        SimpleUploadedFile(name, data), target=into, user=user, stage=stage, now=NOON
    )


def check(job, *, mapping=None, known="skip", owner=None) -> Import:
    verbs.say_columns(job, mapping or job.mapping, known=known, owner=owner or job.user)
    checking.check(job.pk)
    job.refresh_from_db()
    return job


def run(job) -> Batch:
    batch = verbs.begin(job, by=Actor.person(job.user), now=timezone.now())
    batch.reread()
    return batch


def states(job) -> list[str]:
    return list(job.rows.order_by("number").values_list("state", flat=True))


CONTACTS = "Имя;Телефон;Почта;Должность;Компания\n"


def test_contacts_are_made_as_the_check_showed_and_taken_back(olga) -> None:
    job = check(take(olga, CONTACTS + "Пётр Ломов;8 (916) 123-45-67, +375 29 555-11-22;PETR@example.com;Снабженец;ООО «Втормет»\nАнна;не телефон;;;\n", name="база.csv"))  # fmt: skip
    assert states(job) == ["ready", "wrong"]
    assert job.rows.get(number=3).problems.keys() == {"1"}
    batch = run(job)
    made = Contact.objects.get(name="Пётр Ломов")
    assert sorted(point.value for point in made.points.all()) == ["+375295551122", "+79161234567", "petr@example.com"]  # fmt: skip
    assert (made.position, made.company.name, made.owner) == ("Снабженец", "ООО «Втормет»", olga)
    assert made.events.filter(verb="contact.created").count() == 1
    with pytest.raises(RegulationError):
        verbs.begin(job, by=Actor.person(olga), now=NOON)
    batches.undo(batch, by=Actor.person(olga), now=timezone.now())
    made.refresh_from_db()
    assert made.archived_at is not None
    assert Company.objects.get().archived_at is not None


def test_many_rows_are_taken_back_with_less_than_a_statement_each(olga) -> None:
    rows = "".join(f"Клиент {n};;c{n}@example.com;;ООО «Завод {n}»\n" for n in range(60))
    batch = run(check(take(olga, CONTACTS + rows, name="x.csv")))
    with CaptureQueriesContext(connection) as captured:
        batches.undo(batch, by=Actor.person(olga), now=timezone.now())
    assert len(captured) < 60
    assert (batch.state, batch.undone) == ("undone", 60)
    standing = [model.objects.filter(archived_at=None).count() for model in (Contact, Company)]
    assert standing == [0, 0]


def test_one_that_has_a_deal_meanwhile_is_not_taken_back_and_says_why(olga) -> None:
    batch = run(check(take(olga, CONTACTS + "Один;;a@example.com;;\nДругой;;b@example.com;;\n", name="x.csv")))  # fmt: skip
    make_deal(olga, contact=Contact.objects.get(name="Один"))
    batches.undo(batch, by=Actor.person(olga), now=timezone.now())
    kept = batch.rows.get(state=BatchRow.State.KEPT)
    assert (kept.name, kept.text != "") == ("Один", True)
    assert Contact.objects.get(name="Другой").archived_at is not None


def test_what_has_become_anothers_is_not_taken_back(olga, charlie) -> None:
    batch = run(check(take(olga, CONTACTS + "Один;;a@example.com;;\nДругой;;b@example.com;;\n", name="x.csv")))  # fmt: skip
    Contact.objects.filter(name="Один").update(owner=charlie)
    batches.undo(batch, by=Actor.person(olga), now=timezone.now())
    assert batch.rows.get(state=BatchRow.State.KEPT).name == "Один"
    assert Contact.objects.get(name="Один").archived_at is None
    assert Contact.objects.get(name="Другой").archived_at is not None


def test_known_rows_are_left_out_filled_in_or_made_again(olga, charlie) -> None:
    ours = people.create_contact(
        name="Пётр", phone="+79161234567", owner=olga, by=Actor(), now=NOON
    )
    people.create_contact(name="Чужой", phone="+79990000001", owner=charlie, by=Actor(), now=NOON)
    data = CONTACTS + "Пётр Ломов;89161234567;p@example.com;Директор;\nКарл;89990000001;;Шеф;\nНовый;89990000002;;;\nНовый два;8 999 000 00 02;;;\n"  # fmt: skip
    job = check(take(olga, data, name="x.csv"))
    assert states(job) == ["known", "known", "ready", "known"]
    assert report.numbers(job) == report.Numbers(total=4, ready=1, wrong=0, known=3)
    check(job, known="fill")
    batch = run(job)
    ours.refresh_from_db()
    assert (ours.name, ours.position, ours.point("email")) == ("Пётр", "Директор", "p@example.com")
    assert not Contact.objects.filter(position="Шеф").exists()
    assert batch.rows.get(state="refused").text
    assert Contact.objects.filter(points__value="+79990000002").count() == 1
    clients.edit_client(ours, {"position": "Владелец"}, known=targets.find("contact", olga).fields, by=Actor.person(olga), now=NOON)  # fmt: skip
    batches.undo(batch, by=Actor.person(olga), now=timezone.now())
    ours.refresh_from_db()
    assert (ours.position, ours.archived_at) == ("Владелец", None)
    assert "Должность" in batch.rows.get(record_id=ours.pk).text


def test_what_an_import_filled_in_is_emptied_again(olga) -> None:
    ours = people.create_contact(
        name="Пётр", phone="+79161234567", owner=olga, by=Actor(), now=NOON
    )
    batch = run(check(take(olga, CONTACTS + "П;89161234567;p@example.com;Директор;\n", name="x.csv"), known="fill"))  # fmt: skip
    batches.undo(batch, by=Actor.person(olga), now=timezone.now())
    ours = Contact.objects.get(pk=ours.pk)
    assert (ours.position, ours.point("email"), ours.point("phone")) == ("", "", "+79161234567")


def test_deals_come_to_their_stage_with_what_it_requires(olga) -> None:
    pipeline = targets.find("deal-leads", olga).pipeline
    stage = pipeline.stage_by_code["taken"]
    data = "Сделка;Бюджет;Контакт;Телефон;Площадка\nПервая;1 000,50;Пётр;89161234567;\nВторая;;Пётр;89161234567;{}\n"
    platform = pipeline.fields["platform"]
    word = next(iter(platform.choices.values()), "x") if platform.choices else "x"
    job = check(take(olga, data.format(word), into="deal-leads", stage=stage.id, name="x.csv"), mapping={"0": "name", "1": "budget", "2": "contact_name", "3": "phone", "4": "platform"})  # fmt: skip
    assert states(job) == ["ready", "ready"]
    batch = run(job)
    deal = Deal.objects.get()
    assert (deal.name, deal.stage_id, deal.contact.name) == ("Вторая", stage.id, "Пётр")
    assert batch.rows.get(state="refused").payload["number"] == 2
    batches.undo(batch, by=Actor.person(olga), now=timezone.now())
    assert Deal.objects.get().archived_at is not None
    assert Contact.objects.get().archived_at is not None


def test_an_own_list_is_imported_and_its_required_fields_asked(olga, fleet) -> None:  # noqa: F811
    job = check(take(olga, book(["Название", "Plate", "Body", "Inspection", "Ответственный"], ["КамАЗ", "А1", "Цистерна", datetime(2026, 4, 1), "Титова Ольга"], ["МАЗ", "", "", 46000, ""], ["ГАЗ", "Б2", "лодка", "31.02.2026", "Никто"], ["КАМАЗ", "В3", "", "", ""]), into="list-fleet"))  # fmt: skip
    assert states(job) == ["ready", "wrong", "wrong", "known"]
    assert job.rows.get(number=4).problems.keys() == {"2", "3", "4"}
    run(job)
    item = ListItem.objects.get()
    assert (item.values, item.owner) == ({"plate": "А1", "body": "tank", "inspection": "2026-04-01"}, olga)  # fmt: skip


@pytest.mark.parametrize(
    ("data", "name", "word"),
    [
        (b"", "a.csv", "empty"),
        (b"\r\n\r\n", "a.csv", "empty"),
        (book(), "a.xlsx", "empty"),
        (b"<html><body><table><tr><td>x</td></tr></table>", "a.xls", "web page"),
        (b"PK\x03\x04broken", "a.xlsx", "damaged"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "a.xls", "damaged"),
        (b"%PDF-1.7 ...", "a.xlsx", "not a table"),
        (b"\x89PNG\r\n\x1a\n....", "a.csv", "not a table"),
        (";".join(f"c{n}" for n in range(301)).encode(), "a.csv", "301"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused_in_words(olga, data, name, word) -> None:
    with override("en"), pytest.raises(BadAnswer) as said:
        take(olga, data, name=name)
    assert word in said.value.errors.get("file", "").casefold()
    assert not Import.objects.exists()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "utf-16"])
def test_the_encoding_and_the_delimiter_are_guessed(olga, encoding) -> None:
    text = "Имя\tТелефон\nПётр Ломов из Барановичей\t89161234567\nАнна Сергеевна\t89161234568\n"
    job = take(olga, text.encode(encoding), name="x.csv")
    assert heads.table_of(job).headings == ["Имя", "Телефон"]
    assert job.mapping == {"0": "name", "1": "phone"}


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (b"", "utf-16-le"),
        (b"", "utf-16-be"),
        (b"\xfe\xff", "utf-16-be"),
        (b"\xef\xbb\xbf", "cp1251"),
        (b"\xff\xfe", "utf-8"),
    ],
)
def test_a_mark_that_lies_or_is_missing_spoils_no_heading(olga, mark, encoding) -> None:
    data = mark + (CONTACTS + "Пётр Ломов;89161230001;;;\n").encode(encoding)
    job = take(olga, data, name="x.csv")
    assert job.reading["headings"] == CONTACTS.strip().split(";")
    assert job.reading["sample"][0][0] == "Пётр Ломов"


def test_wrong_letters_are_noticed_and_another_encoding_can_be_said(olga) -> None:
    text = "Имя;Телефон\nПривет Иванов;89161234567\nПётр Сергеев;89161234568\n"
    job = take(olga, text, name="x.csv")
    verbs.read_again(job, {"encoding": "cp1251", "delimiter": ";"})
    assert heads.table_of(job).is_garbled
    verbs.read_again(job, {"encoding": "utf-8-sig", "delimiter": ";"})
    assert not heads.table_of(job).is_garbled
    assert files.is_garbled("пРИВЕТ, иВАН мЕЛЬНИК")
    assert not files.is_garbled("ООО «СРСР» и Россия, ул. Речная, АО «РЖД», Сергей Рь")


def test_a_books_cells_are_read_as_people_mean_them(olga) -> None:
    rows = [["Имя", "Имя", "Телефон", "Формула"], ["А", "", 79161234567.0, "=6*7"], ["", "", "7.9161234567E10", "=cmd|' /C calc'!A0"], ["\x07Б", "", "7,91612E+10", ""], []]  # fmt: skip
    job = take(olga, book(*rows, merge=[("B2:B4", "Слитая")]), name="x.xlsx")
    table = heads.table_of(job)
    read = [row for _number, row in table.rows]
    assert [row[1] for row in read[:3]] == ["Слитая"] * 3
    assert [row[3] for row in read[:2]] == [42.0, "=cmd|' /C calc'!A0"]
    check(job, mapping={"1": "name", "2": "phone", "3": "position"})
    assert states(job) == ["ready", "known", "wrong"]
    assert job.rows.get(number=2).values["phone"] == ["+79161234567"]


def field(type, **facts) -> CompiledField:
    return CompiledField("f", "F", type, facts.get("choices", {}))


@pytest.mark.parametrize(
    ("type", "cell", "stored"),
    [
        ("date", 46082, "2026-03-01"), ("date", "1.3.26", "2026-03-01"), ("date", "2026-03-01 00:00:00", "2026-03-01"),
        ("date", "01/03/2026", "2026-03-01"), ("datetime", "01.03.2026 10:30", "2026-03-01T07:30:00+00:00"),
        ("number", 1.5, "1.5"), ("number", "1 000,5", "1000.5"), ("money", "12 000 ₽", "12000.00"), ("yes_no", "Да", True),
        ("yes_no", "нет", None), ("phone", "8 916 123-45-67; 8(029)555-11-22", ["+79161234567", "+375295551122"]), ("text", 5.0, "5"),
    ],
)  # fmt: skip
def test_a_cell_is_stored_by_its_fields_type(type, cell, stored) -> None:
    assert cells.clean(field(type), cell, people={}) == stored


@pytest.mark.parametrize(("type", "cell"), [("date", "31.02.2026"), ("date", "вчера"), ("date", 5), ("number", "много"), ("yes_no", "может"), ("choice", "x"), ("person", "Никто"), ("email", "a@"), ("phone", "7,91E+10")])  # fmt: skip
def test_a_cell_that_means_nothing_is_said(type, cell) -> None:
    with pytest.raises(ValueError, match=r".+"):
        cells.clean(field(type), cell, people={})


def test_a_worker_killed_in_the_middle_makes_nothing_twice(olga, monkeypatch) -> None:
    data = CONTACTS + "".join(f"Клиент {n};;c{n}@example.com;;\n" for n in range(150))
    job = check(take(olga, data, name="x.csv"))
    monkeypatch.setattr(batches, "FOREGROUND", 0)
    monkeypatch.setattr(batches, "ask", lambda *args, **kwargs: None)
    monkeypatch.setattr(kind.ImportKind, "chunk", 40)
    batch = run(job)

    def die(*args, **kwargs) -> None:
        raise SystemExit

    assert running.step(batch.pk, now=NOON) == 40
    with monkeypatch.context() as broken:
        broken.setattr(running, "_count", die)
        with pytest.raises(SystemExit):
            running.step(batch.pk, now=NOON)
    running.run(batch.pk)
    batch.reread()
    assert (batch.state, batch.done, Contact.objects.count()) == ("done", 150, 150)


def test_the_same_file_is_warned_about_and_the_columns_are_remembered(olga) -> None:
    data = CONTACTS.replace("Должность", "Кем он там") + "Один;;a@example.com;Шеф;\n"
    first = take(olga, data, name="x.csv")
    assert verbs.same_file(first) is None
    check(first, mapping={**first.mapping, "3": "position"})
    run(first)
    again = take(olga, data, name="y.csv")
    assert verbs.same_file(again) == first
    assert again.mapping["3"] == "position"


def test_the_pages_lead_through_and_strangers_are_kept_out(olga, alice, charlie, client) -> None:
    client.force_login(alice)
    assert client.get("/import/new/").status_code == 403
    client.force_login(olga)
    upload = SimpleUploadedFile(
        "x.csv", (CONTACTS + "Один;;a@example.com;;\nДва;номер;;;\n").encode()
    )
    assert client.post("/import/new/", {"into": "nowhere", "file": upload}).status_code == 422
    upload.seek(0)
    at = client.post("/import/new/?into=contact", {"into": "contact", "file": upload})["Location"]
    assert "a@example.com" in client.get(at).content.decode()
    columns = {f"column-{n}": code for n, code in enumerate(["name", "phone", "email", "", ""])}
    assert client.post(at, {"do": "check", **columns, "known": "skip"}).status_code == 302
    page = client.get(at).content.decode()
    assert "номер" in page
    body = client.get(f"{at}report/")
    assert body["Content-Disposition"].startswith("attachment")
    reread = files.read(_kept(b"".join(body.streaming_content)), files.Reading())
    assert [row[0] for _number, row in reread.rows] == [3.0]
    batch = client.post(at, {"do": "begin"})["Location"]
    assert client.get(at)["Location"] == batch
    assert Contact.objects.get().name == "Один"
    client.force_login(charlie)
    assert client.get(at).status_code == 403
    job = Import.objects.get()
    assert ImportRow.objects.filter(of=job).count() == 2


def test_a_table_may_be_larger_than_other_files_and_is_told_when_it_is_too_large(
    olga, client, monkeypatch
) -> None:
    client.force_login(olga)
    monkeypatch.setattr(limits, "SIZE_LIMIT", 10)
    table = (CONTACTS + "Один;;a@example.com;;\n").encode()
    for limit, status in ((50 * 2**20, 302), (10, 422)):
        monkeypatch.setitem(limits.LARGER, "crm:import_new", limit)
        sent = {"into": "contact", "file": SimpleUploadedFile("x.csv", table)}
        answer = client.post("/import/new/", sent)
        assert answer.status_code == status
    assert "50" in answer.content.decode()
    assert Import.objects.count() == 1


def _kept(data: bytes):
    import tempfile
    from pathlib import Path

    path = Path(tempfile.mkdtemp()) / "x.xlsx"
    path.write_bytes(data)
    return path
