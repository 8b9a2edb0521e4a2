"""Failed rules are seen first and run again; timers fire when told to; nothing else of what happened can be changed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from crm.models import User
from pipelines import engine
from pipelines.actor import Actor
from pipelines.models import Event, RuleRun, Timer
from tests.factories import NOON, UserFactory, make_deal

pytestmark = pytest.mark.django_db

RUNS = "admin:pipelines_rulerun_changelist"
TIMERS = "admin:pipelines_timer_changelist"
READY = {
    "platform": "site", "niche": "мебель", "source": "ads", "budget": "100", "payment_received": "on",
    "contract": "https://example.com/1",
}  # fmt: skip


@pytest.fixture
def keeper(axelerator: None) -> User:
    return UserFactory(email="keeper@example.com", is_staff=True, roles=["crm_admin"])


@pytest.fixture
def failed(alice: User) -> RuleRun:
    """A hand-over that found nobody of the role."""
    deal = make_deal(alice)
    engine.move(deal, to="launched", by=Actor.person(alice), now=NOON, answers=READY)
    return RuleRun.objects.get(deal=deal, status=RuleRun.Status.FAILED)


def act(client: Client, url: str, action: str, rows: list[Any]) -> str:
    """Run an action on rows; returns what was said."""
    data = {"action": action, "_selected_action": [row.pk for row in rows]}
    answer = client.post(
        f"{reverse(url)}?status=all" if url == RUNS else reverse(url), data, follow=True
    )
    assert answer.status_code == 200
    return " ".join(str(message) for message in answer.context["messages"])


def test_failed_runs_are_what_one_sees_first(client: Client, keeper: User, failed: RuleRun) -> None:
    client.force_login(keeper)
    shown = client.get(reverse(RUNS)).context["cl"].result_list
    assert [run.pk for run in shown] == [failed.pk]
    assert client.get(reverse(RUNS), {"status": "all"}).context["cl"].result_count > 1


def test_a_failed_rule_runs_again_once_its_cause_is_gone(
    client: Client, keeper: User, failed: RuleRun, alice: User
) -> None:
    client.force_login(keeper)
    said = act(client, RUNS, "retry", [failed])
    assert "AX-8.1" in said, "still nobody to hand over to: it says why"
    UserFactory(roles=["account_manager"])
    again = RuleRun.objects.get(deal=failed.deal, rule=failed.rule)
    act(client, RUNS, "retry", [again])
    assert RuleRun.objects.get(deal=failed.deal, rule=failed.rule).status == RuleRun.Status.OK
    assert failed.deal.continuations.count() == 1


def test_a_run_is_retried_from_its_page_by_a_post_only(
    client: Client, keeper: User, failed: RuleRun
) -> None:
    client.force_login(keeper)
    url = reverse("admin:pipelines_rulerun_retry", args=[failed.pk])
    assert (
        url
        in client.get(reverse("admin:pipelines_rulerun_change", args=[failed.pk])).content.decode()
    )
    assert client.get(url).status_code == 405
    UserFactory(roles=["account_manager"])
    client.post(url)
    assert failed.deal.continuations.count() == 1


def test_a_rule_that_ran_is_not_run_again(client: Client, keeper: User, alice: User) -> None:
    client.force_login(keeper)
    deal = make_deal(alice)
    run = RuleRun.objects.filter(deal=deal, status=RuleRun.Status.OK).first()
    assert run
    tasks = deal.tasks.count()
    act(client, RUNS, "retry", [run])
    assert deal.tasks.count() == tasks


def test_a_manager_retries_nothing(client: Client, failed: RuleRun, alice: User) -> None:
    client.force_login(alice)
    UserFactory(roles=["account_manager"])
    client.post(reverse("admin:pipelines_rulerun_retry", args=[failed.pk]))
    assert failed.deal.continuations.count() == 0


def test_a_timer_fires_when_told_to(client: Client, keeper: User, alice: User) -> None:
    client.force_login(keeper)
    deal = make_deal(alice, now=timezone.now())
    timer = Timer.objects.get(deal=deal, rule__clause="AX-9.7")
    act(client, TIMERS, "fire_now", [timer])
    timer.refresh_from_db()
    assert timer.state == Timer.State.FIRED
    deal.reload()
    assert deal.stage.code == "refused"
    assert act(client, TIMERS, "fire_now", [timer]), "what has fired is said not to wait any more"


def test_what_happened_can_t_be_added_changed_or_deleted(
    client: Client, keeper: User, failed: RuleRun
) -> None:
    client.force_login(keeper)
    event = Event.objects.first()
    assert event
    for row in (failed, event, failed.deal.stage_changes.first()):
        name = f"admin:pipelines_{row._meta.model_name}"
        assert client.get(reverse(f"{name}_add")).status_code == 403
        assert (
            client.post(
                reverse(f"{name}_change", args=[row.pk]), {"at": NOON + timedelta(1)}
            ).status_code
            == 403
        )
        assert (
            client.post(reverse(f"{name}_delete", args=[row.pk]), {"post": "yes"}).status_code
            == 403
        )


def test_the_index_counts_what_failed(client: Client, keeper: User, failed: RuleRun) -> None:
    client.force_login(keeper)
    concerns = client.get(reverse("admin:index")).context["concerns"]
    assert concerns[0]["number"] == 1
