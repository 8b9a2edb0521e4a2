"""The actions `send_email` and `offer_letter`, run by rules of a pipeline."""

from __future__ import annotations

from typing import Any

import pytest

from crm.models import Deal, User
from notifications.letters import NoAddress
from notifications.models import Message, Template
from pipelines import catalog, engine
from pipelines.actor import Actor
from pipelines.models import Offer, Rule, RuleRun
from tests.factories import NOON, make_deal


@pytest.fixture
def rule(template: Template) -> Rule:
    """A rule of the first stage of ПРОДАКШН, with every other rule of the pipeline gone."""
    pipeline = catalog.by_code("production")
    Rule.objects.filter(pipeline=pipeline.id).delete()
    return Rule.objects.create(
        pipeline_id=pipeline.id,
        code="letter",
        clause="X-1",
        name="send_email",
        stage_id=pipeline.first_stage.id,
    )


def opened(
    owner: User, rule: Rule, name: str, params: dict[str, Any], **kwargs: Any
) -> tuple[Deal, RuleRun]:
    """A new deal of the pipeline whose rule does this on entering."""
    import uuid

    rule.name, rule.params = name, params
    rule.save()
    rule.pipeline.stamp = uuid.uuid4()
    rule.pipeline.save()
    catalog.refresh()
    deal = make_deal(owner, pipeline="production", **kwargs)
    return deal, RuleRun.objects.get(deal=deal, rule=rule)


def test_a_rule_sends_the_template_in_the_owners_name(alice: User, rule: Rule) -> None:
    deal, run = opened(alice, rule, "send_email", {"template": "greeting"})
    letter = Message.objects.get(deal=deal)
    assert run.status == "ok"
    assert run.result == {"message": letter.pk, "to": "lead@example.com", "subject": letter.subject}
    assert letter.subject == "Здравствуйте, Алексей Лукашевич"
    assert letter.text.startswith("Пишет Алиса Белова")
    assert (letter.rule, letter.template.code, letter.speaker) == (rule, "greeting", alice)
    entry = deal.events.get(verb="letter.queued")
    assert entry.rule == rule


def test_a_rule_that_finds_no_address_is_a_skip_and_no_failure(alice: User, rule: Rule) -> None:
    deal, run = opened(alice, rule, "send_email", {"template": "greeting"}, email="")
    assert run.status == "ok"
    assert run.result["skipped"] == str(NoAddress())
    assert not Message.objects.filter(deal=deal).exists()


def test_a_template_switched_off_is_a_failed_run_that_the_administrator_sees(
    alice: User, rule: Rule
) -> None:
    Template.objects.filter(code="greeting").update(is_active=False)
    deal, run = opened(alice, rule, "send_email", {"template": "greeting"})
    assert run.status == "failed"
    assert "greeting" in run.error
    Template.objects.filter(code="greeting").update(is_active=True)
    assert engine.retry(run, by=Actor.person(alice), now=NOON).status == "ok"
    assert Message.objects.filter(deal=deal).count() == 1


@pytest.mark.parametrize(("once", "count"), [(True, 1), (False, 2)])
def test_once_a_deal_means_once_a_deal(alice: User, rule: Rule, once: bool, count: int) -> None:
    deal, run = opened(alice, rule, "send_email", {"template": "greeting", "once": once})
    RuleRun.objects.filter(pk=run.pk).update(status="failed")
    again = engine.retry(run, by=Actor.person(alice), now=NOON)
    assert again.status == "ok"
    assert Message.objects.filter(deal=deal).count() == count


def test_an_offered_letter_goes_with_one_click_in_the_name_of_who_clicks(
    alice: User, bob: User, rule: Rule
) -> None:
    deal, _run = opened(alice, rule, "offer_letter", {"template": "greeting", "text": "Написать"})
    assert not Message.objects.filter(deal=deal).exists()
    offer = Offer.objects.get(deal=deal)
    assert (offer.text, offer.action, offer.params) == (
        "Написать",
        "send_email",
        {"template": "greeting"},
    )
    engine.take(offer, by=Actor.person(bob), now=NOON)
    letter = Message.objects.get(deal=deal)
    assert letter.text.startswith("Пишет Борис Громов")
    assert letter.speaker == letter.author == bob


def test_an_offer_without_words_is_called_by_its_template(alice: User, rule: Rule) -> None:
    deal, _run = opened(alice, rule, "offer_letter", {"template": "greeting"})
    assert "Приветствие" in Offer.objects.get(deal=deal).text


def test_an_offer_taken_for_a_contact_without_an_email_is_refused_and_still_stands(
    alice: User, rule: Rule
) -> None:
    deal, _run = opened(alice, rule, "offer_letter", {"template": "greeting"}, email="")
    with pytest.raises(NoAddress):
        engine.take(Offer.objects.get(deal=deal), by=Actor.person(alice), now=NOON)
    assert Offer.objects.get(deal=deal).state == Offer.State.OPEN
