"""Two records of one client become one, with all that points at them, and two again."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from crm.batches import verbs
from crm.clients import feed, merging, near_names, people, suspects
from crm.clients.verbs import note_on_client
from crm.models import Batch, Company, Contact, Deal, SoleDeal, User
from crm.planning.tasks import create_task
from pipelines import catalog
from pipelines.actor import Actor
from tests.clauses.steps import fresh
from tests.factories import NOON, make_deal

pytestmark = pytest.mark.django_db

# Every key to a contact or a company that the database knows. A new one is repointed by itself; whoever adds it looks
# here whether that is right, or says in `merging.KEPT` why its rows stay.
CONTACTS = {
    "crm.ClientLife.contact",
    "crm.Contact.merged_into",
    "crm.ContactPoint.contact",
    "crm.Deal.contact",
    "crm.File.contact",
    "crm.Pin.contact",
    "crm.SoleDeal.contact",
    "crm.Task.contact",
    "notifications.Message.contact",
}
COMPANIES = {
    "crm.ClientLife.company",
    "crm.Company.merged_into",
    "crm.Contact.company",
    "crm.ContactPoint.company",
    "crm.Deal.company",
    "crm.File.company",
    "crm.Pin.company",
    "crm.SoleDeal.company",
    "crm.Task.company",
    "notifications.Message.company",
}


@pytest.fixture
def by(olga: User) -> Actor:
    return Actor.person(olga)


def contact(owner: User, name: str, **points: str) -> Contact:
    made = people.create_contact(
        name=name, phone=points.get("phone", ""), email=points.get("email", ""),
        owner=owner, by=Actor.person(owner), now=NOON,
    )  # fmt: skip
    assert isinstance(made, Contact)
    return made


def merge(client: Client, main: Contact, other: Contact, **choices: Any) -> Batch:
    address = reverse("crm:contact_merge", args=[main.pk])
    client.post(address, {"other": other.pk, "main": main.pk, **choices})
    return Batch.objects.latest("pk")


def test_no_key_to_a_client_is_forgotten() -> None:
    assert {key.label for key in merging.keys_of(Contact)} == CONTACTS
    assert {key.label for key in merging.keys_of(Company)} == COMPANIES


def test_what_points_at_the_other_goes_to_the_main_record_and_back(
    alice: User, olga: User, by: Actor, client: Client
) -> None:
    main = contact(alice, "Анна Ким", phone="+375291112233")
    other = contact(alice, "Ким Анна", phone="+375291112233", email="anna@example.com")
    deal = make_deal(alice, contact=other)
    task = create_task(text="Звонок", due_at=NOON, owner=alice, contact=other, by=by, now=NOON)
    note_on_client(other, text="Любит чай", by=by, now=NOON)
    # What a client may have once only stays where it is, if the main record has its own.
    pipeline = catalog.by_code("leads").id
    sole = [SoleDeal.objects.create(pipeline_id=pipeline, contact=item) for item in (main, other)]
    client.force_login(olga)
    batch = merge(client, main, other, **{"take-name": other.pk})

    assert (batch.state, batch.done) == ("done", 1), batch.rows.get().text
    main, other = fresh(main), fresh(other)
    assert (main.name, other.merged_into, bool(other.archived_at)) == ("Ким Анна", main, True)
    assert (fresh(deal).contact, fresh(task).contact) == (main, main)
    assert sorted(main.points.values_list("value", flat=True)) == [
        "+375291112233",
        "anna@example.com",
    ]
    assert [fresh(row).contact for row in sole] == [main, other]
    lines = feed.read_feed(main, user=olga, places=feed.places_of(main, olga)).lines
    assert "Любит чай" in str(lines)
    assert client.get(other.get_absolute_url()).url == main.get_absolute_url()

    late = make_deal(alice, contact=main)
    verbs.undo(batch, by=by, now=timezone.now())
    main, other = fresh(main), fresh(other)
    assert (batch.state, batch.kept) == ("undone", 0), batch.rows.get().text
    assert (main.name, other.merged_into, other.archived_at) == ("Анна Ким", None, None)
    assert (fresh(deal).contact, fresh(task).contact, fresh(late).contact) == (other, other, main)
    assert main.points.count() == 1
    assert other.points.count() == 2


def test_a_field_written_since_stays_as_it_was_written(
    alice: User, olga: User, by: Actor, client: Client
) -> None:
    main, other = contact(alice, "Первый"), contact(alice, "Второй")
    client.force_login(olga)
    batch = merge(client, main, other, **{"take-name": other.pk})
    Contact.objects.filter(pk=main.pk).update(name="Третий")
    verbs.undo(batch, by=by, now=timezone.now())
    assert fresh(main).name == "Третий"


def test_duplicates_are_suspected_among_those_one_sees(
    alice: User, charlie: User, olga: User, client: Client
) -> None:
    one = contact(alice, "Пётр Ильин", phone="+375291110000")
    Contact.objects.create(name="Ильин  ПЕТР", owner=alice, created_at=NOON)
    contact(charlie, "Чужой Пётр", phone="+375291110000")
    found = suspects.find(Contact, olga)
    assert [(str(item.why), len(item.records)) for item in found] == [("почти то же имя", 2)]
    assert [record.name for record in suspects.like(one, olga)] == ["Ильин  ПЕТР"]
    for name in ("ООО «Ромашка»", "Ромашка, ООО"):
        Company.objects.create(name=name, owner=alice, created_at=NOON)
    assert len(suspects.find(Company, olga)) == 1
    client.force_login(olga)
    assert "Ильин" in client.get("/contacts/duplicates/").content.decode()


def test_merging_needs_the_right_and_both_records(
    alice: User, charlie: User, olga: User, client: Client
) -> None:
    mine, his = contact(alice, "Своя"), contact(charlie, "Чужой")
    for user, status in ((alice, 403), (olga, 404)):
        client.force_login(user)
        asked = {"other": his.pk, "main": mine.pk}
        assert client.post(f"/contacts/{mine.pk}/merge/", asked).status_code == status
    assert not Batch.objects.exists()
    assert client.get(f"/contacts/{mine.pk}/merge/?other=9{'9' * 30}").status_code == 200
    assert Deal.objects.count() == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Анна Ким", "Анна Кимм"),
        ("Кимм Анна", "Анна Ким"),
        ("Пётр Ильин", "Петр Ильни"),
        ("Роман Крылов", "Томан Крылов"),
    ],
)
def test_a_slip_of_the_finger_makes_a_suspicion_of_a_person(alice, one, other) -> None:
    for name in (one, "Иван Громов", other, "Ольга Ткач"):
        people.create_contact(name=name, owner=alice, by=Actor(), now=NOON)
    (found,) = suspects.find(Contact, alice)
    assert [record.name for record in found.records] == [one, other]


def test_a_slip_and_the_order_of_words_make_a_suspicion_of_a_company(alice) -> None:
    for name in ("ООО «Ромашка»", "Ромашка ООО", "ООО «Ромшка»", "Склад 1", "Склад 2"):
        people.create_company(name=name, owner=alice, by=Actor(), now=NOON)
    same, slip = suspects.find(Company, alice)
    assert {record.name for record in same.records} == {"ООО «Ромашка»", "Ромашка ООО"}
    assert "ООО «Ромшка»" in {record.name for record in slip.records}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ким роман", "ким романа"),
        ("александр ким", "александра ким"),
        ("иванов пётр", "иванова петра"),
        ("роман котов", "роман козлов"),
        ("склад 12", "склад 13"),
    ],
)
def test_another_name_is_no_slip(one, other) -> None:
    assert not near_names.is_slip(one, other)
