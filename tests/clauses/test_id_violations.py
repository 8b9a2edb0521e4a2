"""The driving school's register of violations: recorded, counted, excused by a head, deleted by nobody."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import NoReverseMatch, reverse

from crm.models import User
from crm.registers import violations
from pipelines.actor import Actor
from pipelines.errors import BadAnswer, RegulationError
from pipelines.models import Event, KeptForGood, Violation
from tests.clauses.idrive import broken, lead, talk, time_passes
from tests.factories import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.clause("ID-V"), pytest.mark.usefixtures("idrive")]
MINUTE = timedelta(minutes=1)


def late(manager: User) -> Violation:
    deal = lead(manager)
    time_passes(NOON + 15 * MINUTE)
    assert broken(deal) == ["ID-1.1"]
    return Violation.objects.get(deal=deal)


def test_a_breach_says_who_which_clause_when_and_on_which_deal(alice: User) -> None:
    found = late(alice)
    assert (found.culprit, found.clause, found.at) == (alice, "ID-1.1", NOON + 15 * MINUTE)
    told = Event.objects.get(deal=found.deal, verb="violation.recorded")
    assert (told.data["culprit"], told.data["clause"]) == (str(alice), "ID-1.1")


def test_what_happened_is_a_breach_at_once_and_says_by_how_much(alice: User, bob: User) -> None:
    deal = lead(alice)
    talk(deal, now=NOON + MINUTE, seconds=11 * 60)
    found = Violation.objects.get(deal=deal)
    assert (found.clause, found.at, found.over) == ("ID-1.3", NOON + MINUTE, MINUTE)


def test_the_register_counts_them_per_manager_and_per_clause(
    client: Any, alice: User, bob: User, olga: User, charlie: User
) -> None:
    late(alice)
    late(bob)
    talk(lead(bob), now=NOON, seconds=700)
    seen = violations.visible_to(olga)
    people = {row["culprit"]: row["total"] for row in violations.by_person(seen)}
    clauses = {row["clause"]: row["total"] for row in violations.by_clause(seen)}
    assert people == {alice.pk: 1, bob.pk: 2}
    assert clauses == {"ID-1.1": 2, "ID-1.3": 1}
    client.force_login(olga)
    page = client.get("/violations/?period=all").content.decode()
    for words in ("Белова", "Громов", "ID-1.1", "ID-1.3", "10.03.2026"):
        assert words in page
    client.force_login(charlie)
    assert "ID-1.1" not in client.get("/violations/?period=all").content.decode()


def test_a_head_excuses_with_a_comment_and_the_row_stays(alice: User, olga: User) -> None:
    found = late(alice)
    with pytest.raises(BadAnswer):
        violations.excuse(found, text="", by=Actor.person(olga), now=NOON)
    with pytest.raises(RegulationError):
        violations.excuse(found, text="Сама себя", by=Actor.person(alice), now=NOON)
    violations.excuse(found, text="Не работала телефония", by=Actor.person(olga), now=NOON)
    kept = Violation.objects.get(pk=found.pk)
    assert (kept.excused_by, kept.excuse) == (olga, "Не работала телефония")
    assert [row["counting"] for row in violations.by_person(violations.visible_to(olga))] == [0]


def test_nobody_can_delete_one(client: Any, alice: User, administrator: User) -> None:
    found = late(alice)
    for delete in (found.delete, Violation.objects.all().delete):
        with pytest.raises(KeptForGood):
            delete()
    with pytest.raises(DatabaseError, match="never deleted"), transaction.atomic():
        connection.cursor().execute("DELETE FROM pipelines_violation")
    client.force_login(administrator)
    page = reverse("admin:pipelines_violation_delete", args=[found.pk])
    assert client.post(page, {"post": "yes"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [found.pk], "post": "yes"}
    client.post(reverse("admin:pipelines_violation_changelist"), chosen)
    with pytest.raises(NoReverseMatch):
        reverse("crm:violation_delete", args=[found.pk])
    assert Violation.objects.filter(pk=found.pk).exists()
