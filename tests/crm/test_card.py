"""The deal's card: who sees it, what it says of stages and rules, and the verbs on it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from crm import deals
from crm.card import page as card
from crm.models import Deal
from pipelines import catalog, engine
from pipelines.actor import Actor
from pipelines.models import Offer
from tests.factories import NOON, make_deal

pytestmark = pytest.mark.django_db

HTMX = {"HTTP_HX_REQUEST": "true"}


def opened(client, user, deal):
    client.force_login(user)
    return client.get(f"/deals/{deal.pk}/")


def text_of(response):
    return response.content.decode()


def test_a_stranger_gets_404_and_so_does_everybody_for_an_archived_deal(client, alice, charlie):
    deal = make_deal(alice)
    assert opened(client, alice, deal).status_code == 200
    assert opened(client, charlie, deal).status_code == 404
    deals.archive_deal(deal, by=Actor.person(alice), now=timezone.now())
    assert opened(client, alice, deal).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "field/",
        "owner/",
        "tags/",
        "archive/",
        "note/",
        "contacted/",
        "letter/",
        "files/",
        "task/",
        "contact/attach/",
    ],
)
def test_no_verb_of_the_card_is_open_to_a_stranger(client, alice, charlie, path):
    deal = make_deal(alice)
    client.force_login(charlie)
    assert (
        client.post(
            f"/deals/{deal.pk}/{path}", {"code": "niche", "niche": "x", "text": "x"}
        ).status_code
        == 404
    )
    assert Deal.objects.get(pk=deal.pk).values == deal.values


def test_the_head_sees_the_card_of_her_manager(client, alice, olga):
    assert opened(client, olga, make_deal(alice)).status_code == 200


@pytest.mark.clause("AX-1.2a")
def test_a_stage_that_refuses_says_why_not_with_its_clause(client, alice):
    response = opened(client, alice, make_deal(alice))
    bar = {answer.stage.code: answer for answer in response.context["card"].stages}
    assert [refusal.clause for refusal in bar["taken"].refusals] == ["AX-1.2a"]
    assert "AX-1.2a" in text_of(response)
    assert "Площадка" in text_of(response)


@pytest.mark.clause("AX-L7")
def test_the_script_names_the_manager_and_where_the_lead_came_from(client, alice):
    deal = make_deal(alice, answers={"source": "ads"})
    script = opened(client, alice, deal).context["card"].script
    assert "Алиса Белова" in script
    assert "Алексей Лукашевич" in script
    assert "(Реклама)" in script


@pytest.mark.clause("AX-L7")
def test_a_script_is_filled_in_once_and_nothing_in_it_is_evaluated(alice):
    deal = make_deal(alice, contact_name="{manager.password}{source}")
    pipeline = catalog.by_code("leads")
    filled = card.fill_script(
        "{contact} {unknown} {manager}!", deal=deal, pipeline=pipeline, user=alice
    )
    assert filled == "{manager.password}{source} {unknown} Алиса Белова!"


def test_a_script_without_a_contact_leaves_no_hanging_comma(alice):
    deal = make_deal(alice, contact=None)
    pipeline = catalog.by_code("leads")
    assert (
        card.fill_script("Здравствуйте, {contact}!", deal=deal, pipeline=pipeline, user=alice)
        == "Здравствуйте!"
    )


def test_the_card_leads_to_the_windows_of_the_contact_and_of_the_company(client, alice):
    from crm.clients import people

    company = people.create_company(
        name="ООО «Тест»", by=Actor.person(alice), now=NOON, owner=alice
    )
    deal = make_deal(alice, company=company)
    page = text_of(opened(client, alice, deal))
    assert f"/contacts/{deal.contact_id}/edit/" in page
    assert f"/companies/{company.pk}/edit/" in page


@pytest.mark.clause("AX-L7")
@pytest.mark.parametrize(
    ("arrival", "said"),
    [
        ("hand", "Вы обращались к нам. Удобно"),
        ("import", "Вы обращались к нам. Удобно"),
        ("hand_over", "Вы обращались к нам. Удобно"),
        ("form", "Вы обращались к нам (через наш сайт). Удобно"),
        ("call", "Вы обращались к нам (по телефону). Удобно"),
        ("letter", "Вы обращались к нам (письмом). Удобно"),
    ],
)
def test_a_script_says_of_an_unknown_source_what_a_person_would(alice, arrival, said):
    deal = make_deal(alice, arrival=arrival)
    pipeline = catalog.by_code("leads")
    script = pipeline.first_stage.script
    assert said in card.fill_script(script, deal=deal, pipeline=pipeline, user=alice)


@pytest.mark.clause("AX-2.2")
def test_name_phone_email_and_company_are_looked_up_in_one_click(client, alice):
    from crm.clients import people

    company = people.create_company(
        name="ООО «Тест & Ко»", by=Actor.person(alice), now=NOON, owner=alice
    )
    page = text_of(opened(client, alice, make_deal(alice, company=company)))
    for query in (
        "%D0%90%D0%BB%D0%B5%D0%BA%D1%81%D0%B5%D0%B9",
        "%2B375291112233",
        "lead%40example.com",
        "%26+%D0%9A%D0%BE",
    ):
        assert f"yandex.ru/search/?text={query}" in page or query in page
        assert query in page
    assert page.count("https://www.google.com/search?q=") == 4


@pytest.mark.clause("AX-2.2")
@pytest.mark.clause("AX-2.4")
def test_the_tab_of_qualification_holds_the_questionnaire_and_what_was_found(client, alice):
    tabs = {tab.name: tab for tab in opened(client, alice, make_deal(alice)).context["card"].tabs}
    codes = [editor.field.code for editor in tabs["Квалификация"].editors]
    assert {"lead_name", "niche", "city", "task_text"} <= set(codes)


def test_the_head_says_attempts_and_the_last_communication(client, alice):
    from crm import contacting

    deal = make_deal(alice)
    by = Actor.person(alice)
    contacting.record_contact(deal, verb="call.answered", by=by, now=NOON)
    for hour in range(3):
        contacting.record_contact(
            deal, verb="call.unanswered", by=by, now=NOON + timedelta(hours=hour)
        )
    response = opened(client, alice, deal)
    assert response.context["deal"].attempts == 3
    assert "10.03" in text_of(response)


def test_an_offer_is_taken_with_one_click(client, alice):
    deal, offer = offered(alice, {"to": "taken", "answers": {"platform": "site"}})
    client.force_login(alice)
    response = client.post(f"/offers/{offer.pk}/take/", **HTMX)
    assert response.status_code == 204
    assert Deal.objects.get(pk=deal.pk).stage.code == "taken"


def test_an_offer_that_the_regulation_refuses_asks_for_the_missing_fields_and_then_goes_through(
    client, alice
):
    deal, offer = offered(alice, {"to": "taken", "answers": {}})
    client.force_login(alice)
    response = client.post(f"/offers/{offer.pk}/take/", **HTMX)
    assert response.status_code == 422
    assert response["HX-Retarget"] == "#dialog"
    assert 'name="platform"' in text_of(response)
    assert "AX-1.2a" in text_of(response)
    assert (
        client.post(
            f"/offers/{offer.pk}/take/", {"code": "platform", "platform": "site"}, **HTMX
        ).status_code
        == 204
    )
    assert Deal.objects.get(pk=deal.pk).stage.code == "taken"


def test_an_offer_is_nobody_elses(client, alice, charlie):
    _deal, offer = offered(alice, {"to": "taken", "answers": {"platform": "site"}})
    client.force_login(charlie)
    assert client.post(f"/offers/{offer.pk}/take/").status_code == 404


def offered(user, params):
    deal = make_deal(user)
    rule = catalog.by_code("leads").rules[0]
    offer = Offer.objects.create(
        deal=deal, rule_id=rule.id, action="move", params=params, text="Дальше", at=NOON
    )
    return deal, offer


def test_a_head_gives_a_deal_to_her_people_and_a_manager_to_nobody(
    client, alice, bob, olga, charlie
):
    deal = make_deal(alice)
    client.force_login(olga)
    assert client.post(f"/deals/{deal.pk}/owner/", {"owner": charlie.pk}, **HTMX).status_code == 422
    assert client.post(f"/deals/{deal.pk}/owner/", {"owner": bob.pk}, **HTMX).status_code == 204
    assert Deal.objects.get(pk=deal.pk).owner == bob
    client.force_login(bob)
    assert client.post(f"/deals/{deal.pk}/owner/", {"owner": alice.pk}, **HTMX).status_code == 422


def test_why_tells_what_ran_what_waits_and_what_condition_was_not_met(client, alice):
    deal = make_deal(alice)
    client.force_login(alice)
    answers = client.get(f"/deals/{deal.pk}/why/", **HTMX).context["answers"]
    by_clause = {answer.rule.clause: answer for answer in answers}
    assert by_clause["AX-L6"].last_run.status == "ok"
    assert by_clause["AX-L4"].unmet
    assert by_clause["AX-9.7"].due_at
    assert client.get(f"/deals/{deal.pk}/why/").status_code == 200


@pytest.mark.clause("AX-9.9")
def test_a_closed_deal_shows_the_head_attempts_reason_and_recordings_in_one_place(
    client, alice, olga
):
    deal = make_deal(alice)
    deals.edit_deal(deal, {}, by=Actor.person(alice), now=NOON)
    from crm import contacting

    contacting.record_contact(
        deal,
        verb="call.answered",
        recording="https://rec.example/7",
        by=Actor.person(alice),
        now=NOON,
    )
    engine.move(
        deal, to="refused", by=Actor.person(alice), now=NOON, answers={"refusal_reason": "spam"}
    )
    response = opened(client, olga, deal)
    read = response.context["card"]
    assert read.control is not None
    assert [outcome.code for outcome in read.control.outcomes] == [
        "closing_confirmed",
        "closing_reopened",
    ]
    assert [editor.words for editor in read.reasons] == ["спам"]
    assert "https://rec.example/7" in text_of(response)


@pytest.mark.clause("AX-8.1")
def test_sale_and_continuation_are_linked_both_ways_and_the_sales_files_are_shown(
    client, administrator, alice, anna
):
    from django.core.files.base import ContentFile

    from crm.files import keeping as files
    from tests.clauses.steps import EVERYTHING

    sale, by = make_deal(alice), Actor.person(alice)
    files.add_file(sale, ContentFile(b"x", name="КП.pdf"), by=by, now=NOON)
    engine.move(
        sale, to="launched", by=by, now=NOON, answers=EVERYTHING | {"payment_received": True}
    )
    continuation = sale.continuations.get()
    page = opened(client, anna, continuation)
    assert [file.name for file in page.context["card"].files] == ["КП.pdf"]
    assert f"/deals/{sale.pk}/" in text_of(page)
    file = page.context["card"].files[0]
    assert client.get(f"/files/{file.pk}/").status_code == 200
    assert f"/deals/{continuation.pk}/" in text_of(opened(client, administrator, sale))
