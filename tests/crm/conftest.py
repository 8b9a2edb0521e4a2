"""A company and the person one talks to there."""

from __future__ import annotations

import pytest

from crm.clients import people
from crm.models import Company, Contact
from pipelines.actor import Actor
from tests.factories import NOON


@pytest.fixture
def company(alice) -> Company:
    return people.create_company(
        name="ООО «Лом»", owner=alice, by=Actor.person(alice), now=NOON, tax_id="7700000001"
    )


@pytest.fixture
def contact(alice, company) -> Contact:
    return people.create_contact(
        name="Пётр Ломов",
        owner=alice,
        company=company,
        phone="+375 29 555-11-22",
        email="petr@example.com",
        by=Actor.person(alice),
        now=NOON,
    )
