"""What stands in the feed stays as it is: the model refuses, and so does the database."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from crm import contacting
from pipelines.actor import Actor
from pipelines.models import Event, Rule
from pipelines.models.violation import KeptForGood
from tests.factories import NOON, make_deal

pytestmark = [pytest.mark.django_db, pytest.mark.clause("PZ-2.2")]


@pytest.fixture
def told(alice) -> Event:
    """What the client was told of a change of conditions."""
    return contacting.record_contact(
        make_deal(alice),
        verb=contacting.MESSAGE_SENT,
        by=Actor.person(alice),
        now=NOON,
        text="с понедельника цена 320",
        channel="sms",
    )


def test_an_entry_is_neither_saved_again_nor_deleted(told: Event) -> None:
    told.data = {"text": "цена 300"}
    for forbidden in (
        told.save,
        told.delete,
        lambda: Event.objects.filter(pk=told.pk).update(data={}),
        lambda: Event.objects.bulk_update([told], ["data"]),
        Event.objects.filter(pk=told.pk).delete,
    ):
        with pytest.raises(KeptForGood):
            forbidden()
    assert Event.objects.get(pk=told.pk).data["text"] == "с понедельника цена 320"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE pipelines_event SET data = '{}' WHERE id = %s",
        "UPDATE pipelines_event SET actor_id = NULL WHERE id = %s",
        "UPDATE pipelines_event SET at = now() WHERE id = %s",
        "DELETE FROM pipelines_event WHERE id = %s",
    ],
)
def test_the_database_refuses_what_goes_round_the_model(told: Event, statement: str) -> None:
    with (
        pytest.raises(IntegrityError, match="never changed"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement, [told.pk])
    assert Event.objects.get(pk=told.pk).actor == told.actor


def test_a_rule_that_goes_leaves_its_entries(alice) -> None:
    deal = make_deal(alice)
    entry = Event.objects.filter(deal=deal, rule__isnull=False).first()
    assert entry is not None
    with connection.cursor() as cursor:
        cursor.execute("UPDATE pipelines_event SET rule_id = NULL WHERE id = %s", [entry.pk])
    assert Event.objects.get(pk=entry.pk).rule is None
    assert Rule.objects.filter(pk=entry.rule_id).exists()
