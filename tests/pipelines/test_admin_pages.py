"""Every page of the administration opens, for those it is for and for nobody else, at a bounded cost."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from crm.models import User
from pipelines.models import Edition, Field, Pipeline, Rule, Scenario, Stage
from tests.factories import UserFactory, make_deal

pytestmark = pytest.mark.django_db


@pytest.fixture
def keeper(axelerator: None) -> User:
    """A CRM administrator by role, no superuser."""
    return UserFactory(email="keeper@example.com", is_staff=True, roles=["crm_admin"])


@pytest.fixture
def leads(axelerator: None) -> Pipeline:
    return Pipeline.objects.get(code="leads")


def sign_in(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


def models() -> list[Any]:
    return sorted(admin.site._registry, key=lambda model: model._meta.label)


@pytest.mark.parametrize("model", models(), ids=lambda model: model._meta.label)
def test_every_list_and_page_opens_for_an_administrator_by_role(
    client: Client, keeper: User, alice: User, model: Any
) -> None:
    make_deal(alice, now=timezone.now())
    sign_in(client, keeper)
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    assert client.get(reverse(f"{name}_changelist")).status_code == 200
    assert client.get(reverse(f"{name}_changelist"), {"q": "внедрение"}).status_code == 200
    assert client.get(reverse(f"{name}_changelist"), {"q": "1"}).status_code == 200
    row = model._default_manager.first()
    if row is not None:
        assert client.get(reverse(f"{name}_change", args=[row.pk])).status_code == 200


@pytest.mark.parametrize(
    "url",
    ["index", "pipelines_pipeline_changelist", "crm_user_changelist", "pipelines_rule_params"],
)
def test_a_manager_and_a_head_get_no_administration(
    client: Client, alice: User, olga: User, url: str
) -> None:
    for person in (alice, olga):
        sign_in(client, person)
        assert client.get(reverse(f"admin:{url}")).status_code == 302


def test_staff_without_the_role_gets_no_administration(client: Client, axelerator: None) -> None:
    sign_in(client, UserFactory(is_staff=True, roles=["manager"]))
    assert client.get(reverse("admin:index")).status_code == 302


def test_the_pages_of_every_row_of_the_regulation_open(
    client: Client, keeper: User, leads: Pipeline
) -> None:
    sign_in(client, keeper)
    for model in (Rule, Stage, Field, Scenario, Edition):
        rows = model._default_manager.filter(pipeline=leads)
        if model is Rule:
            # One of each guard and action: the widgets differ by these.
            rows = rows.order_by("effect", "name").distinct("effect", "name")
        for row in rows:
            url = reverse(f"admin:pipelines_{model._meta.model_name}_change", args=[row.pk])
            page = client.get(url)
            assert page.status_code == 200, url
            assert not re.search(rb'<(textarea|input)[^>]*name="params"', page.content), (
                "raw JSON to edit"
            )


def test_sql_of_the_pipeline_s_page_does_not_grow_with_its_rules(
    client: Client, keeper: User, leads: Pipeline, django_assert_max_num_queries: Any
) -> None:
    sign_in(client, keeper)
    url = reverse("admin:pipelines_pipeline_change", args=[leads.pk])
    client.get(url)
    with django_assert_max_num_queries(60):
        client.get(url)
    stage = leads.stages.get(code="taken")
    Rule.objects.bulk_create(
        Rule(
            pipeline=leads,
            stage=stage,
            code=f"extra-{n}",
            clause="AX-1",
            name="add_tag",
            params={"names": ["x"]},
        )
        for n in range(100)
    )
    for page in (
        url,
        reverse("admin:pipelines_rule_changelist"),
        reverse("admin:pipelines_stage_change", args=[stage.pk]),
    ):
        with django_assert_max_num_queries(60):
            assert client.get(page).status_code == 200
