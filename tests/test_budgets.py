"""No page's SQL grows with the rows it shows."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from crm.clients import people
from pipelines.actor import Actor
from tests.budgets import PAGES
from tests.factories import NOON, make_deal


def statements(client: Client, path: str) -> list[str]:
    client.get(path)  # the session gets into the cache
    with CaptureQueriesContext(connection) as captured:
        response = client.get(path)
    assert response.status_code == 200, path
    return [query["sql"] for query in captured.captured_queries]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_costs_no_more_statements_than_its_budget_with_5_rows_and_with_50(
    path, alice, olga, client
):
    client.force_login(olga)
    most = PAGES[path]
    facts = {"owner": alice, "by": Actor.person(alice), "now": NOON}
    firm = people.create_company(name="ООО «Иваны»", **facts)
    contact = people.create_contact(name="Иван Петров", company=firm, **facts)
    deal = make_deal(alice, name="deal", contact=contact, company=firm)
    path = path.format(deal=deal.pk, contact=contact.pk, company=firm.pk)

    def more(numbers: range) -> None:
        for number in numbers:
            other = people.create_contact(
                name="Иван Петров", company=firm, email=f"{number}@example.com", **facts
            )
            make_deal(alice, name=f"deal {number}", contact=other, company=firm)
            make_deal(alice, name=f"deal {number}", contact=contact)

    more(range(2))
    few = statements(client, path)
    more(range(2, 25))
    many = statements(client, path)
    # «bdfy» is «иван» in the other layout: found only by the second look.
    assert len(few) <= most, "\n".join(few)
    assert len(many) <= most, "\n".join(many)
