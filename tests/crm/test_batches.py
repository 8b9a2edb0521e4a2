"""Batches: row by row, whole or not at all, shared by workers, stopped, and put back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from billiard.exceptions import SoftTimeLimitExceeded
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from crm.batches import kinds, running, verbs
from crm.batches.verbs import NewRow
from crm.models import Batch, BatchRow, Tag, User
from pipelines.actor import Actor
from pipelines.errors import RegulationError
from tests.factories import NOON

pytestmark = pytest.mark.django_db


class Killed(BaseException):
    """A worker's process ends in the middle of a row."""


@kinds.kind("test.tag", label="Make tags")
class MakeTags(kinds.Kind):
    """Each row makes a tag of its name; names that begin with «no» are refused after they were written."""

    chunk = 3
    dies_at = ""
    fails_with: type[Exception] | None = None

    def do(self, row: BatchRow, batch: Batch, *, by: Actor, now: Any) -> dict[str, Any]:
        tag = Tag.objects.create(name=row.payload["name"])
        if tag.name.startswith("no"):
            raise RegulationError("No such tag (T-1).")
        if tag.name == self.dies_at:
            raise Killed
        if tag.name == "odd" and self.fails_with:
            raise self.fails_with
        row.record, row.record_id = "tag", tag.pk
        return {"tag": tag.pk}

    def undo(self, row: BatchRow, batch: Batch, *, by: Actor, now: Any) -> None:
        if not Tag.objects.filter(pk=row.before["tag"]).delete()[0]:
            raise RegulationError("Gone already.")

    def lost(self, batch: Batch) -> list[str]:
        return ["Letters stay sent."]


@pytest.fixture
def by(alice: User) -> Actor:
    return Actor.person(alice)


def start(by: Actor, *names: str) -> Batch:
    rows = [NewRow(name=name, payload={"name": name}) for name in names]
    return verbs.start("test.tag", title="Tags", rows=rows, by=by, now=NOON)


def states(batch: Batch) -> list[str]:
    return list(batch.rows.values_list("state", flat=True))


def test_a_refused_row_stops_no_other_and_leaves_nothing_behind(by: Actor) -> None:
    batch = start(by, "a", "no", "b", "c", "d")
    assert (batch.state, batch.done, batch.refused) == ("done", 4, 1)
    assert set(Tag.objects.values_list("name", flat=True)) == {"a", "b", "c", "d"}
    assert batch.rows.get(position=2).text == "No such tag (T-1)."


def test_a_killed_worker_loses_nothing_and_nothing_is_done_twice(
    by: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MakeTags, "dies_at", "e")
    with pytest.raises(Killed):
        start(by, *"abcdefg")
    batch = Batch.objects.get()
    # The first chunk stands, of the second nothing, though its first row had been done.
    assert (batch.state, states(batch)) == ("running", ["done"] * 3 + ["waiting"] * 4)
    assert Tag.objects.count() == 3
    monkeypatch.setattr(MakeTags, "dies_at", "")
    alive = Batch.objects.get().alive_at
    assert running.resume(alive + timedelta(seconds=10)) == 0, "a worker may still be on it"
    assert running.resume(alive + timedelta(minutes=1)) == 1
    batch.reread()
    assert (batch.state, batch.done, Tag.objects.count()) == ("done", 7, 7)


@pytest.mark.parametrize("gathers", [True, False])
def test_a_fault_of_ours_refuses_its_own_row_alone(
    by: Actor, monkeypatch: pytest.MonkeyPatch, gathers: bool
) -> None:
    monkeypatch.setattr(MakeTags, "gathers", gathers)
    monkeypatch.setattr(MakeTags, "fails_with", KeyError)
    batch = start(by, "a", "odd", "b", "c")
    assert (batch.state, states(batch)) == ("done", ["done", "refused", "done", "done"])
    assert set(Tag.objects.values_list("name", flat=True)) == {"a", "b", "c"}


def test_a_worker_that_runs_out_of_time_refuses_no_row(
    by: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MakeTags, "fails_with", SoftTimeLimitExceeded)
    with pytest.raises(SoftTimeLimitExceeded):
        start(by, "a", "odd", "b")
    batch = Batch.objects.get()
    assert (states(batch), Tag.objects.count()) == (["waiting"] * 3, 0)


def test_a_batch_that_cannot_be_worked_on_keeps_no_other_from_it(
    by: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verbs, "FOREGROUND", 0)
    broken, other = start(by, "a"), start(by, "b")

    def load(_kind: kinds.Kind, rows: Any, batch: Batch, *, by: Actor) -> None:
        if batch == broken:
            raise KeyError("gone")

    monkeypatch.setattr(MakeTags, "load", load)
    assert running.resume(NOON + timedelta(minutes=1)) == 2
    broken.reread()
    other.reread()
    assert (broken.state, other.state) == ("queued", "done")


def test_a_stopped_batch_leaves_the_rest_as_it_is(
    by: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verbs, "FOREGROUND", 0)
    batch = start(by, *"abcdef")
    running.step(batch.pk, now=NOON)
    verbs.stop(batch, now=NOON)
    assert (batch.state, states(batch)) == ("done", ["done"] * 3 + ["skipped"] * 3)
    assert running.step(batch.pk, now=NOON) == 0
    with pytest.raises(RegulationError):
        verbs.stop(batch, now=NOON)


def test_undoing_puts_back_what_was_done_and_says_what_it_could_not(by: Actor) -> None:
    batch = start(by, "a", "no", "b", "c")
    Tag.objects.get(name="b").delete()
    verbs.undo(batch, by=by, now=timezone.now())
    assert (batch.state, batch.undone, batch.kept) == ("undone", 2, 1)
    assert not Tag.objects.exists()
    assert batch.rows.get(name="b").text == "Gone already."
    with pytest.raises(RegulationError, match="уже отменено"):
        verbs.undo(batch, by=by, now=timezone.now())


def test_after_thirty_days_nothing_is_put_back(by: Actor) -> None:
    batch = start(by, "a")
    assert batch.undo_until is not None
    with pytest.raises(RegulationError, match="30"):
        verbs.undo(batch, by=by, now=batch.undo_until)


def test_a_batch_needs_a_row_and_the_right(by: Actor, alice: User) -> None:
    with pytest.raises(RegulationError):
        start(by)
    alice.groups.clear()
    stranger = type(alice).objects.get(pk=alice.pk)
    with pytest.raises(PermissionDenied):
        start(Actor.person(stranger), "a")
    assert not Batch.objects.exists()
