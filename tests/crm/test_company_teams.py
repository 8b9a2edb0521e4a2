"""Several companies in one installation: a team works by the playbook that it, or the nearest team above it, names."""

from __future__ import annotations

import pytest
from django.test import Client

from crm import visibility
from crm.models import Team, User
from tests.factories import TeamFactory

pytestmark = pytest.mark.django_db


def codes(user: User) -> set[str]:
    return {pipeline.code for pipeline in visibility.pipelines_of(User.objects.get(pk=user.pk))}


def test_a_team_without_a_playbook_works_in_every_pipeline(alice: User, pzka: None) -> None:
    assert {"leads", "scrap"} <= codes(alice)


def test_a_team_of_a_playbook_works_in_its_pipelines_only(
    alice: User, team: Team, pzka: None, client: Client
) -> None:
    above = TeamFactory(name="ПЗКА", playbook="pzka")
    team.parent = above
    team.save()
    assert codes(alice) == {"scrap", "regulars"}
    client.force_login(alice)
    page = client.get("/deals/").content.decode()
    assert "[ЛОМ]" in page
    assert "###CRM###" not in page
    assert client.get("/deals/new/?pipeline=leads").status_code == 404


def test_the_nearest_team_has_the_word_and_an_administrator_sees_all(
    alice: User, administrator: User, team: Team, pzka: None
) -> None:
    team.parent, team.playbook = TeamFactory(playbook="pzka"), "axelerator"
    team.save()
    assert "leads" in codes(alice)
    assert "scrap" not in codes(alice)
    administrator.team = team
    administrator.save()
    assert {"leads", "scrap"} <= codes(administrator)


def test_teams_in_a_circle_hold_nobody_up(alice: User, team: Team) -> None:
    above = TeamFactory(parent=team)
    team.parent = above
    team.save()
    assert User.objects.get(pk=alice.pk).playbook == ""
