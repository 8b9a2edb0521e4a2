"""No page's SQL grows with the rows it shows."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.budgets import PAGES
from tests.factories import make_deal


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
    deals = [
        make_deal(alice, name=f"deal {number}", contact_name="Иван Петров") for number in range(5)
    ]
    few = statements(client, path.format(deal=deals[0].pk))
    for number in range(45):
        make_deal(
            alice, name=f"deal {number}", contact_name="Иван Петров", email=f"{number}@example.com"
        )
    many = statements(client, path.format(deal=deals[0].pk))
    # «bdfy» is «иван» in the other layout: found only by the second look.
    assert len(few) <= PAGES[path], "\n".join(few)
    assert len(many) <= PAGES[path], "\n".join(many)
