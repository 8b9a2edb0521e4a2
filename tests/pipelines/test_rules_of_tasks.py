"""The places `task` and `finish`: read, written, said, and only for requirements."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.catalog import by_code
from pipelines.models import Pipeline, Rule
from pipelines.playbook import check, export
from pipelines.rule_words import RuleLine
from tests.fixtures.cast import PLAYBOOKS

pytestmark = pytest.mark.usefixtures("idrive")


def test_they_are_written_as_they_were_read() -> None:
    text = export(Pipeline.objects.get(code="driving"))
    assert "task:\n      require:" in text
    assert "finish:\n      require:" in text
    assert "general_rules:" in text


def test_they_are_said_in_words() -> None:
    pipeline = by_code("driving")
    said = {
        RuleLine(rule, pipeline).when
        for rule in Rule.objects.filter(when__in=["task", "finish"], stage__code="new")
    }
    assert said == {
        "когда человек ставит задачу на этапе «Новые заявки (лиды)»",
        "когда человек завершает или отменяет задачу на этапе «Новые заявки (лиды)»",
    }


def test_an_action_has_no_place_there(tmp_path: Path) -> None:
    for path in (PLAYBOOKS / "idrive").glob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        text = text.replace(
            "    task:\n      require:\n        - {never: Сделка закрыта договором",
            "    task:\n      do:\n        - {never: Сделка закрыта договором",
        )
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    problems = check(tmp_path)
    assert any("do" in problem and "driving.yaml" in problem for problem in problems), problems
