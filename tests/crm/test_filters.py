"""The filter's language: every field, words of periods, nonsense, and what is no longer there."""

from datetime import timedelta

import pytest
from django.http import QueryDict
from django.utils import timezone

from crm import filters, visibility
from crm.filters import DealFilter, own
from crm.models import Deal, Tag
from pipelines import catalog
from pipelines.catalog import CompiledField
from tests.factories import NOON, make_deal

pytestmark = pytest.mark.django_db


def asked(user, query, pipeline="leads"):
    stages = visibility.stages_of(user, catalog.by_code(pipeline))
    return DealFilter(QueryDict(query), user=user, stages=stages)


def found(user, query, now=NOON, **kwargs):
    deals = asked(user, query, **kwargs).apply(Deal.objects.visible_to(user), now=now)
    return names_of(deals)


def names_of(deals):
    """In small letters: a playbook's rule writes names with a capital."""
    return {name.lower() for name in deals.values_list("name", flat=True)}


def field(code, kind, **facts):
    return CompiledField(
        code=code, label=code, type=kind, choices=facts.pop("choices", {}), **facts
    )


@pytest.fixture
def three(alice):
    """Deals with every type of value; one of them with values that are no longer of their field's type."""
    timezone.activate("Europe/Moscow")
    values = {
        "a": {
            "one": "red", "many": ["x", "y"], "text": "Синий ЗАБОР", "number": "5", "day": "2026-03-09",
            "moment": "2026-03-08T21:30:00+00:00", "tick": True,
        },
        "b": {"one": "blue", "many": ["y"], "number": "-10.5", "day": "2026-03-31", "moment": "2026-03-31T21:00:00+00:00"},
        "c": {"one": 7, "many": "y", "text": 5, "number": "сто", "day": "завтра", "moment": "", "tick": None},
    }  # fmt: skip
    for name, held in values.items():
        deal = make_deal(alice, name=name)
        Deal.objects.filter(pk=deal.pk).update(values=held)
    yield
    timezone.deactivate()


COLOURS = {"red": "Красный", "blue": "Синий"}


@pytest.mark.parametrize(
    ("one", "params", "names"),
    [
        (field("one", "choice", choices=COLOURS), "f-one=red", {"a"}),
        (field("one", "choice", choices=COLOURS), "f-one=red&f-one=blue", {"a", "b"}),
        (field("many", "choices", choices={"x": "X", "y": "Y"}), "f-many=y", {"a", "b"}),
        (field("text", "choice", choices={"x": "X"}), "f-text=~", {"b"}),
        (field("text", "text"), "f-text=синий", {"a"}),
        (field("number", "number"), "f-number_from=0", {"a"}),
        (field("number", "number"), "f-number_from=-11&f-number_to=5", {"a", "b"}),
        (field("day", "date"), "f-day=2026-03-09..2026-03-30", {"a"}),
        (field("day", "date"), "f-day=this_month", {"a", "b"}),
        # Half past midnight of the ninth in Moscow, though still the eighth in UTC; and midnight of April.
        (field("moment", "datetime"), "f-moment=this_week", {"a"}),
        (field("moment", "datetime"), "f-moment_from=2026-03-31&f-moment_to=2026-03-31", set()),
        (field("moment", "datetime"), "f-moment=2026-04-01", {"b"}),
        (field("tick", "yes_no"), "f-tick=yes", {"a", "c"}),
        (field("tick", "control"), "f-tick=no", {"b"}),
    ],
)
def test_a_field_of_the_regulation_is_asked_for_by_its_type(one, params, names, three, alice):
    condition, data = own.condition(one, group="", is_common=True), QueryDict(params)
    value = condition.read(data.getlist, [])
    deals = Deal.objects.filter(condition.where(value, NOON))
    assert names_of(deals) == names
    again = QueryDict("&".join(f"{name}={text}" for name, text in condition.pairs(value)))
    assert condition.read(again.getlist, []) == value
    assert condition.say(value)


def test_every_field_of_every_pipeline_has_a_condition(administrator):
    for pipeline in catalog.pipelines():
        conditions = asked(administrator, "q=x", pipeline=pipeline.code).conditions
        for code, one in pipeline.fields.items():
            assert one.built_in or own.PREFIX + code in conditions


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("task=none&task=today", {"none", "today"}),
        ("task=later", {"later"}),
        ("next_task=today", {"overdue", "today"}),
        ("late=1", {"overdue"}),
        ("owner=me", {"none", "overdue", "today", "later"}),
        ("status=open&status=won&task=later", {"later"}),
        ("created=yesterday", set()),
        ("last_contact=this_week", {"today"}),
        ("stage_since=..2026-03-09", set()),
        ("contact=лукаш&task=later", {"later"}),
        ("tag={tag}&tag={other}", {"none", "later"}),
        ("ids={ids}", {"none", "overdue"}),
    ],
)
def test_a_condition_takes_several_values_and_periods_in_words(query, names, alice):
    due = {"none": None, "overdue": -1, "today": 1, "later": 48}
    made = {name: make_deal(alice, name=name) for name in due}
    for name, hours in due.items():
        at = None if hours is None else NOON + timedelta(hours=hours)
        Deal.objects.filter(pk=made[name].pk).update(next_task_at=at)
    Deal.objects.filter(pk=made["overdue"].pk).update(stage_deadline=NOON)
    Deal.objects.filter(pk=made["later"].pk).update(stage_deadline=NOON + timedelta(days=1))
    Deal.objects.filter(pk=made["none"].pk).update(stage_deadline=None)
    Deal.objects.filter(pk=made["today"].pk).update(last_contact_at=NOON, stage_deadline=None)
    tag, other = Tag.objects.create(name="VIP-1"), Tag.objects.create(name="VIP-2")
    made["none"].tags.add(tag)
    made["later"].tags.add(other)
    ids = f"{made['none'].pk},{made['overdue'].pk}"
    assert found(alice, query.format(tag=tag.pk, other=other.pk, ids=ids)) == names


@pytest.mark.parametrize(
    "query",
    [
        "created=soon", "budget_from=NaN", "stage=zzz", "f-source=zzz", "q=%00", "tag=-1", "owner=999999999", "ids=1,x",
        "contact=99999999999999999999999", "next_task=9999-12-31..", f"q={'x' * 101}", "created=2026-05-01..2026-04-01",
    ],
)  # fmt: skip
def test_nonsense_finds_nothing_and_says_why(query, alice):
    make_deal(alice)
    nonsense = asked(alice, query)
    assert nonsense.errors
    assert nonsense.apply(Deal.objects.all(), now=NOON).count() == 0


def test_what_is_no_longer_there_is_said_and_the_rest_holds(alice, client):
    make_deal(alice, name="Осталась")
    make_deal(alice, name="Другая", answers={"budget": "9000"})
    query = "f-deleted_field=1&stage=new&stage=gone&budget_to=1"
    assert found(alice, query) == {"осталась"}
    client.force_login(alice)
    for path in ("/deals/", "/deals/table/"):
        response = client.get(f"{path}?pipeline=leads&{query}")
        page = response.content.decode()
        assert response.status_code == 200
        assert "Условия «deleted_field» больше нет" in page
        assert "«gone» больше нет" in page
        assert "Осталась" in page
        assert "Другая" not in page


def test_the_same_question_has_one_address_and_each_chip_leads_to_it_without_itself(alice, client):
    make_deal(alice)
    client.force_login(alice)
    typed = "pipeline=leads&apply=1&q=&stage=new&created=&created_from=2026-03-01&created_to=&budget_from=&tag="
    tidy = client.get(f"/deals/table/?{typed}")
    assert tidy.status_code == 302
    assert tidy["Location"] == "/deals/table/?pipeline=leads&stage=new&created=2026-03-01.."
    page = client.get(tidy["Location"])
    chips = page.context["above"].chips
    assert [chip.without for chip in chips] == ["created=2026-03-01..", "stage=new"]
    assert "с 01.03.2026" in [chip.words for chip in chips]


def test_a_word_stays_a_word_in_the_address(alice):
    assert asked(alice, "created=Эта неделя").query() == "created=this_week"


def test_own_fields_may_be_asked_for_without_their_prefix_but_never_instead_of_another_condition(
    alice,
):
    code = next(
        code
        for code, one in catalog.by_code("leads").fields.items()
        if one.type == "choice" and one.record == "deal"
    )
    choice = next(iter(catalog.by_code("leads").fields[code].choices))
    assert asked(alice, f"{code}={choice}").query() == f"f-{code}={choice}"
    assert "f-status" not in asked(alice, "status=open").asked


def test_the_panel_is_built_only_when_it_is_open(alice, client):
    client.force_login(alice)
    assert "filter-panel" not in client.get("/deals/?pipeline=leads&stage=new").content.decode()
    page = client.get(
        "/filters/deals/panel/?pipeline=leads&stage=new&here=crm:table"
    ).content.decode()
    assert 'action="/deals/table/"' in page
    assert 'value="new" checked' in page


def test_an_address_is_built_from_lists_records_and_nothing_empty(alice):
    url = filters.address(
        "crm:table",
        stage=["new", "taken"],
        owner=[alice],
        q="",
        created="this_week",
        **{"f-source": None},
    )
    assert url == f"/deals/table/?stage=new&stage=taken&owner={alice.pk}&created=this_week"
