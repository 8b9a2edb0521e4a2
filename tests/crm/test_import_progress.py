"""A large file on its way: its owner sees at which row it is, stops it, and hears at once of one that is too large."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from crm.batches import running
from crm.batches import verbs as batches
from crm.imports import checking, files, heads, progress, report, verbs
from crm.models import BatchRow, Contact, Import
from pipelines.errors import BadAnswer, RegulationError
from tests.crm.test_import import book, check, run, take
from tests.factories import NOON

pytestmark = pytest.mark.django_db

ROWS = "Имя;Почта\n" + "".join(f"Клиент {n};c{n}@example.com\n" for n in range(39))


@pytest.fixture
def job(olga, monkeypatch) -> Import:
    """A file of forty rows that waits for a worker, who will take it ten rows at a time."""
    monkeypatch.setattr(checking, "CHUNK", 10)
    monkeypatch.setattr(checking, "ask", lambda import_id: None)
    monkeypatch.setattr(verbs, "AT_ONCE", 0)
    made = take(olga, ROWS, name="x.csv")
    verbs.say_columns(made, made.mapping, known="skip", owner=olga)
    assert made.state == "checking"
    return made


def test_the_check_says_at_which_row_it_is_and_then_leads_on(
    job, olga, client, monkeypatch
) -> None:
    client.force_login(olga)
    at = f"/import/{job.pk}/"
    assert "<progress" in client.get(at).content.decode()
    seen = []
    tell = progress.tell

    def looking_on(pk, **facts) -> None:
        tell(pk, **facts)
        seen.append((facts["row"], client.get(f"{at}progress/").content.decode()))

    monkeypatch.setattr(progress, "tell", looking_on)
    checking.check(job.pk)
    assert [row for row, _page in seen] == [1, 11, 21, 31, 40]
    assert 'value="52"' in seen[2][1]
    assert client.get(at).content.decode().count("<progress") == 0
    answer = client.get(f"{at}progress/", headers={"HX-Request": "true"})
    assert answer["HX-Redirect"].endswith(at)


def test_a_check_whose_worker_is_gone_says_at_which_row_it_was(job, olga, client) -> None:
    client.force_login(olga)
    for minutes, is_said in ((0, False), (1, True)):
        moment = timezone.now() - timedelta(minutes=minutes)
        progress.tell(job.pk, row=17, height=40, now=moment)
        assert ("на строке 17" in client.get(f"/import/{job.pk}/").content.decode()) is is_said


def test_a_check_is_stopped_by_its_owner_and_says_where(job, olga, client) -> None:
    progress.ask_to_stop(job.pk)
    checking.check(job.pk)
    job.refresh_from_db()
    assert (job.state, job.rows.count()) == ("failed", 0)
    assert "11" in job.problem
    # Its columns can be said again, and what asked for the stop is forgotten.
    check(job)
    assert (job.state, job.problem, job.rows.count()) == ("checked", "", 39)
    with pytest.raises(RegulationError):
        verbs.stop_check(job)
    verbs.say_columns(job, job.mapping, known="skip", owner=olga)
    client.force_login(olga)
    client.post(f"/import/{job.pk}/", {"do": "stop"})
    job.refresh_from_db()
    assert (job.state, job.problem != "") == ("failed", True)
    assert not checking.check(job.pk)


def test_a_check_that_breaks_off_says_at_which_row(job, monkeypatch) -> None:
    rows = checking.Checker.rows

    def breaking(self, chunk):
        if chunk[0][0] > 20:
            raise ZeroDivisionError
        return rows(self, chunk)

    monkeypatch.setattr(checking.Checker, "rows", breaking)
    checking.check(job.pk)
    job.refresh_from_db()
    assert (job.state, job.rows.count(), "21" in job.problem) == ("failed", 0, True)


def test_a_heavy_book_is_opened_by_a_worker(olga, client, monkeypatch) -> None:
    monkeypatch.setattr(verbs, "HERE", 0)
    monkeypatch.setattr(checking, "ask", lambda import_id: None)

    def never(*args, **kwargs) -> None:
        raise AssertionError

    with monkeypatch.context() as while_he_waits:
        while_he_waits.setattr(files, "read", never)
        job = take(olga, book(["Имя", "Почта"], ["Анна", "a@example.com"]))
        client.force_login(olga)
        assert "<progress" in client.get(f"/import/{job.pk}/").content.decode()
    assert (job.state, heads.is_read(job)) == ("checking", False)
    assert checking.sweep() == 1
    checking.check(job.pk)
    job.refresh_from_db()
    assert (job.state, job.mapping) == ("uploaded", {"0": "name", "1": "email"})
    broken = take(olga, book(["Имя"], ["Анна"]))
    broken.file.storage.delete(broken.file.name)
    broken.file.storage.save(broken.file.name, files_of(b"PK\x03\x04 and no more"))
    checking.check(broken.pk)
    page = client.get(f"/import/{broken.pk}/").content.decode()
    assert "/import/new/" in page
    assert "column-0" not in page


def files_of(data: bytes):
    from django.core.files.base import ContentFile

    return ContentFile(data)


def test_a_table_of_too_many_rows_is_refused_before_anything_is_asked(olga, monkeypatch) -> None:
    monkeypatch.setattr(files, "ROW_LIMIT", 20)
    with pytest.raises(BadAnswer) as refused:
        take(olga, "Имя\n" + "Анна\n" * 1000, name="x.csv")
    assert "20" in refused.value.errors["file"]
    assert not Import.objects.exists()


def test_a_stopped_import_says_at_which_row_and_gives_the_rest_back(olga, client, monkeypatch) -> None:  # fmt: skip
    job = check(take(olga, ROWS, name="x.csv"))
    monkeypatch.setattr(batches, "FOREGROUND", 0)
    monkeypatch.setattr(batches, "ask", lambda *args, **kwargs: None)
    monkeypatch.setattr(running.kinds.registered["import"], "chunk", 10)
    batch = run(job)
    running.step(batch.pk, now=timezone.now())
    batches.stop(batch, now=NOON)
    batch.reread()
    assert (batch.done, Contact.objects.count()) == (10, 10)
    client.force_login(olga)
    assert "на строке 12" in client.get(batch.get_absolute_url()).content.decode()
    job.refresh_from_db()
    left = [number for number, _said, *_cells in report._rows(job, ["Имя", "Почта"])]
    assert left == list(range(12, 41))
    assert BatchRow.objects.filter(batch=batch, state="skipped").count() == len(left)
