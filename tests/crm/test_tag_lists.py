"""The tags that a playbook has prepared: read from its file, offered on the card, the only ones where it says so."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.utils.translation import override

from crm import deals, tag_lists
from crm.models import ListedTag, Tag, TagList, User
from crm.sections import tags as section
from pipelines import catalog, playbook
from pipelines.actor import SYSTEM, Actor
from pipelines.errors import BadAnswer
from tests.clauses.steps import refused
from tests.crm.test_playbook_sections import write
from tests.factories import NOON, make_deal

pytestmark = pytest.mark.django_db
ROWS = {
    "only": True,
    "clause": "PZ-5.6",
    "list": [{"tag": "долгая оплата", "color": "red"}, "нужна доставка денег"],
}


@pytest.fixture
def listed(axelerator: None) -> None:
    section.load("axelerator", Path(), ROWS, NOON)
    catalog.refresh()


def names(deal) -> list[str]:
    return sorted(deal.tags.values_list("name", flat=True))


@pytest.mark.parametrize(
    ("section", "problem"),
    [
        ("x", "list of tags"),
        ("{onyl: true, list: [a]}", "(did you mean “only”?)"),
        ("{only: yes please, list: [a]}", "true or false"),
        ("{clause: B-7, list: [a]}", "B-7"),
        ("{only: true}", "at least one"),
        ("[a, A]", "twice"),
        ("[{color: red}]", "name"),
        ("[{tag: a, color: rde}]", "(did you mean “red”?)"),
    ],
)
def test_a_mistake_is_said_in_words(tmp_path: Path, section: str, problem: str) -> None:
    with override("en"):
        (found,) = playbook.check(write(tmp_path / "b", f"tags: {section}\n"))
    assert problem in found


def test_a_list_is_loaded_exported_and_loaded_again_without_a_change(listed: None) -> None:
    assert section.export("axelerator") == ROWS
    before = list(ListedTag.objects.values_list("pk", "tag", "position"))
    section.load("axelerator", Path(), ROWS, NOON)
    assert list(ListedTag.objects.values_list("pk", "tag", "position")) == before
    section.load("axelerator", Path(), ["срочно"], NOON)
    assert section.export("axelerator") == {"list": ["срочно"]}
    assert Tag.objects.filter(name="долгая оплата").exists()
    section.load("axelerator", Path(), None, NOON)
    assert not TagList.objects.exists()


def test_where_the_list_is_all_there_is_a_person_puts_on_nothing_else(
    listed: None, alice: User
) -> None:
    deal, by = make_deal(alice), Actor.person(alice)
    deals.tag_deal(deal, add=["Долгая оплата", "нужна доставка денег"], by=by, now=NOON)
    with refused(BadAnswer, match="PZ-5.6"):
        deals.tag_deal(deal, add=["дорого"], by=by, now=NOON)
    assert names(deal) == ["долгая оплата", "нужна доставка денег"]
    deals.tag_deal(deal, add=["из рекламы"], by=SYSTEM, now=NOON)
    deals.tag_deal(deal, remove=["из рекламы", "долгая оплата"], by=by, now=NOON)
    assert names(deal) == ["нужна доставка денег"]


def test_a_changed_list_is_known_at_once(listed: None, alice: User) -> None:
    pipeline = catalog.by_code("leads")
    assert tag_lists.prepared_for(pipeline).only
    TagList.objects.get().delete()
    catalog.refresh()
    assert not tag_lists.prepared_for(catalog.by_code("leads")).tags
