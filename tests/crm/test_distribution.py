"""Actions that say whose a deal and its client become."""

from __future__ import annotations

from typing import Any

import pytest

from crm import deals
from crm.models import User
from pipelines import catalog, registry
from pipelines.actor import Actor
from pipelines.context import Context
from pipelines.errors import RegulationError
from tests.clauses.steps import fresh, refused
from tests.factories import NOON, UserFactory, make_deal

pytestmark = pytest.mark.django_db


def act(deal: Any, name: str, **params: Any) -> Any:
    pipeline = catalog.pipeline(deal.pipeline_id)
    action = registry.actions[name]
    form = action.form(params, pipeline=pipeline.vocabulary)
    assert form.is_valid(), form.errors
    from pipelines.compiling import namespace

    context = Context(deal=deal, pipeline=pipeline, by=Actor(), now=NOON)
    return action.run(context, namespace(form))


def test_in_turn_goes_round_whoever_is_busy_and_remembers_where_it_was(
    alice: User, bob: User, charlie: User
) -> None:
    given = []
    for _number in range(4):
        deal = make_deal(alice)
        act(deal, "distribute", role="manager", way="in_turn")
        given.append(fresh(deal).owner)
    assert given == [alice, bob, charlie, alice]


def test_who_left_is_passed_over_and_who_joins_is_given_his(alice: User, bob: User) -> None:
    assert act(make_deal(alice), "distribute", role="manager", way="in_turn")["owner"] == str(alice)
    User.objects.filter(pk=bob.pk).update(is_active=False)
    dora = UserFactory(roles=["manager"])
    assert act(make_deal(alice), "distribute", role="manager", way="in_turn")["owner"] == str(dora)
    assert act(make_deal(alice), "distribute", role="manager", way="in_turn")["owner"] == str(alice)


def test_without_a_way_the_least_busy_gets_it(alice: User, bob: User) -> None:
    make_deal(alice)
    assert act(make_deal(alice), "distribute", role="manager")["owner"] == str(bob)


def test_nobody_of_the_role_is_an_error_of_the_rule(alice: User) -> None:
    with refused(RegulationError):
        act(make_deal(alice), "distribute", role="refunds")


def test_the_client_is_given_to_the_responsible(alice: User, bob: User) -> None:
    deal = make_deal(alice)
    deals.assign_deal(deal, owner=bob, by=Actor.person(alice), now=NOON)
    deal = fresh(deal)
    act(deal, "give_client")
    assert fresh(deal.contact).owner == bob
    assert act(deal, "give_client")["given"] == []
    assert deal.events.filter(verb="client.given").count() == 1
