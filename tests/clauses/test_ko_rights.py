"""KO-2.2, KO-2.8, KO-2.11: whose stage is whose holds on every path, posted straight to the endpoint too."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from crm.models import Deal, InvoiceKind, Task, User
from crm.money import invoices
from crm.planning import tasks
from pipelines import catalog
from pipelines.actor import SYSTEM
from pipelines.models import Event, Offer, Rule
from tests.clauses.steps import DAY, fresh
from tests.factories import NOON
from tests.fixtures.school import lead

pytestmark = [pytest.mark.usefixtures("school"), pytest.mark.clause("KO-2.2")]

FORBIDDEN = ["new", "to_distribute"]


@pytest.fixture(params=FORBIDDEN)
def deal(request, alice: User, client: Client) -> Deal:
    """A deal of alice on a stage that is not hers; she is signed in."""
    client.force_login(alice)
    return lead(alice, request.param)


def told(response: Any) -> str:
    """The sentence of the answer, wherever it stands."""
    return str(response.headers.get("HX-Trigger", "")) + response.content.decode()


def untouched(deal: Deal, before: int) -> bool:
    """Nothing was written about the deal."""
    return Event.objects.filter(deal=deal).count() == before


HTMX = {"HX-Request": "true"}


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("move/", {"to": "talks"}),
        ("field/", {"code": "package", "package": "basic"}),
        ("field/", {"code": "name", "name": "Другое"}),
        ("field/", {"code": "contact.gender", "contact.gender": "female"}),
        ("tags/", {"add": "срочно"}),
        ("note/", {"text": "заметка"}),
        ("contacted/", {"verb": "call.answered", "text": "поговорили", "channel": "phone"}),
        ("letter/", {"to": "lead@example.com", "subject": "Здравствуйте", "body": "Текст"}),
        ("task/", {"text": "Позвонить", "kind": "call", "due_at": "2027-01-15T12:00"}),
        ("archive/", {}),
        ("contact/attach/", {"detach": "1"}),
        ("invoice/", {"kind": "rest", "currency": "USD", "amount": "100", "purpose": "Обучение"}),
        ("payment/", {"amount": "100", "currency": "USD", "kind": "payment"}),
        ("action/in_turn/", {}),
    ],
)
def test_a_manager_changes_nothing_by_posting_straight_to_the_endpoint(
    client: Client, deal: Deal, path: str, data: dict[str, Any]
) -> None:
    before, stage = Event.objects.filter(deal=deal).count(), deal.stage_id
    for headers in ({}, HTMX):
        response = client.post(f"/deals/{deal.pk}/{path}", data, headers=headers)
        assert response.status_code in (302, 409, 422), response.status_code
        found = fresh(deal)
        assert (found.stage_id, found.archived_at) == (stage, None)
        assert found.contact.values == {}
        assert untouched(deal, before)
        assert not Task.objects.filter(deal=deal).exists()


def test_the_board_and_the_card_offer_no_way_and_the_answer_says_why(
    client: Client, deal: Deal
) -> None:
    answer = client.post(f"/deals/{deal.pk}/move/", {"to": "talks"}, headers=HTMX)
    assert answer.status_code == 422
    assert "Ваша роль не может" in told(answer)
    card = client.get(f"/deals/{deal.pk}/").content.decode()
    assert "Отдать следующему по очереди" not in card


def test_nor_many_at_once_from_the_table(client: Client, deal: Deal) -> None:
    talks = catalog.pipeline(deal.pipeline_id).stage_by_code["talks"].id
    data = {"deal": f"{deal.pk}~{deal.stage_id}", "to": talks, "confirm": "1"}
    answer = client.post("/deals/table/move/", data, follow=True)
    assert "Ваша роль не может" in answer.content.decode()
    assert fresh(deal).stage_id == deal.stage_id


def test_nor_by_giving_it_away(client: Client, deal: Deal, olga: User, bob: User) -> None:
    client.force_login(olga)
    client.post(f"/deals/{deal.pk}/owner/", {"owner": bob.pk})
    assert fresh(deal).owner_id == deal.owner_id


def test_nor_by_files(client: Client, deal: Deal) -> None:
    client.post(f"/deals/{deal.pk}/files/", {"file": SimpleUploadedFile("a.txt", b"text")})
    assert not deal.files.exists() if hasattr(deal, "files") else True
    assert not Event.objects.filter(deal=deal, verb="file.added").exists()


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("done/", {"result": "готово"}),
        ("postpone/", {"due_at": "2027-01-15T12:00"}),
        ("edit/", {"text": "Другое", "kind": "call", "due_at": "2027-01-15T12:00"}),
        ("cancel/", {"reason": "не нужно"}),
    ],
)
def test_nor_by_the_tasks_of_the_deal(
    client: Client, deal: Deal, path: str, data: dict[str, str]
) -> None:
    task = tasks.create_task(
        text="Проверить", due_at=NOON + DAY, owner=deal.owner, by=SYSTEM, now=NOON, deal=fresh(deal)
    )
    answer = client.post(f"/tasks/{task.pk}/{path}", data | {"revision": "0"})
    assert answer.status_code == 422
    found = fresh(task)
    assert (found.state, found.text, found.due_at) == ("open", "Проверить", NOON + DAY)


def test_nor_by_an_offer_of_the_system(client: Client, deal: Deal) -> None:
    rule = Rule.objects.filter(pipeline__code="school_sales", clause="KO-2.4").first()
    offer = Offer.objects.create(
        deal=deal, rule=rule, action="move", params={"to": "talks"}, text="Перевести", at=NOON
    )
    client.post(f"/offers/{offer.pk}/take/")
    assert fresh(deal).stage_id == deal.stage_id
    assert fresh(offer).state == "open"


def test_nor_by_an_invoice_made_before(client: Client, alice: User) -> None:
    deal = lead(alice, "talks")
    kind = InvoiceKind.objects.get(playbook="school", code="rest")
    invoice = invoices.make_invoice(deal, kind=kind, by=SYSTEM, now=NOON)
    from pipelines import engine

    engine.move(deal, to="new", by=SYSTEM, now=NOON)
    client.force_login(alice)
    for path in ("send/", "edit/", "cancel/"):
        answer = client.post(
            f"/invoices/{invoice.pk}/{path}", {"amount": "1", "purpose": "x", "to": "a@example.com"}
        )
        assert answer.status_code == 422
    assert fresh(invoice).state == "draft"


@pytest.mark.clause("KO-2.8")
@pytest.mark.clause("KO-2.11")
@pytest.mark.parametrize("to", ["paying", "refund", "new", "to_distribute"])
def test_a_manager_enters_no_stage_that_is_not_his(client: Client, alice: User, to: str) -> None:
    deal = lead(alice, "talks")
    client.force_login(alice)
    answer = client.post(f"/deals/{deal.pk}/move/", {"to": to}, headers=HTMX)
    assert answer.status_code == 422
    assert "Ваша роль не может переводить" in told(answer)
    client.post("/deals/table/move/", {"deal": f"{deal.pk}~{deal.stage_id}", "to": to})
    assert fresh(deal).stage.code == "talks"


def test_the_stages_are_the_administrators(irina: User) -> None:
    pipeline = catalog.by_code("school_sales")
    for code in FORBIDDEN:
        stage = pipeline.stage_by_code[code]
        assert stage.lets("edit", frozenset({"crm_admin"}))
        assert not stage.lets("edit", frozenset({"manager", "head", "refunds"}))
