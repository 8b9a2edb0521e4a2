"""The lists behind a clause's counts: when, who, on which deal; only of what one sees."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from crm.models import Deal, User
from pipelines.models import LoggedRefusal, Rule, RuleRun
from tests.budgets import PAGES
from tests.factories import make_deal

pytestmark = pytest.mark.django_db
REFUSALS = "/regulation/axelerator/AX-1.2a/refusals/"
RUNS = "/regulation/axelerator/AX-L6/runs/"


def refused(owner: User, client: Client, name: str) -> Deal:
    """A deal whose owner was told no by AX-1.2a."""
    deal = make_deal(owner, now=timezone.now(), name=name)
    client.force_login(owner)
    client.post(f"/deals/{deal.pk}/move/", {"to": "taken"})
    return deal


def read(client: Client, user: User, path: str) -> str:
    client.force_login(user)
    return client.get(path).content.decode()


def test_each_refusal_stands_there_with_its_deal_its_person_and_its_rule(
    alice: User, client: Client
) -> None:
    deal = refused(alice, client, "Пекарня")
    page = read(client, alice, REFUSALS)
    assert f'<a href="/deals/{deal.pk}/">Пекарня</a>' in page
    assert "Алиса Белова" in page
    assert "Заполнено: Площадка" in page
    assert "перевод" in page


def test_each_act_of_a_rule_stands_there(alice: User, client: Client) -> None:
    deal = make_deal(alice, now=timezone.now(), name="Пекарня")
    page = read(client, alice, RUNS)
    assert f'<a href="/deals/{deal.pk}/">Пекарня</a>' in page
    assert "Позвонить новому лиду" in page


def test_what_a_condition_kept_from_acting_is_no_act(alice: User, client: Client) -> None:
    deal = make_deal(alice, now=timezone.now(), name="Пекарня")
    RuleRun.objects.filter(deal=deal).update(status="skipped")
    assert "Пекарня" not in read(client, alice, RUNS)


def test_strangers_deals_are_in_neither_list_and_a_head_sees_her_peoples(
    alice: User, olga: User, charlie: User, client: Client
) -> None:
    refused(alice, client, "Пекарня")
    for path in (REFUSALS, RUNS):
        assert "Пекарня" not in read(client, charlie, path)
        assert "Пекарня" in read(client, olga, path)


def test_a_refused_opening_is_shown_to_who_tried_though_there_is_no_deal(
    alice: User, olga: User, charlie: User, client: Client
) -> None:
    rule = Rule.objects.filter(clause="AX-1.2a").select_related("pipeline").first()
    assert rule is not None
    LoggedRefusal.objects.create(
        pipeline=rule.pipeline, clause="AX-1.2a", rule=rule, way="open", by=alice,
        deal_id=987654, at=timezone.now(),
    )  # fmt: skip
    for reader in (alice, olga):
        page = read(client, reader, REFUSALS)
        assert "Алиса Белова" in page
        assert "/deals/987654/" not in page
    assert "Алиса Белова" not in read(client, charlie, REFUSALS)


def test_what_is_older_than_thirty_days_and_this_month_is_left_out(
    alice: User, client: Client
) -> None:
    refused(alice, client, "Пекарня")
    LoggedRefusal.objects.update(at=timezone.now() - timedelta(days=32))
    assert "Отказов не было" in read(client, alice, REFUSALS)


def test_long_lists_have_pages(alice: User, client: Client) -> None:
    deal = refused(alice, client, "Пекарня")
    row = LoggedRefusal.objects.get(deal=deal, clause="AX-1.2a")
    for _number in range(50):
        row.pk = None
        row.save(force_insert=True)
    first = read(client, alice, REFUSALS)
    assert first.count("Пекарня") == 50
    assert "page=2" in first
    assert read(client, alice, f"{REFUSALS}?page=2").count("Пекарня") == 1


@pytest.mark.parametrize("path", [REFUSALS, RUNS])
def test_a_list_costs_its_budget_with_two_rows_and_with_twenty(
    alice: User, client: Client, django_assert_max_num_queries, path: str
) -> None:
    most = PAGES[path]
    for number in (2, 20):
        for _time in range(number):
            refused(alice, client, "Пекарня")
        client.get(path)  # the session gets into the cache
        with django_assert_max_num_queries(most):
            page = client.get(path).content.decode()
        assert page.count("Пекарня") >= number


def test_the_counts_on_the_regulations_page_lead_to_the_lists(alice: User, client: Client) -> None:
    refused(alice, client, "Пекарня")
    page = read(client, alice, "/regulation/axelerator/")
    assert f'href="{REFUSALS}"' in page
    assert f'href="{RUNS}"' in page


def test_unknown_clauses_kinds_and_regulations_one_does_not_see_are_not_there(
    alice: User, client: Client
) -> None:
    client.force_login(alice)
    assert client.get("/regulation/axelerator/NO-1/runs/").status_code == 404
    assert client.get("/regulation/axelerator/AX-1.2a/else/").status_code == 404
    assert client.get("/regulation/nobody/AX-1.2a/runs/").status_code == 404
    client.logout()
    assert client.get(REFUSALS)["Location"].startswith("/login/")
