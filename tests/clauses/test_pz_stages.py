"""PZ-1.1, PZ-5.0, PZ-5.3 to PZ-5.6, PZ-II.1b: the two pipelines, what their stages say, and how a deal goes through them."""

from __future__ import annotations

import pytest
from django.urls import reverse

from crm import deals
from crm.clients import people
from crm.intake import taking as intake
from crm.models import Company, Contact, Deal, Tag, Task, User
from pipelines import catalog, engine
from pipelines.actor import Actor
from pipelines.errors import RegulationError
from tests.clauses.pz_steps import OFFER, QUESTIONNAIRE, deliver, lead, offered, passed, stage_of
from tests.clauses.steps import choose, clauses_against, fresh, move, offers, refused, take, task_of
from tests.factories import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _company(clara: User) -> None:
    """The playbook, and somebody in the client department."""


def stages(pipeline: str) -> list[str]:
    return [stage.name for stage in catalog.by_code(pipeline).stages]


@pytest.mark.clause("PZ-5.0")
def test_the_pipelines_and_their_stages_in_order() -> None:
    scrap = catalog.by_code("scrap")
    assert scrap.name == "[ЛОМ]"
    assert stages("scrap")[:8] == [
        "Лид",
        "Квалифицирован",
        "Сделано предложение",
        *[f"{number}-я поставка" for number in range(1, 6)],
    ]
    assert [stage.kind for stage in scrap.stages] == ["open"] * 8 + ["won", "lost"]
    assert catalog.by_code("regulars").name == "[Постоянные клиенты (лом)]"
    assert stages("regulars") == ["Передан", "Везёт", "Не везёт"]


@pytest.mark.clause("PZ-5.0")
def test_a_client_who_will_not_deliver_is_closed_with_the_reason(alice: User) -> None:
    deal = offered(alice)
    assert clauses_against(deal, "refused") == ["PZ-5.0"]
    move(fresh(deal), "refused", refusal_reason="price")
    assert fresh(deal).status == "lost"
    assert not Task.objects.open().filter(deal=deal).exists()


@pytest.mark.clause("PZ-1.1")
def test_contact_and_company_carry_their_codes_of_1c(alice: User, client) -> None:
    by = Actor.person(alice)
    firm = people.create_company(name="ООО «Медь»", owner=alice, by=by, now=NOON)
    deal = lead(alice, company=firm)
    deals.edit_deal(
        deal, {"company.code_1c": "00-000417", "contact.code_1c": "КЛ-93"}, by=by, now=NOON
    )
    assert Company.objects.get().values == {"code_1c": "00-000417"}
    assert Contact.objects.get().values == {"code_1c": "КЛ-93"}
    client.force_login(alice)
    page = client.get(reverse("crm:deal", args=[deal.pk])).content.decode()
    for word in ("Сделки", "Контакты", "Компании", "Задачи", "[ЛОМ]", "Лид"):
        assert word in page
    assert "Код контрагента в 1С" in page
    assert "00-000417" in page
    assert "Код контактного лица в 1С" in page
    assert "КЛ-93" in page
    for record, kind in ((firm, "company"), (deal.contact, "contact")):
        page = client.get(reverse(f"crm:{kind}", args=[record.pk])).content.decode()
        assert record.name.replace("«", "").split()[0] in page
        assert {"company": "00-000417", "contact": "КЛ-93"}[kind] in page


@pytest.mark.clause("PZ-5.3")
def test_a_stage_says_what_is_done_and_its_task_what_leads_on(alice: User, client) -> None:
    client.force_login(alice)
    deal = offered(alice)
    page = client.get(reverse("crm:deal", args=[deal.pk])).content.decode()
    stage = catalog.by_code("scrap").stage_by_code["offered"]
    assert stage.goal in page
    assert task_of(deal, "first_delivery").text in page


@pytest.mark.clause("PZ-5.3")
@pytest.mark.parametrize("pipeline", ["scrap", "regulars"])
def test_every_open_stage_says_what_it_means_and_sets_its_task(pipeline: str) -> None:
    compiled = catalog.by_code(pipeline)
    for stage in compiled.stages:
        assert stage.goal
        # The fifth delivery and the closed stages ask nothing more of the manager.
        if stage.kind == "open" and stage.code != "delivery_5":
            rules = compiled.rules_of("enter", "do", stage_id=stage.id)
            assert any(rule.raw.get("text") for rule in rules)


@pytest.mark.clause("PZ-5.3")
def test_the_task_of_a_stage_is_done_when_the_next_is_reached(alice: User) -> None:
    deal = lead(alice)
    move(deal, "qualified", **QUESTIONNAIRE)
    assert task_of(deal, "qualify").state == "done"
    move(deal, "offered", price="700000")
    assert task_of(deal, "make_offer").state == "done"
    deliver(deal)
    assert task_of(deal, "first_delivery").state == "done"
    assert [task.code for task in Task.objects.open().filter(deal=deal)] == ["next_delivery"]


class TestOneCall:
    """PZ-5.4: an answered call may take a lead over «Квалифицирован» at once."""

    @pytest.mark.clause("PZ-5.4")
    def test_the_skipped_stages_fields_are_asked_for_too(self, alice: User) -> None:
        deal = lead(alice)
        assert clauses_against(deal, "offered", price="700000") == ["PZ-5.4"]
        assert clauses_against(deal, "offered", **QUESTIONNAIRE) == ["PZ-5.4"]
        move(fresh(deal), "offered", **OFFER)
        assert passed(deal) == ["lead", "offered"]

    @pytest.mark.clause("PZ-5.4")
    def test_an_answered_incoming_call_offers_it_on_the_card(self, alice: User) -> None:
        deal = lead(alice)
        intake.call(
            deal.contact.points.get(kind="phone").value,
            answered=True,
            user=alice,
            seconds=240,
            playbook="pzka",
            now=NOON,
        )
        offer = next(item for item in offers(deal) if item.params["to"] == "offered")
        with refused(engine.MoveRefused):
            take(offer, by=alice)
        take(offer, by=alice, **OFFER)
        assert passed(deal) == ["lead", "offered"]

    @pytest.mark.clause("PZ-5.4")
    def test_so_does_the_outcome_of_the_call(self, alice: User) -> None:
        deal = lead(alice)
        task = task_of(deal, "qualify")
        with refused(engine.MoveRefused):
            choose(task, "price_told")
        choose(task, "price_told", **OFFER)
        assert passed(deal) == ["lead", "offered"]
        assert fresh(deal).last_contact_at == NOON


class TestThreeWays:
    """PZ-5.5: on the board, in the card and in the table a deal is moved by the same rules."""

    @pytest.mark.clause("PZ-5.5")
    @pytest.mark.parametrize("way", ["board", "card", "table"])
    def test_each_way_asks_the_same(self, alice: User, client, way: str) -> None:
        client.force_login(alice)
        deal = lead(alice)
        text = self._move(client, deal, way, "qualified")
        assert stage_of(deal) == "lead"
        assert "PZ-5.4" in text
        deals.edit_deal(fresh(deal), QUESTIONNAIRE, by=Actor.person(alice), now=NOON)
        self._move(client, deal, way, "qualified")
        assert stage_of(deal) == "qualified"

    def _move(self, client, deal: Deal, way: str, to: str) -> str:
        seen = fresh(deal).stage_id
        if way == "table":
            stage = catalog.pipeline(deal.pipeline_id).stage_by_code[to].id
            data = {"deal": [f"{deal.pk}~{seen}"], "to": stage, "confirm": "1"}
            return client.post(reverse("crm:table_move"), data, follow=True).content.decode()
        address, headers = reverse("crm:deal_move", args=[deal.pk]), {}
        if way == "board":
            # Dragging is htmx's request; the card's stage bar is a form as well.
            headers = {"HTTP_HX_REQUEST": "true"}
        answer = client.post(address, {"to": to, "seen": seen}, follow=way == "card", **headers)
        return answer.content.decode()


@pytest.mark.clause("PZ-5.6")
def test_objections_are_tags_of_the_prepared_list(alice: User, client) -> None:
    deal, by = offered(alice), Actor.person(alice)
    deals.tag_deal(fresh(deal), add=["долгая оплата", "нужна доставка денег"], by=by, now=NOON)
    with refused(RegulationError):
        deals.tag_deal(fresh(deal), add=["просто так"], by=by, now=NOON)
    client.force_login(alice)
    board = client.get("/deals/?pipeline=scrap").content.decode()
    assert "долгая оплата" in board
    assert "нужна доставка денег" in board
    other = lead(alice, phone="+7 910 222-33-44", email="other@example.com", contact_name="Пётр")
    tag = Tag.objects.get(name="долгая оплата").pk
    found = client.get(f"/deals/table/?pipeline=scrap&tag={tag}").content.decode()
    assert f"/deals/{deal.pk}/" in found
    assert f"/deals/{other.pk}/" not in found


@pytest.mark.clause("PZ-II.1b")
def test_the_questionnaire_is_on_the_card_and_fills_deal_contact_and_company(
    alice: User, client
) -> None:
    by = Actor.person(alice)
    firm = people.create_company(name="ООО «Медь»", owner=alice, by=by, now=NOON)
    deal = lead(alice, company=firm)
    client.force_login(alice)
    page = client.get(reverse("crm:deal", args=[deal.pk])).content.decode()
    questions = [
        field.label for field in catalog.by_code("scrap").fields.values() if field.tab == "Анкета"
    ]
    assert len(questions) >= 10
    assert [label for label in questions if label not in page] == []
    for code, value in {
        "city": "Тула",
        "contact.role_in_deal": "Главный механик",
        "company.activity": "plant",
    }.items():
        client.post(reverse("crm:deal_field", args=[deal.pk]), {"code": code, code: value})
    assert fresh(deal).values["city"] == "Тула"
    assert Contact.objects.get().values["role_in_deal"] == "Главный механик"
    assert Company.objects.get().values["activity"] == "plant"
