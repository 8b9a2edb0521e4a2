# ruff: noqa: F811
"""One edition a save, none for nothing, and the way back."""

from __future__ import annotations

import pytest
from django.urls import reverse

from crm.models import User
from pipelines import catalog, engine, playbook
from pipelines.actor import Actor
from pipelines.models import Pipeline
from tests.factories import NOON, make_deal
from tests.pipelines.admin_forms import form_data
from tests.pipelines.admin_office import Office, keeper, leads, office, row_of, saved, stage  # noqa: F401

pytestmark = pytest.mark.django_db


# ── One edition a save ──


@pytest.mark.parametrize("kind", ["pipeline", "stage", "field", "scenario", "rule"])
def test_a_page_saved_untouched_makes_no_edition(
    office: Office, leads: Pipeline, kind: str
) -> None:
    rows = {
        "pipeline": [leads],
        "stage": leads.stages.all(),
        "field": leads.fields.all()[:4],
        "scenario": leads.scenarios.all()[:4],
        "rule": leads.rules.order_by("effect", "name", "pk").distinct("effect", "name"),
    }[kind]
    before = leads.editions.count()
    for row in rows:
        assert saved(office.save(row)), row
        leads.refresh_from_db()
        assert leads.editions.count() == before, playbook.diff(
            *[e.text for e in leads.editions.all()[:2]][::-1]
        )


def test_a_page_saved_with_changes_in_several_rows_makes_one_edition_with_its_author(
    office: Office, keeper: User, leads: Pipeline
) -> None:
    data = office.data(leads)
    taken, niche = stage(leads, "taken"), leads.fields.get(code="niche")
    changes = {
        f"{row_of(data, 'stages', taken.pk)}-name": "В работе",
        f"{row_of(data, 'fields', niche.pk)}-label": "Отрасль",
        "note": "Проба",
    }
    before = leads.editions.first()
    assert saved(office.save(leads, **changes))
    after = leads.editions.first()
    assert before
    assert after
    assert after.number == before.number + 1
    assert after.author == keeper
    assert "В работе" in after.text
    assert "Отрасль" in after.text
    catalog.refresh()  # as at the beginning of the next request
    assert catalog.by_code("leads").stage_by_code["taken"].name == "В работе"


def test_a_page_opened_before_a_colleague_s_change_says_so_once(
    office: Office, leads: Pipeline
) -> None:
    taken = stage(leads, "taken")
    old = office.data(taken)
    assert saved(office.save(stage(leads, "new"), name="Новая"))
    refused = office.client.post(office.url(taken), old | {"name": "Взяли"})
    assert refused.status_code == 200
    again = form_data(refused, "stage_form")
    assert saved(office.client.post(office.url(taken), again))
    taken.refresh_from_db()
    assert taken.name == "Взяли"


# ── Editions ──


def test_a_pipeline_goes_back_to_an_edition_when_it_is_confirmed(
    office: Office, keeper: User, leads: Pipeline
) -> None:
    first = leads.editions.first()
    assert first
    assert saved(office.save(stage(leads, "taken"), name="Схвачена"))
    url = reverse("admin:pipelines_edition_rollback", args=[first.pk])
    asked = office.client.get(url)
    assert "Схвачена" in asked.content.decode()
    assert stage(leads, "taken").name == "Схвачена"
    assert saved(office.client.post(url))
    newest = leads.editions.first()
    assert newest
    assert stage(leads, "taken").name == "Взята в работу"
    assert (newest.number, newest.text, newest.author) == (first.number + 2, first.text, keeper)


def test_going_back_is_refused_while_deals_stand_on_a_stage_that_would_go(
    office: Office, leads: Pipeline, alice: User
) -> None:
    first = leads.editions.first()
    assert first
    data = office.data(leads)
    count = int(data["stages-TOTAL_FORMS"][0])
    new = {"name": "Пауза", "kind": "open", "color": "teal", "position": "5", "is_active": "on"}
    changes = {f"stages-{count}-{key}": value for key, value in new.items()}
    assert saved(office.save(leads, **{"stages-TOTAL_FORMS": str(count + 1)}, **changes))
    engine.move(
        make_deal(alice),
        to="pauza",
        by=Actor.person(alice),
        now=NOON,
        answers={"platform": "site", "niche": "x", "source": "ads", "budget": "5"},
    )
    answer = office.client.post(
        reverse("admin:pipelines_edition_rollback", args=[first.pk]), follow=True
    )
    assert "Пауза" in "".join(str(message) for message in answer.context["messages"])
    assert stage(leads, "pauza").is_active
