"""Rows that come through a cursor of the server: it is gone once reading stops, wherever that is."""

from __future__ import annotations

import pytest
from django.db import connection

from crm.models import User
from crm.registers import xlsx
from pipelines.streams import rows_of, stopping

pytestmark = pytest.mark.django_db


def open_cursors() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_cursors WHERE name LIKE '_django_%'")
        return int(cursor.fetchone()[0])


def test_who_stops_in_the_middle_leaves_no_cursor(alice: User, bob: User) -> None:
    rows = rows_of(User.objects.order_by("pk"), at_once=1)
    assert next(rows) == User.objects.earliest("pk")
    assert open_cursors() == 1
    with pytest.raises(OSError), stopping(rows):
        raise OSError
    assert open_cursors() == 0


def test_a_list_needs_no_closing() -> None:
    with stopping([1]):
        pass


def test_a_sheet_that_breaks_off_leaves_no_cursor(alice: User, bob: User, monkeypatch) -> None:
    def full(*_args: object) -> None:
        raise OSError("No space left on device")

    def lines():
        for user in rows_of(User.objects.order_by("pk"), at_once=1):
            yield [user.email]

    monkeypatch.setattr(xlsx, "_write", full)
    # The error is held, and with it its frames and whatever these hold.
    with pytest.raises(OSError) as held:
        xlsx.workbook("Люди", [("Почта", 20)], lines())
    assert held.traceback
    assert open_cursors() == 0
