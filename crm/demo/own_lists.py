"""Items of the own lists that the demo's playbooks bring."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import yaml

from crm.lists import items, shapes
from crm.models import CustomList, User
from pipelines.actor import Actor

FILE = Path(__file__).parent / "own_lists.yaml"


def fill_lists(owner: User, *, now: datetime) -> None:
    """Added by `owner`, who heads people."""
    told = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    for own in CustomList.objects.filter(code__in=told, is_active=True):
        shape = shapes.of_list(own)
        for answers in told[own.code]:
            items.create_item(shape, answers, owner=owner, by=Actor.person(owner), now=now)
