"""«Регламент»: clauses with their rules and counts, readings once an edition, and what strangers don't see."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from crm.models import Team, User
from crm.registers import regulations
from pipelines import catalog, engine
from pipelines.actor import Actor
from pipelines.models import LoggedRefusal, Reading, Regulation, Rule, RuleRun
from tests.clauses.steps import at_stage
from tests.factories import TeamFactory, UserFactory, make_deal
from tests.pipelines.lab import allow

pytestmark = pytest.mark.django_db
PAGE = "/regulation/axelerator/"


@pytest.fixture
def regulation(axelerator: None) -> Regulation:
    return Regulation.objects.get(playbook="axelerator")


def line(user: User, code: str, *, asked: str = "") -> regulations.ClauseLine:
    page = regulations.read_page(
        Regulation.objects.get(playbook="axelerator"), user=user, asked=asked, now=timezone.now()
    )
    return next(item for part in page.sections for item in part.clauses if item.code == code)


def test_the_only_regulation_opens_at_once(alice: User, client: Client) -> None:
    client.force_login(alice)
    response = client.get("/regulation/")
    assert (response.status_code, response["Location"]) == (302, PAGE)


def test_each_clause_stands_there_in_words_with_its_rules(alice: User, client: Client) -> None:
    client.force_login(alice)
    page = client.get(PAGE).content.decode()
    assert page.count('class="list-group-item regulation-clause"') == 72
    assert 'id="AX-1.2a"' in page
    assert "Без площадки заявку не взять в работу." in page
    found = line(alice, "AX-1.2a")
    assert found.rules
    assert all(item.rule.clause == "AX-1.2a" for item in found.rules)
    assert found.rules[0].what in page.replace("&quot;", '"')


def test_a_rule_that_is_not_in_force_is_marked(alice: User, client: Client) -> None:
    Rule.objects.filter(clause="AX-1.2a").update(is_active=False)
    client.force_login(alice)
    assert "не действует" in client.get(f"{PAGE}?q=AX-1.2a").content.decode()
    assert "не действует" not in client.get(f"{PAGE}?q=AX-1.1").content.decode()


def test_a_clause_is_found_by_words_and_by_number(alice: User, client: Client) -> None:
    client.force_login(alice)
    for asked in ("ПЛОЩАДКИ", "ax-1.2A"):
        page = client.get(PAGE, {"q": asked}).content.decode()
        assert 'id="AX-1.2a"' in page
        assert 'id="AX-9.9"' not in page
    assert "Нет пунктов" in client.get(PAGE, {"q": "жираф"}).content.decode()


def test_a_citation_leads_to_its_clause(alice: User, client: Client) -> None:
    client.force_login(alice)
    assert client.get("/regulation/?clause=AX-1.2a")["Location"] == f"{PAGE}#AX-1.2a"
    assert client.get("/regulation/?clause=NO-1")["Location"] == PAGE


def test_refusals_and_runs_of_this_month_are_counted(alice: User, client: Client) -> None:
    now = timezone.now()
    deal = make_deal(alice, now=now)
    client.force_login(alice)
    before = line(alice, "AX-1.2a").refused
    for _time in range(2):
        client.post(f"/deals/{deal.pk}/move/", {"to": "taken"})
    assert line(alice, "AX-1.2a").refused - before == 2
    rule = Rule.objects.filter(clause="AX-1.2a").first()
    LoggedRefusal.objects.create(
        pipeline_id=deal.pipeline_id,
        clause="AX-1.2a",
        rule=rule,
        way="move",
        at=now - timedelta(days=40),
    )
    assert line(alice, "AX-1.2a").refused - before == 2

    acted = line(alice, "AX-2.1").acted
    engine.move(deal, to="taken", by=Actor.person(alice), now=now, answers={"platform": "site"})
    assert line(alice, "AX-2.1").acted > acted
    RuleRun.objects.filter(deal=deal).update(at=now - timedelta(days=40))
    assert line(alice, "AX-2.1").acted == acted


# ── Refusals ───────────────────────────────────────────────────────────────────


def test_a_refusal_knows_its_rule_its_deal_and_whom(alice: User, client: Client) -> None:
    deal = make_deal(alice)
    client.force_login(alice)
    assert client.post(f"/deals/{deal.pk}/move/", {"to": "taken"}).status_code == 422
    row = LoggedRefusal.objects.get(deal=deal)
    assert (row.clause, row.rule.clause, row.by, row.way) == ("AX-1.2a", "AX-1.2a", alice, "move")


def test_a_refusal_that_ended_in_a_move_is_one_refusal(alice: User, client: Client) -> None:
    deal = make_deal(alice)
    client.force_login(alice)
    client.post(f"/deals/{deal.pk}/move/", {"to": "taken"})
    client.get(f"/deals/{deal.pk}/move/form/?to=taken")
    client.get(f"/deals/{deal.pk}/")
    client.post(f"/deals/{deal.pk}/move/", {"to": "taken", "f-platform": "site"})
    assert catalog.stage(type(deal).objects.get(pk=deal.pk).stage_id).code == "taken"
    assert LoggedRefusal.objects.filter(deal=deal).count() == 1


def test_many_refused_at_once_are_counted_in_one_statement(
    alice: User, client: Client, django_assert_max_num_queries
) -> None:
    deals = [make_deal(alice) for _number in range(5)]
    client.force_login(alice)
    ticked = [f"{deal.pk}~{deal.stage_id}" for deal in deals]
    taken = catalog.pipeline(deals[0].pipeline_id).stage_by_code["taken"]
    client.post("/deals/table/move/", {"deal": ticked, "to": taken.id, "confirm": "5"})
    rows = LoggedRefusal.objects.filter(deal__in=deals)
    assert sorted(rows.values_list("deal", flat=True)) == sorted(deal.pk for deal in deals)


def test_an_outcome_that_the_regulation_refuses_is_counted_once(
    alice: User, olga: User, client: Client
) -> None:
    deal = at_stage(alice, "refused")
    task = deal.tasks.get(kind="control", state="open")
    client.force_login(alice)
    url = f"/tasks/{task.pk}/outcome/closing_confirmed/"
    client.post(url, {"revision": task.revision, "result": "ладно"})
    rows = LoggedRefusal.objects.filter(deal=deal, clause="AX-9.9")
    assert [(row.by, row.way) for row in rows] == [(alice, "outcome")]


# ── Readings ───────────────────────────────────────────────────────────────────


def confirm(client: Client, edition: int) -> None:
    client.post(f"{PAGE}read/", {"edition": edition})


def test_an_edition_is_read_once_however_often_it_is_said(
    alice: User, client: Client, regulation: Regulation
) -> None:
    client.force_login(alice)
    assert "Редакция 1 прочитана" in client.get(PAGE).content.decode()
    confirm(client, regulation.edition)
    confirm(client, regulation.edition)
    assert Reading.objects.filter(user=alice).count() == 1
    assert "Я прочитал" not in client.get(PAGE).content.decode()


def test_an_edition_that_came_meanwhile_is_not_read_by_the_old_page(
    alice: User, client: Client, regulation: Regulation
) -> None:
    client.force_login(alice)
    for edition in (regulation.edition + 1, 0, "x", "9" * 30):
        client.post(f"{PAGE}read/", {"edition": edition})
    assert not Reading.objects.filter(user=alice).exists()


def test_a_new_edition_asks_everybody_again(
    alice: User, client: Client, regulation: Regulation
) -> None:
    client.force_login(alice)
    dot = "Есть непрочитанная редакция"
    assert dot in client.get("/tasks/").content.decode()
    confirm(client, regulation.edition)
    assert dot not in client.get("/tasks/").content.decode()
    Regulation.objects.filter(pk=regulation.pk).update(edition=regulation.edition + 1)
    assert dot in client.get("/tasks/").content.decode()


def test_a_head_sees_who_of_her_people_has_not_read_it(
    alice: User, bob: User, olga: User, charlie: User, regulation: Regulation
) -> None:
    now = timezone.now()
    regulations.confirm_reading(regulation, user=bob, edition=regulation.edition, now=now)
    page = regulations.read_page(regulation, user=olga, asked="", now=now)
    assert [(reader.person, reader.read_at) for reader in page.readers] == [
        (alice, None),
        (bob, now),
    ]
    assert page.unread == 1


def test_an_administrator_sees_everybody_but_robots(
    administrator: User, alice: User, charlie: User, regulation: Regulation
) -> None:
    robot = UserFactory(roles=["robot"])
    gone = UserFactory(roles=["manager"], is_active=False)
    page = regulations.read_page(regulation, user=administrator, asked="", now=timezone.now())
    people = {reader.person for reader in page.readers}
    assert {alice, charlie} <= people
    assert not people & {robot, gone, administrator}


def test_people_of_another_playbook_are_not_asked_to_read_this_one(
    alice: User, bob: User, administrator: User, charlie: User, regulation: Regulation
) -> None:
    def readers() -> set[User]:
        page = regulations.read_page(regulation, user=administrator, asked="", now=timezone.now())
        return {reader.person for reader in page.readers}

    assert charlie in readers()
    above = TeamFactory(playbook="elsewhere")
    Team.objects.filter(pk=charlie.team_id).update(parent=above)
    assert charlie not in readers()
    assert alice in readers()


def test_a_manager_sees_nobodys_readings(
    alice: User, bob: User, client: Client, regulation: Regulation
) -> None:
    assert regulations.read_page(regulation, user=alice, asked="", now=timezone.now()).readers == []
    client.force_login(alice)
    assert "Кто прочитал" not in client.get(PAGE).content.decode()


def test_a_regulation_of_pipelines_that_one_does_not_see_is_not_there(
    alice: User, client: Client, regulation: Regulation
) -> None:
    for pipeline in catalog.pipelines():
        for stage in pipeline.stages:
            allow(pipeline.code, stage.code, "see", "account_manager")
    client.force_login(alice)
    assert client.get(PAGE).status_code == 404
    assert client.post(f"{PAGE}read/", {"edition": regulation.edition}).status_code == 404
    assert client.get("/regulation/nobody/").status_code == 404
    assert "Регламента пока нет" in client.get("/regulation/").content.decode()
    assert client.get("/regulation/?clause=AX-1.2a").status_code == 200
    assert "Есть непрочитанная" not in client.get("/tasks/").content.decode()


def test_nobody_reads_without_signing_in(client: Client) -> None:
    for path in ("/regulation/", PAGE, "/control/"):
        assert client.get(path)["Location"].startswith("/login/")
