"""A small playbook for the tests of playbooks, and the ways in which a test changes it."""

from pathlib import Path

COMPANY = """\
playbook: bakery
name: Bakery
schedule:
  code: bakery
  name: Days
  time_zone: Europe/Minsk
  countries: [BY]
  week: {mon-fri: "09:00-13:00, 14:00-18:00", sat: 10:00-12:00}
  days:
    - {date: 2026-01-05, hours: "", note: closed}
    - {date: 2026-05-09, hours: 10:00-12:00}
roles: [baker, "head baker"]
clauses: [B-1, B-2, B-3]
"""

CAKES = """\
pipeline: cakes
name: Торты
position: 3
currency: BYN
fields:
  - {field: flavour, label: Вкус, type: choice, tab: Основное, choices: {choco: Шоколад, "no": Без вкуса}, help: Какой}
  - {field: due, label: К какому дню, type: date}
  - {field: nickname, label: Прозвище, record: contact}
stages:
  - stage: new
    name: Новый заказ
    leave:
      require:
        - {by: person, clause: B-1, message: Только человек}
  - stage: baking
    name: Печём
    color: orange
    limit: 2d
    goal: |
      Испечь.
      Украсить.
    rights: {enter: [baker], see: ["head baker", baker]}
    enter:
      require:
        - {fields: [flavour], clause: B-1}
        - {fields: [contact.nickname], if: [{choice: {field: flavour, among: choco}}], unless: robot_only, clause: B-2}
      do:
        - {set_field: {due: 2026-03-01}, clause: B-2}
        - {set_field: {values: {flavour: choco}}, clause: B-2, code: sweeten}
    stay:
      - {after: 4h working, do: [{set_field: {flavour: "no"}, clause: B-2}]}
  - {stage: sold, name: Продан, kind: won, needs_task: false}
rules:
  enter:
    require:
      - {controls: [due], clause: B-3, unless: [{from_stage: new}]}
  before:
    - {date: due, period: 1d, do: [{move: sold, clause: B-3}]}
  on:
    - event: deal.moved
      do:
        - {set_field: {due: 2026-04-01}, clause: B-3}
scenarios:
  - scenario: done
    label: Готово
    stages: [baking]
    result: испекли
    asks:
      - {question: when, label: Когда, type: datetime}
      - {question: flavour, type: field, required: true}
    require:
      - {answered: when, clause: B-3}
    do:
      - {move: {to: sold, answers: {flavour: choco}}, clause: B-3}
"""


def write(folder: Path, company: str = COMPANY, **pipelines: str) -> Path:
    """A playbook's folder of these texts; without pipelines, the cakes."""
    folder.mkdir(exist_ok=True)
    for path in folder.glob("*.yaml"):
        path.unlink()
    (folder / "company.yaml").write_text(company, encoding="utf-8")
    for name, text in (pipelines or {"cakes": CAKES}).items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def changed(text: str, old: str, new: str) -> str:
    """The text with one passage replaced, which must be there once."""
    assert text.count(old) == 1, (old, text.count(old))
    return text.replace(old, new)
