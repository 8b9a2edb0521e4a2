"""Moving from the board: one form for all that is missing, fields and move saved together, and what others did meanwhile."""

from datetime import timedelta

import pytest
from django.utils import timezone

from crm import contacting
from crm.models import Deal
from pipelines import catalog, engine
from pipelines.actor import Actor
from tests.factories import make_deal

pytestmark = pytest.mark.django_db

BOARD = {"HX-Request": "true", "HX-Current-URL": "http://testserver/deals/"}


def stage_of(deal):
    return catalog.stage(Deal.objects.get(pk=deal.pk).stage_id).code


def post(client, deal, to, headers=BOARD, **data):
    return client.post(f"/deals/{deal.pk}/move/", {"to": to, **data}, headers=headers)


@pytest.fixture
def deal(alice, client):
    client.force_login(alice)
    return make_deal(alice, now=timezone.now() - timedelta(hours=1))


@pytest.mark.clause("AX-1.2a")
def test_a_refused_move_answers_with_one_form_of_the_missing_fields_and_the_clauses(deal, client):
    response = post(client, deal, "taken", seen=deal.stage_id)
    page = response.content.decode()
    assert response.status_code == 422
    assert 'name="f-platform"' in page
    assert page.count("<form") == 1
    assert "AX-1.2a" in page
    assert stage_of(deal) == "new"


def test_fields_and_move_are_saved_together(deal, client):
    response = post(client, deal, "taken", **{"f-platform": "site"})
    assert response.status_code == 200
    assert stage_of(deal) == "taken"
    assert Deal.objects.get(pk=deal.pk).values["platform"] == "site"


def test_a_moved_card_leaves_its_column_and_the_heads_count_anew(deal, client):
    page = post(client, deal, "taken", **{"f-platform": "site"}).content.decode()
    leads = catalog.by_code("leads").stage_by_code
    assert f'<div id="deal-{deal.pk}" hx-swap-oob="delete">' in page
    assert f'hx-swap-oob="afterbegin:#column-{leads["taken"].id}"' in page
    assert f'id="head-{leads["new"].id}" hx-swap-oob="true"' in page


def test_what_was_typed_wrongly_stays_in_the_form_with_the_sentence(deal, client):
    response = post(client, deal, "kp_sent", **{"f-budget": "-1", "f-platform": "site"})
    page = response.content.decode()
    assert response.status_code == 422
    assert 'value="-1"' in page
    assert "is-invalid" in page
    assert "AX-3.8" in page
    assert stage_of(deal) == "new"
    assert "platform" not in Deal.objects.get(pk=deal.pk).values


@pytest.mark.parametrize("typed", ["NaN", "1e400", "сто", "99999999999999999999"])
def test_a_budget_that_is_no_sum_is_refused_at_its_field(typed, deal, client):
    response = post(client, deal, "kp_sent", **{"f-budget": typed})
    assert response.status_code == 422
    assert typed in response.content.decode()


def test_a_deal_moved_by_a_colleague_meanwhile_is_not_moved_again(deal, olga, client):
    seen = deal.stage_id
    engine.move(
        deal, to="taken", by=Actor.person(olga), now=timezone.now(), answers={"platform": "site"}
    )
    response = post(client, deal, "qualified", seen=seen, **{"f-niche": "x", "f-source": "ads"})
    assert response.status_code == 409
    assert "toast" in response["HX-Trigger"]
    assert f"column-{Deal.objects.get(pk=deal.pk).stage_id}" in response.content.decode()
    assert stage_of(deal) == "taken"


def test_a_stage_of_another_pipeline_and_no_stage_at_all_are_refused_with_a_sentence(deal, client):
    for to in ("in_work", "zzz", ""):
        response = post(client, deal, to)
        assert response.status_code == 422
        assert "toast" in response["HX-Trigger"]
    assert stage_of(deal) == "new"


def test_an_archived_deal_and_a_strangers_deal_are_not_found(deal, charlie, client):
    client.force_login(charlie)
    assert post(client, deal, "taken", **{"f-platform": "site"}).status_code == 404
    assert client.get(f"/deals/{deal.pk}/move/form/?to=taken").status_code == 404
    assert stage_of(deal) == "new"


def test_a_field_that_does_not_exist_is_refused_and_nothing_is_saved(deal, client):
    response = post(client, deal, "taken", **{"f-platform": "site", "f-evil": "1"})
    assert response.status_code == 422
    assert stage_of(deal) == "new"


def test_a_move_is_made_by_post_only(deal, client):
    assert client.get(f"/deals/{deal.pk}/move/?to=taken").status_code == 405


def test_without_javascript_the_form_is_a_page_and_the_move_leads_to_the_deal(deal, client):
    page = client.get(f"/deals/{deal.pk}/move/form/?to=taken").content.decode()
    assert "<html" in page
    assert 'name="f-platform"' in page
    response = post(client, deal, "taken", headers={}, **{"f-platform": "site"})
    assert response.status_code == 302
    assert response["Location"] == f"/deals/{deal.pk}/"
    assert stage_of(deal) == "taken"


@pytest.mark.clause("AX-9.3")
def test_evidence_is_chosen_among_the_entries_that_prove(deal, alice, client):
    by, now = Actor.person(alice), timezone.now()
    said = contacting.record_contact(
        deal, verb=contacting.MESSAGE_RECEIVED, text="Слишком дорого", by=by, now=now
    )
    contacting.record_contact(
        deal, verb=contacting.CALL_ANSWERED, text="без записи", by=by, now=now
    )
    page = client.get(f"/deals/{deal.pk}/move/form/?to=refused").content.decode()
    if "refusal_evidence" not in page:
        page = post(client, deal, "refused", **{"f-refusal_reason": "expensive"}).content.decode()
    assert f'<option value="{said.pk}"' in page
    assert "Слишком дорого" in page
    assert "без записи" not in page
