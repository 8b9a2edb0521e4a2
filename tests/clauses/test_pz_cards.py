"""PZ-1.1, 2.2, 4.2b, 4.5b, 5.3, 5.6, II.1b: the three cards, the tags, the board's toolbar, on the scrap-metal buyer."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils.translation import override

from crm import contacting, deals
from crm.clients import people
from crm.clients import verbs as clients
from crm.models import Company, Contact, Deal, Tag, Task, User
from notifications.letters import queue_letter
from notifications.messages import queue_message
from notifications.models import Message, Template
from pipelines import engine
from pipelines.actor import Actor
from pipelines.errors import BadAnswer
from pipelines.models import Event, Pipeline, Stage
from tests.clauses.pz_steps import QUESTIONNAIRE, lead
from tests.clauses.steps import clauses_against, fresh, refused
from tests.factories import NOON

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture(autouse=True)
def _playbook(pzka: None) -> None:
    """The pipelines of the scrap-metal buyer."""


@pytest.fixture
def company(alice: User) -> Company:
    return people.create_company(
        name="ООО «Металлгрупп»", owner=alice, email="info@metall.example", by=Actor(), now=NOON
    )


@pytest.fixture
def contact(alice: User, company: Company) -> Contact:
    return people.create_contact(
        name="Пётр Ломов",
        owner=alice,
        company=company,
        phone="+79161112233",
        email="petr@metall.example",
        by=Actor(),
        now=NOON,
    )


@pytest.fixture
def deal(alice: User, contact: Contact, company: Company) -> Deal:
    return lead(alice, contact=contact, company=company)


def page(client: Client, user: User, address: str, query: dict[str, Any] | None = None) -> str:
    client.force_login(user)
    response = client.get(address, query)
    assert response.status_code == 200, address
    return response.content.decode()


class TestNamesAndCards:
    @pytest.mark.clause("PZ-1.1")
    def test_things_are_called_as_the_regulation_calls_them(self, alice: User) -> None:
        with override("ru"):
            called = [
                str(model._meta.verbose_name)
                for model in (Contact, Company, Deal, Pipeline, Stage, Task)
            ]
        assert called == ["контакт", "компания", "сделка", "воронка", "этап", "задача"]
        assert fresh(lead(alice)).stage.name == "Лид"

    @pytest.mark.clause("PZ-1.1")
    def test_contact_and_company_carry_their_codes_of_1c(
        self, client: Client, alice: User, deal: Deal, contact: Contact, company: Company
    ) -> None:
        of_deal = f"/deals/{deal.pk}/"
        for record, kind, label in (
            (contact, "contact", "Код контактного лица в 1С"),
            (company, "company", "Код контрагента в 1С"),
        ):
            own, code = record.get_absolute_url(), f"{kind}.code_1c"
            assert label in page(client, alice, own)
            assert label in page(client, alice, of_deal)
            for address, number in ((own, f"00-{kind}-7"), (of_deal, f"00-{kind}-8")):
                data = {"code": code, code: number}
                assert client.post(f"{address}field/", data, **HTMX).status_code == 200
                assert fresh(record).values["code_1c"] == number
                assert number in page(client, alice, own)
                assert number in page(client, alice, of_deal)


class TestOnRecord:
    @pytest.mark.clause("PZ-2.2")
    def test_letter_sms_message_and_call_stand_in_every_feed_and_stay(
        self, client: Client, alice: User, deal: Deal, contact: Contact, company: Company
    ) -> None:
        by = Actor.person(alice)
        queue_letter(deal=deal, subject="Новые условия", body="С понедельника 640", by=by, now=NOON)
        queue_message(deal=deal, channel="sms", text="СМС: с понедельника 640", by=by, now=NOON)
        queue_message(
            contact=contact, channel="whatsapp", text="Пишу вне сделки: 640", by=by, now=NOON
        )
        contacting.record_contact(
            deal, verb=contacting.CALL_ANSWERED, by=by, now=NOON, text="сказал о новой цене"
        )
        told = ["Новые условия", "СМС: с понедельника 640", "сказал о новой цене"]
        for address in (f"/deals/{deal.pk}/", company.get_absolute_url()):
            shown = page(client, alice, address)
            assert [text for text in told if text not in shown] == []
        shown = page(client, alice, contact.get_absolute_url())
        assert [text for text in [*told, "Пишу вне сделки: 640"] if text not in shown] == []
        before = list(Event.objects.order_by("pk").values_list("pk", "data"))
        for statement in ("UPDATE pipelines_event SET data = '{}'", "DELETE FROM pipelines_event"):
            with (
                pytest.raises(IntegrityError),
                transaction.atomic(),
                connection.cursor() as cursor,
            ):
                cursor.execute(statement)
        deals.archive_deal(fresh(deal), by=by, now=NOON)
        kept = list(Event.objects.filter(pk__lte=before[-1][0]).order_by("pk"))
        assert [(event.pk, event.data) for event in kept] == before


class TestToolbar:
    @pytest.mark.clause("PZ-4.2b")
    def test_the_pipeline_is_chosen_above_board_and_table_alike(
        self, client: Client, alice: User, deal: Deal
    ) -> None:
        for address in ("/deals/", "/deals/table/"):
            shown = page(client, alice, address, {"pipeline": "scrap"})
            toolbar = shown[shown.index("board-toolbar") : shown.index('id="filters"')]
            for chosen in ("scrap", "regulars", "leads"):
                assert f'href="{address}?pipeline={chosen}"' in toolbar
            assert "[ЛОМ]" in toolbar
            assert 'href="/deals/?pipeline=scrap"' in toolbar
            assert 'href="/deals/table/?pipeline=scrap"' in toolbar
            assert deal.name in shown
            assert deal.name not in page(client, alice, address, {"pipeline": "regulars"})


class TestQuickAnswers:
    @pytest.mark.clause("PZ-4.5b")
    @pytest.mark.parametrize("card", ["deals", "contacts", "companies"])
    def test_every_card_answers_from_the_companys_templates(
        self, client: Client, alice: User, deal: Deal, contact: Contact, company: Company, card: str
    ) -> None:
        record = {"deals": deal, "contacts": contact, "companies": company}[card]
        home, address = f"/{card}/{record.pk}/", f"/{card}/{record.pk}/letter/"
        assert f'href="{address}"' in page(client, alice, home)
        form = page(client, alice, address, {"template": "scrap_new_terms"})
        template = Template.objects.get(code="scrap_new_terms")
        assert template.subject in form
        to = "info@metall.example" if card == "companies" else "petr@metall.example"
        assert to in form
        if card != "companies":
            assert "Здравствуйте, Пётр Ломов!" in form
        data = {
            "template": template.code,
            "to": to,
            "subject": template.subject,
            "body": "640 за т",
        }
        assert client.post(address, data, **HTMX).status_code == 204
        message = Message.objects.get()
        assert (message.template, message.to, message.text) == (template, to, "640 за т")
        assert template.subject in page(client, alice, home)


class TestTags:
    @pytest.mark.clause("PZ-5.6")
    def test_objections_are_chosen_from_the_list_several_a_deal_and_stand_on_the_board(
        self, client: Client, alice: User, deal: Deal
    ) -> None:
        address = f"/deals/{deal.pk}/tags/"
        shown = page(client, alice, f"/deals/{deal.pk}/")
        for tag in ("долгая оплата", "нужна доставка денег"):
            assert f'name="add" value="{tag}"' in shown
            assert client.post(address, {"add": tag}, **HTMX).status_code == 204
        board = page(client, alice, "/deals/", {"pipeline": "scrap"})
        assert "долгая оплата" in board
        assert "нужна доставка денег" in board

    @pytest.mark.clause("PZ-5.6")
    def test_a_tag_that_is_not_on_the_list_is_refused(
        self, client: Client, alice: User, deal: Deal
    ) -> None:
        client.force_login(alice)
        response = client.post(f"/deals/{deal.pk}/tags/", {"add": "просто дорого"}, **HTMX)
        assert response.status_code == 422
        assert not Tag.objects.filter(name="просто дорого").exists()
        with refused(BadAnswer, match="PZ-5.6"):
            deals.tag_deal(deal, add=["просто дорого"], by=Actor.person(alice), now=NOON)

    @pytest.mark.clause("PZ-5.6")
    @pytest.mark.parametrize("address", ["/deals/", "/deals/table/"])
    def test_board_and_table_are_narrowed_by_a_tag(
        self, client: Client, alice: User, deal: Deal, address: str
    ) -> None:
        deals.tag_deal(deal, add=["долгая оплата"], by=Actor.person(alice), now=NOON)
        other = lead(alice)
        found = page(
            client,
            alice,
            address,
            {"pipeline": "scrap", "tag": Tag.objects.get(name="долгая оплата").pk},
        )
        assert f"/deals/{deal.pk}/" in found
        assert f"/deals/{other.pk}/" not in found


class TestWhatIsNext:
    @pytest.mark.clause("PZ-5.3")
    def test_the_card_says_what_is_done_here_and_what_leads_to_the_next_stage(
        self, client: Client, alice: User, deal: Deal
    ) -> None:
        shown = page(client, alice, f"/deals/{deal.pk}/")
        assert fresh(deal).stage.goal in shown
        ahead = shown[shown.index('id="card-ahead"') :]
        ahead = ahead[: ahead.index("</div>\n</div>")]
        assert "Квалифицирован" in ahead
        assert Task.objects.get(deal=deal).text in ahead
        assert "Какой лом" in ahead
        assert "PZ-5.4" in ahead
        deals.edit_deal(deal, QUESTIONNAIRE, by=Actor.person(alice), now=NOON)
        shown = page(client, alice, f"/deals/{deal.pk}/")
        assert "Какой лом" not in shown[shown.index('id="card-ahead"') :].partition("</ul>")[0]


class TestQuestionnaire:
    GATHERED = QUESTIONNAIRE | {
        "contact.role_in_deal": "главный инженер",
        "company.activity": "plant",
    }

    @pytest.mark.clause("PZ-II.1b")
    def test_what_is_gathered_on_the_card_goes_to_deal_contact_and_company(
        self, client: Client, alice: User, deal: Deal, contact: Contact, company: Company
    ) -> None:
        shown = page(client, alice, f"/deals/{deal.pk}/")
        for code, value in self.GATHERED.items():
            assert f'id="field-{code}"' in shown
            data = {"code": code, code: value}
            assert client.post(f"/deals/{deal.pk}/field/", data, **HTMX).status_code == 200
        assert fresh(deal).values["city"] == "Тула"
        assert fresh(contact).values == {"role_in_deal": "главный инженер"}
        assert fresh(company).values == {"activity": "plant"}
        assert "главный инженер" in page(client, alice, contact.get_absolute_url())
        assert clauses_against(deal, "qualified") == []

    @pytest.mark.clause("PZ-II.1b")
    def test_a_move_takes_answers_for_all_three(
        self, alice: User, deal: Deal, contact: Contact, company: Company
    ) -> None:
        by = Actor.person(alice)
        engine.move(deal, to="qualified", by=by, now=NOON, answers=dict(self.GATHERED))
        assert fresh(deal).stage.code == "qualified"
        assert fresh(contact).values == {"role_in_deal": "главный инженер"}
        assert fresh(company).values == {"activity": "plant"}

    @pytest.mark.clause("PZ-II.1b")
    def test_an_answer_about_a_company_that_there_is_not_yet_is_refused_with_a_sentence(
        self, client: Client, alice: User
    ) -> None:
        deal = lead(alice)
        with refused(BadAnswer) as caught:
            deals.edit_deal(deal, {"company.activity": "plant"}, by=Actor.person(alice), now=NOON)
        assert list(caught.value.errors) == ["company.activity"]
        client.force_login(alice)
        data = {"code": "company.activity", "company.activity": "plant"}
        response = client.post(f"/deals/{deal.pk}/field/", data, **HTMX)
        assert response.status_code == 422
        assert "invalid-feedback" in response.content.decode()

    @pytest.mark.clause("PZ-II.1b")
    def test_the_contacts_card_asks_the_same_questions(
        self, alice: User, contact: Contact, deal: Deal
    ) -> None:
        from crm.clients import fields as client_fields
        from pipelines import catalog

        known = client_fields.known(contact, [catalog.by_code("scrap")])
        answers = {"contact.role_in_deal": "директор"}
        clients.edit_client(contact, answers, known=known, by=Actor.person(alice), now=NOON)
        assert fresh(deal).get_value("contact.role_in_deal") == "директор"
