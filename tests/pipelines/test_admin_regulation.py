# ruff: noqa: F811
"""What an administrator saves is in force at the next move, as one edition; what can't be borne is refused in words."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from crm.models import User
from pipelines import engine
from pipelines.actor import Actor
from pipelines.errors import MoveRefused
from pipelines.models import Condition, Field, Pipeline, Rule, Scenario
from tests.factories import NOON, make_deal
from tests.pipelines.admin_forms import errors, form_data
from tests.pipelines.admin_office import Office, keeper, leads, office, row_of, saved, stage  # noqa: F401

pytestmark = pytest.mark.django_db


# ── What is saved is obeyed ──


def test_a_changed_limit_counts_for_the_next_deal_that_enters(
    office: Office, leads: Pipeline, alice: User
) -> None:
    deal = make_deal(alice)
    assert saved(
        office.save(stage(leads, "taken"), limit_amount="3", limit_unit="h", limit_working="")
    )
    engine.move(deal, to="taken", by=Actor.person(alice), now=NOON, answers={"platform": "site"})
    deal.reload()
    assert (deal.stage_deadline - NOON).total_seconds() == 3 * 3600


def test_a_field_ticked_in_a_requirement_is_asked_for_at_the_next_move(
    office: Office, leads: Pipeline, alice: User
) -> None:
    deal = make_deal(alice)
    rule = leads.rules.get(clause="AX-1.2a", stage__code="taken")
    assert saved(office.save(rule, **{"params-codes": ["platform", "niche"]}))
    rule.refresh_from_db()
    assert rule.params == {"codes": ["platform", "niche"]}
    with pytest.raises(MoveRefused) as refused:
        engine.move(
            deal, to="taken", by=Actor.person(alice), now=NOON, answers={"platform": "site"}
        )
    assert refused.value.fields == ["niche"]


def test_a_right_given_to_a_role_stops_the_others(
    office: Office, leads: Pipeline, alice: User
) -> None:
    taken, deal = stage(leads, "taken"), make_deal(alice)
    from django.contrib.auth.models import Group

    head = Group.objects.get(name="head")
    assert saved(
        office.save(
            taken,
            **{
                "rights-TOTAL_FORMS": "1",
                "rights-0-ability": "enter",
                "rights-0-group": str(head.pk),
                "rights-0-stage": str(taken.pk),
            },
        )
    )
    with pytest.raises(MoveRefused):
        engine.move(
            deal, to="taken", by=Actor.person(alice), now=NOON, answers={"platform": "site"}
        )


def test_a_new_rule_gets_its_code_and_runs(office: Office, leads: Pipeline, alice: User) -> None:
    taken = stage(leads, "taken")
    answer = office.add_rule(
        leads,
        {
            "clause": "AX-1",
            "what": "do.add_tag",
            "params-entry": "do.add_tag",
            "params-names": "горячий\r\nновый",
            "conditions-TOTAL_FORMS": "1",
            "conditions-0-name": "fields",
            "conditions-0-negated": "on",
            "conditions-0-params-entry": "fields",
            "conditions-0-params-codes": ["niche"],
        },
        stage=taken.pk,
        when="enter",
    )
    assert saved(answer)
    rule = leads.rules.get(clause="AX-1")
    assert (rule.code, rule.effect, rule.name, rule.params) == (
        "taken.enter.add_tag", "do", "add_tag", {"names": ["горячий", "новый"]},
    )  # fmt: skip
    deal = make_deal(alice)
    engine.move(deal, to="taken", by=Actor.person(alice), now=NOON, answers={"platform": "site"})
    assert set(deal.tags.values_list("name", flat=True)) == {"горячий", "новый"}


def test_a_rule_switched_off_is_not_asked(office: Office, leads: Pipeline, alice: User) -> None:
    deal = make_deal(alice)
    assert saved(
        office.save(leads.rules.get(clause="AX-1.2a", stage__code="taken"), is_active=None)
    )
    engine.move(deal, to="taken", by=Actor.person(alice), now=NOON)


# ── Refusals in words ──


def test_parameters_that_can_t_be_are_refused_at_their_widgets(
    office: Office, leads: Pipeline
) -> None:
    task = leads.rules.get(clause="AX-2.1", name="create_task")
    page = office.save(task, **{"params-text": "", "params-due_amount": "скоро"})
    assert page.status_code == 200
    assert "Обязательное поле" in errors(page)
    assert "скоро" in page.content.decode()
    task.refresh_from_db()
    assert task.params["due"] == "30m working"


def test_a_value_that_a_field_can_t_hold_is_refused(office: Office, leads: Pipeline) -> None:
    rule = leads.rules.get(clause="AX-9.7", name="move")
    page = office.save(
        rule, **{"params-answers_code": ["refusal_reason"], "params-answers_value": ["погода"]}
    )
    assert "погода" in errors(page)


def test_another_guard_without_javascript_brings_its_widgets(
    office: Office, leads: Pipeline
) -> None:
    rule = leads.rules.get(clause="AX-1.2a", stage__code="taken")
    page = office.save(rule, what="require.role")
    assert page.status_code == 200
    assert 'name="params-roles"' in page.content.decode()
    data = form_data(page, "rule_form")
    assert data["params-entry"] == ["require.role"]
    assert saved(office.client.post(office.url(rule), data | {"params-roles": ["head"]}))
    rule.refresh_from_db()
    assert (rule.name, rule.params) == ("role", {"roles": ["head"]})


def test_a_rule_without_a_clause_or_what_its_occasion_needs_is_refused(
    office: Office, leads: Pipeline
) -> None:
    rule = leads.rules.get(clause="AX-1.2a", stage__code="taken")
    assert office.save(rule, clause="").status_code == 200
    stay = office.save(rule, when="stay", what="do.move_back")
    assert stay.status_code == 200
    assert "errors field-period" in stay.content.decode()
    assert office.save(rule, when="on", verb="deal.opened").status_code == 200, (
        "only moves can be refused"
    )


def test_what_belongs_to_another_occasion_is_dropped(office: Office, leads: Pipeline) -> None:
    rule = leads.rules.get(clause="AX-9.7")
    changed = {
        "when": "enter",
        "period_amount": "8",
        "date": "created",
        "stage": str(stage(leads, "discussed").pk),
    }
    assert saved(office.save(rule, **changed))
    rule.refresh_from_db()
    assert (rule.period, rule.date) == ("", "")


def test_a_field_that_rules_name_can_t_be_switched_off(office: Office, leads: Pipeline) -> None:
    platform = leads.fields.get(code="platform")
    page = office.save(platform, is_active=None, label="Откуда")
    assert page.status_code == 200
    assert "AX-1.2a" in errors(page), "by which rules, in words"
    assert "Откуда" in page.content.decode(), "what was typed is still there"
    platform.refresh_from_db()
    assert platform.is_active


def test_a_pair_of_rules_that_would_move_deals_in_circles_is_refused(
    office: Office, leads: Pipeline
) -> None:
    for here, there in (("discussed", "attempts"), ("attempts", "discussed")):
        answer = office.add_rule(
            leads,
            {"clause": "AX-1", "what": "do.move", "params-entry": "do.move", "params-to": there},
            stage=stage(leads, here).pk,
            when="enter",
        )
    assert answer.status_code == 200
    assert Rule.objects.filter(pipeline=leads, clause="AX-1").count() == 1


def test_a_stage_with_deals_is_not_switched_off_nor_made_another_kind(
    office: Office, leads: Pipeline, alice: User
) -> None:
    make_deal(alice)
    new = stage(leads, "new")
    assert office.save(new, is_active=None).status_code == 200
    assert office.save(new, kind="lost").status_code == 200
    data = office.data(leads)
    assert (
        office.save(leads, **{f"{row_of(data, 'stages', new.pk)}-is_active": None}).status_code
        == 200
    )
    assert office.save(leads, is_active=None).status_code == 200


def test_history_is_not_deleted(office: Office, leads: Pipeline, alice: User) -> None:
    make_deal(alice)
    ran = leads.rules.filter(runs__isnull=False).first()
    for row in (leads, stage(leads, "new"), leads.fields.first(), leads.scenarios.first(), ran):
        url = reverse(f"admin:pipelines_{row._meta.model_name}_delete", args=[row.pk])
        assert office.client.post(url, {"post": "yes"}).status_code == 403, row


def test_a_rule_that_never_ran_can_be_deleted_and_comes_back_with_its_edition(
    office: Office, leads: Pipeline
) -> None:
    rule = leads.rules.get(clause="AX-1.2a", stage__code="taken")
    url = reverse("admin:pipelines_rule_delete", args=[rule.pk])
    number = leads.editions.first().number
    assert saved(office.client.post(url, {"post": "yes"}))
    assert leads.editions.first().number == number + 1


# ── Rows and words ──


def test_new_rows_get_codes_from_their_names(office: Office, leads: Pipeline) -> None:
    data = office.data(leads)
    count = int(data["stages-TOTAL_FORMS"][0])
    new = {
        "name": "Ждём оплату",
        "kind": "open",
        "color": "teal",
        "position": "20",
        "is_active": "on",
    }
    fields = int(data["fields-TOTAL_FORMS"][0])
    field = {
        "label": "Способ оплаты", "type": "choice", "record": "deal", "position": "40", "is_active": "on",
        "choices": "Наличные\r\ncard: Карта",
    }  # fmt: skip
    assert saved(
        office.save(
            leads,
            **{"stages-TOTAL_FORMS": str(count + 1), "fields-TOTAL_FORMS": str(fields + 1)},
            **{f"stages-{count}-{key}": value for key, value in new.items()},
            **{f"fields-{fields}-{key}": value for key, value in field.items()},
        )
    )
    assert leads.stages.get(name="Ждём оплату").code == "zhdem_oplatu"
    made = Field.objects.get(pipeline=leads, label="Способ оплаты")
    assert (made.code, made.choices) == ("sposob_oplaty", ["nalichnye: Наличные", "card: Карта"])


def test_a_choice_condition_offers_the_field_s_own_values_to_tick(
    office: Office, leads: Pipeline
) -> None:
    condition = Condition.objects.filter(
        rule__pipeline=leads, rule__stage__code="refused", name="choice"
    ).first()
    assert condition
    page = office.client.get(office.url(condition.rule)).content.decode()
    assert 'value="no_answer"' in page
    assert "не дозвонился" in page


def test_a_rule_is_read_aloud(office: Office, leads: Pipeline) -> None:
    page = office.client.get(office.url(leads)).content.decode()
    assert "Связаться с клиентом – Провести квалификацию" in page
    assert "Причина отказа = не отвечает" in page
    assert "30m working" not in page.partition('id="editions"')[0]


def test_the_editor_draws_the_widgets_of_any_guard_and_action(
    office: Office, leads: Pipeline
) -> None:
    from pipelines import registry

    url = reverse("admin:pipelines_rule_params")
    entries = [f"require.{name}" for name in registry.guards] + [
        f"do.{name}" for name in registry.actions
    ]
    for entry in entries:
        answer = office.client.get(url, {"pipeline": leads.pk, "entry": entry, "prefix": "params"})
        assert answer.status_code == 200, entry
        assert entry in answer.content.decode()
    assert office.client.get(url, {"pipeline": leads.pk, "entry": "do.nonsense"}).status_code == 200
    assert office.client.get(url, {"pipeline": "x"}).status_code == 404


def test_a_manager_changes_nothing(client: Client, leads: Pipeline, alice: User) -> None:
    client.force_login(alice)
    first = leads.editions.first()
    assert first
    for url in (
        reverse("admin:pipelines_stage_change", args=[stage(leads, "taken").pk]),
        reverse("admin:pipelines_edition_rollback", args=[first.pk]),
    ):
        assert client.post(url, {"name": "x"}).status_code == 302
    assert leads.editions.count() == 1
    assert Scenario.objects.filter(pipeline=leads).exists()
