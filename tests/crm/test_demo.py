"""The demo fills an empty database once, by the regulations."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from crm.models import Deal, Team, User
from notifications.models import Message
from pipelines import catalog
from pipelines.models import RuleRun, Violation
from pipelines.playbook.books import shipped
from tests.fixtures.cast import load

pytestmark = pytest.mark.django_db


def test_the_demo_tells_every_company_by_the_real_verbs_and_no_rule_fails(
    axelerator, settings, tmp_path, client
):
    settings.MEDIA_ROOT = tmp_path
    for folder in shipped():
        load(folder.name)
    call_command("demo", stdout=(said := StringIO()))
    told = said.getvalue()
    assert "admin@demo.example" in told
    assert "demo" in told
    assert client.login(email="olga@demo.example", password="demo")

    stages = set(Deal.objects.values_list("pipeline__code", "stage__code"))
    for code in ("leads", "driving"):
        assert {(code, stage.code) for stage in catalog.by_code(code).stages} <= stages
    # Nowhere an empty board, though nobody lingers where the system moves on at once.
    assert {pipeline.code for pipeline in catalog.pipelines()} == {code for code, _stage in stages}
    failed = RuleRun.objects.filter(status__in=["failed", "looped"])
    assert not list(failed.values_list("rule__code", "error"))
    assert not Message.objects.exclude(status="sent").exists()
    assert Violation.objects.exists()

    olga, maxim = (
        User.objects.get(email="olga@demo.example"),
        User.objects.get(email="maxim@demo.example"),
    )
    assert maxim.pk in olga.visible_owner_ids
    assert len(maxim.visible_owner_ids) == 3
    assert Deal.objects.visible_to(maxim).count() < Deal.objects.visible_to(olga).count()

    # Each company's deals are its own team's.
    for deal in Deal.objects.select_related("owner", "pipeline"):
        assert deal.owner.playbook in ("", deal.pipeline.playbook), deal
    assert set(Team.objects.exclude(playbook="").values_list("playbook", flat=True)) == {
        folder.name for folder in shipped()
    }

    with pytest.raises(CommandError):
        call_command("demo")
