"""The ladder of the countdown is data: other steps are other lines of the playbook, and nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from crm.models import Task, User
from pipelines import catalog, playbook
from tests.clauses.steps import DAY
from tests.factories import NOON
from tests.fixtures.cast import PLAYBOOKS
from tests.licenses.steps import END, licence_of, make_licence, midnight, tick, type_expiry

STEPS = (60, 30, 14, 7, 1)
STEP = """\
    - date: licence.expires_on
      period: {days}d
      do:
        - {{mark_due: , code: ladder.{days}, clause: AX-LIC8b}}
"""
TASK = """\
        - {{create_task: {{text: Осталось {days}, code: left_{days}, due: 1d}}, code: left.{days}, if: [{{licence_reminder: {days}}}], clause: AX-LIC8b}}
"""


@pytest.fixture
def ladder(axelerator: None, tmp_path: Path) -> None:
    """The shipped playbook with steps at 60, 14 and 1 day, and a task of its own at every step."""
    folder = shutil.copytree(PLAYBOOKS / "axelerator", tmp_path / "axelerator")
    file = folder / "licences.yaml"
    text = file.read_text("utf-8")
    more = "".join(STEP.format(days=days) for days in (60, 14, 1))
    text = text.replace("rules:\n  before:\n", f"rules:\n  before:\n{more}")
    tasks = "".join(TASK.format(days=days) for days in STEPS)
    text = text.replace(
        "    - event: licence.due\n      do:\n", f"    - event: licence.due\n      do:\n{tasks}"
    )
    file.write_text(text, "utf-8")
    playbook.load(folder, now=NOON)
    catalog.refresh()


def steps_told(deal: object) -> list[str]:
    found = Task.objects.filter(deal=deal, code__startswith="left_").order_by("pk")
    return list(found.values_list("code", flat=True))


@pytest.mark.clause("AX-LIC8b")
def test_a_ladder_of_five_steps_reminds_at_each_of_them_once(alice: User, ladder: None) -> None:
    deal, states = make_licence(alice), []
    for days in range(70, -2, -1):
        tick(midnight(END) - days * DAY)
        state = licence_of(deal).state
        if not states or states[-1] != state:
            states.append(state)
    assert states == ["active", "due_60", "due_30", "due_14", "due_7", "due_1", "expired"]
    assert steps_told(deal) == [f"left_{days}" for days in STEPS]


@pytest.mark.clause("AX-LIC8b")
def test_a_ladder_that_stood_still_goes_through_its_steps_in_their_order(
    alice: User, ladder: None
) -> None:
    deal = make_licence(alice)
    tick(midnight(END) - 10 * DAY)
    assert steps_told(deal) == ["left_60", "left_30", "left_14"]
    assert licence_of(deal).state == "due_14"


@pytest.mark.clause("AX-LIC8b")
def test_an_end_brought_nearer_takes_the_steps_that_are_past(alice: User, ladder: None) -> None:
    deal = make_licence(alice)
    now = midnight(END) - 100 * DAY
    type_expiry(deal, (now + 20 * DAY).date(), now=now)
    tick(now)
    assert steps_told(deal) == ["left_60", "left_30"]
