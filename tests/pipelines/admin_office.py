"""An administrator at work, for the tests of the regulation's pages."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from crm.models import User
from pipelines.models import Pipeline, Stage
from tests.factories import UserFactory
from tests.pipelines.admin_forms import errors, form_data


class Office:
    """An administrator at work: opens a page, changes something, saves."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def url(self, row: Any) -> str:
        return reverse(f"admin:pipelines_{row._meta.model_name}_change", args=[row.pk])

    def data(self, row: Any) -> dict[str, Any]:
        return form_data(self.client.get(self.url(row)), f"{row._meta.model_name}_form")

    def save(self, row: Any, **changes: Any) -> Any:
        """Post the page of `row` with `changes`; None leaves a name out. Returns the answer."""
        data = self.data(row) | changes
        return self.client.post(
            self.url(row), {key: value for key, value in data.items() if value is not None}
        )

    def add_rule(self, pipeline: Pipeline, data: dict[str, Any], **place: Any) -> Any:
        query = "&".join(
            f"{key}={value}" for key, value in {"pipeline": pipeline.pk, **place}.items()
        )
        url = f"{reverse('admin:pipelines_rule_add')}?{query}"
        return self.client.post(url, form_data(self.client.get(url), "rule_form") | data)


@pytest.fixture
def keeper(axelerator: None) -> User:
    return UserFactory(email="keeper@example.com", is_staff=True, roles=["crm_admin"])


@pytest.fixture
def office(client: Client, keeper: User) -> Office:
    client.force_login(keeper)
    return Office(client)


@pytest.fixture
def leads(axelerator: None) -> Pipeline:
    return Pipeline.objects.get(code="leads")


def stage(leads: Pipeline, code: str) -> Stage:
    return leads.stages.get(code=code)


def saved(answer: Any) -> bool:
    """Whether it was saved; what was wrong is in the failure's text."""
    assert answer.status_code == 302, errors(answer)
    return True


def row_of(data: dict[str, Any], prefix: str, pk: int) -> str:
    """The prefix of an inline's row, by the row's id."""
    return next(
        key.removesuffix("-id")
        for key, value in data.items()
        if key.startswith(prefix) and key.endswith("-id") and value == [str(pk)]
    )
