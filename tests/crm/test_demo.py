"""The demo fills an empty database once, by the regulation."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from crm.models import Deal, User
from notifications.models import Message
from pipelines import catalog
from pipelines.models import RuleRun

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo(axelerator, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    call_command("demo", stdout=(said := StringIO()))
    return said.getvalue()


def test_the_demo_fills_every_stage_by_the_real_verbs_and_no_rule_fails(demo, client):
    assert "admin@demo.example" in demo
    assert "demo" in demo
    stages = set(Deal.objects.values_list("stage__code", flat=True))
    assert {stage.code for stage in catalog.by_code("leads").stages} <= stages
    assert not RuleRun.objects.filter(status__in=["failed", "looped"]).exists()
    assert not Message.objects.exclude(status="sent").exists()
    assert client.login(email="olga@demo.example", password="demo")
    with pytest.raises(CommandError):
        call_command("demo")


def test_a_demo_head_heads_two_teams_one_of_them_with_a_head_of_its_own(demo):
    olga, maxim = (
        User.objects.get(email="olga@demo.example"),
        User.objects.get(email="maxim@demo.example"),
    )
    assert maxim.pk in olga.visible_owner_ids
    assert len(maxim.visible_owner_ids) == 3
    assert Deal.objects.visible_to(maxim).count() < Deal.objects.visible_to(olga).count()
