"""A playbook is loaded whole or not at all, and what is exported is what was loaded."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.utils import translation

from pipelines import catalog, playbook, registry
from pipelines.errors import PlaybookError
from pipelines.models import Condition, Edition, Field, Pipeline, Rule, Schedule, Stage, StageRight
from pipelines.playbook.editions import read_text
from pipelines.playbook.exporting import write as write_spec
from tests.factories import UserFactory
from tests.pipelines.playbook_files import CAKES, COMPANY, changed, write

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_english():
    with translation.override("en"):
        yield


@pytest.fixture
def cakes(tmp_path: Path) -> Pipeline:
    playbook.load(write(tmp_path / "bakery"), now=NOW)
    return Pipeline.objects.get(code="cakes")


def reload(tmp_path: Path, text: str, company: str = COMPANY) -> playbook.LoadReport:
    return playbook.load(write(tmp_path / "bakery", company, cakes=text), now=NOW)


def test_everything_in_the_files_becomes_rows(cakes: Pipeline) -> None:
    assert (cakes.playbook, cakes.position, cakes.currency, cakes.edition) == (
        "bakery",
        3,
        "BYN",
        1,
    )
    assert list(cakes.stages.values_list("code", "position", "kind", "needs_task")) == [
        ("new", 0, "open", True),
        ("baking", 1, "open", True),
        ("sold", 2, "won", False),
    ]
    assert cakes.fields.get(code="flavour").choices == ["choco: Шоколад", "no: Без вкуса"]
    assert cakes.fields.get(code="nickname").record == "contact"
    rule = cakes.rules.get(code="baking.enter.fields-2")
    assert (rule.params, rule.clause, rule.stage.code) == (
        {"codes": ["contact.nickname"]},
        "B-2",
        "baking",
    )
    assert list(rule.conditions.values_list("name", "params", "negated")) == [
        ("choice", {"field": "flavour", "among": "choco"}, False),
        ("robot_only", {}, True),
    ]
    assert cakes.rules.get(code="sweeten").params == {"values": {"flavour": "choco"}}
    assert cakes.rules.get(code="baking.stay.set_field").period == "4h working"
    assert cakes.rules.get(code="any.before.move").date == "due"
    assert cakes.rules.get(code="any.on.set_field").verb == "deal.moved"
    assert cakes.rules.get(code="any.enter.controls").stage is None
    assert cakes.rules.get(code="scenario.done.move").when == "choose"
    assert [asked.code for asked in cakes.scenarios.get().questions.all()] == ["when", "flavour"]
    rights = StageRight.objects.filter(stage__pipeline=cakes).values_list("ability", "group__name")
    assert sorted(rights) == [("enter", "baker"), ("see", "baker"), ("see", "head baker")]
    assert Group.objects.filter(name__in=["baker", "head baker"]).count() == 2


def test_the_schedule_counts_the_written_hours_and_special_days(cakes: Pipeline) -> None:
    schedule = Schedule.objects.get(code="bakery")
    assert cakes.schedule == schedule
    assert schedule.hours.count() == 11
    calendar = schedule.calendar()
    assert calendar.week[5] == ((time(10), time(12)),)
    assert calendar.days_off == {date(2026, 1, 5)}
    assert calendar.work_days == {date(2026, 5, 9): ((time(10), time(12)),)}


def test_loading_the_same_twice_changes_nothing(tmp_path: Path, cakes: Pipeline) -> None:
    conditions = list(Condition.objects.values_list("pk", flat=True))
    report = reload(tmp_path, CAKES)
    assert not report.changed
    assert list(report.lines()) == ["nothing changed"]
    again = Pipeline.objects.get(code="cakes")
    assert (again.stamp, again.edition) == (cakes.stamp, 1)
    assert again.editions.count() == 1
    assert list(Condition.objects.values_list("pk", flat=True)) == conditions


def test_a_change_makes_a_new_edition_and_says_what_changed(
    tmp_path: Path, cakes: Pipeline
) -> None:
    author = UserFactory()
    folder = write(tmp_path / "bakery", cakes=changed(CAKES, "limit: 2d", "limit: 3d"))
    report = playbook.load(folder, author=author, now=NOW)
    [change] = report.pipelines
    assert (change.code, change.edition, change.is_new) == ("cakes", 2, False)
    assert [line for line in change.lines if line[0] in "+-"] == [
        "-    limit: 2d",
        "+    limit: 3d",
    ]
    again = Pipeline.objects.get(code="cakes")
    assert again.stamp != cakes.stamp
    edition = again.editions.first()
    assert (edition.number, edition.author, edition.created_at) == (2, author, NOW)
    assert edition.text == playbook.export(again)


def test_the_catalog_sees_a_load_once_it_is_committed(
    tmp_path: Path, cakes: Pipeline, django_capture_on_commit_callbacks
) -> None:
    catalog.refresh()
    with django_capture_on_commit_callbacks(execute=True):
        reload(tmp_path, changed(CAKES, "name: Печём", "name: Пекут"))
    assert catalog.by_code("cakes").stage_by_code["baking"].name == "Пекут"


def test_what_is_gone_from_the_file_is_archived_and_comes_back_as_the_same_row(
    tmp_path: Path, cakes: Pipeline
) -> None:
    kept = Rule.objects.get(code="sweeten").pk, Field.objects.get(code="nickname").pk
    text = changed(
        CAKES, "        - {set_field: {values: {flavour: choco}}, clause: B-2, code: sweeten}\n", ""
    )
    text = re.sub(r"  - \{field: nickname.*\n", "", text)
    text = re.sub(r"        - \{fields: \[contact.nickname.*\n", "", text)
    reload(tmp_path, text)
    assert not Rule.objects.get(pk=kept[0]).is_active
    assert not Field.objects.get(pk=kept[1]).is_active
    assert "sweeten" not in playbook.export(cakes)
    reload(tmp_path, CAKES)
    assert Rule.objects.get(code="sweeten", is_active=True).pk == kept[0]
    assert Field.objects.get(code="nickname", is_active=True).pk == kept[1]


def test_a_rule_that_is_not_active_is_kept_but_not_in_force(
    tmp_path: Path, cakes: Pipeline
) -> None:
    reload(tmp_path, changed(CAKES, "code: sweeten", "code: sweeten, active: false"))
    assert not Rule.objects.get(code="sweeten").is_active
    assert "sweeten" not in playbook.export(cakes)


def without_the_stage_new() -> str:
    start, end = CAKES.index("  - stage: new"), CAKES.index("  - stage: baking")
    return changed(CAKES[:start] + CAKES[end:], ", unless: [{from_stage: new}]", "")


def test_a_stage_with_deals_on_it_does_not_go(tmp_path: Path, cakes: Pipeline, open_cake) -> None:
    open_cake()
    open_cake()
    with pytest.raises(PlaybookError, match=r"“Новый заказ” \(new\) can't go: 2 deals are on it"):
        reload(tmp_path, changed(without_the_stage_new(), "name: Торты", "name: Пирожные"))
    assert Stage.objects.get(pipeline=cakes, code="new").is_active
    assert Pipeline.objects.get(code="cakes").name == "Торты"


def test_a_stage_without_deals_goes_with_its_rules(tmp_path: Path, cakes: Pipeline) -> None:
    reload(tmp_path, without_the_stage_new())
    assert not Stage.objects.get(pipeline=cakes, code="new").is_active
    assert not Rule.objects.get(code="new.leave.by").is_active
    assert Stage.objects.get(pipeline=cakes, code="baking").position == 0


def test_nothing_is_written_where_anything_is_wrong(tmp_path: Path) -> None:
    folder = write(
        tmp_path / "bakery", cakes=changed(CAKES, "clause: B-2, code: sweeten", "clause: B-9")
    )
    with pytest.raises(PlaybookError, match="B-9"):
        playbook.load(folder, now=NOW)
    assert not Pipeline.objects.filter(code="cakes").exists()
    assert not Group.objects.filter(name="baker").exists()


def test_changed_hours_give_the_pipelines_a_new_stamp_but_no_edition(
    tmp_path: Path, cakes: Pipeline
) -> None:
    report = reload(tmp_path, CAKES, changed(COMPANY, "sat: 10:00-12:00", "sat: 10:00-13:00"))
    assert report.schedule == "bakery"
    assert not report.pipelines
    again = Pipeline.objects.get(code="cakes")
    assert again.stamp != cakes.stamp
    assert again.edition == 1


def test_another_playbook_does_not_take_a_pipeline_over(tmp_path: Path, cakes: Pipeline) -> None:
    folder = write(tmp_path / "thief", changed(COMPANY, "playbook: bakery", "playbook: thief"))
    with pytest.raises(PlaybookError, match="“cakes” belongs to the playbook “bakery”"):
        playbook.load(folder, now=NOW)


def test_a_section_is_loaded_by_the_app_that_registered_it(tmp_path: Path, monkeypatch) -> None:
    kept: dict[str, object] = {}
    section = registry.Section(
        "mottos",
        lambda rows, folder: (
            [] if (folder / "company.yaml").exists() and rows != ["bad"] else ["a bad motto"]
        ),
        lambda code, folder, rows, now: kept.update({code: rows}),
        lambda code: kept.get(code),
    )
    monkeypatch.setitem(registry.sections, "mottos", section)
    assert playbook.load(write(tmp_path / "b", COMPANY + "mottos: [good]\n"), now=NOW).sections == [
        "mottos"
    ]
    assert kept == {"bakery": ["good"]}
    assert (
        playbook.load(write(tmp_path / "b", COMPANY + "mottos: [good]\n"), now=NOW).sections == []
    )
    [problem] = playbook.check(write(tmp_path / "b", COMPANY + "mottos: [bad]\n"))
    assert problem.endswith("mottos: a bad motto")


# ── Exporting ────────────────────────────────────────────────────────────────────────────────


def test_an_export_loads_back_as_itself(tmp_path: Path, cakes: Pipeline) -> None:
    text = playbook.export(cakes)
    assert not reload(tmp_path, text).changed
    assert "Шоколад" in text
    assert "code:" not in text.replace("code: sweeten", "")


def test_changes_made_in_the_admin_survive_export_and_load(tmp_path: Path, cakes: Pipeline) -> None:
    """As forms save them: lists, \\r\\n, rules interleaved and moved, codes that derive from no place."""
    baking = cakes.stages.get(code="baking")
    baking.goal = "Раз:\r\nдва # три\r\n  четыре: [да, on]\r\n"
    baking.save()
    cakes.schedule = None
    cakes.save()
    cakes.rules.filter(code="any.on.set_field").update(position=0)
    Rule.objects.create(
        pipeline=cakes, code="oddly named: rule", clause="B-1", when="on", verb="deal.moved", name="add_tag",
        params={"names": ["on", "2026-01-05", "10:30", "null", "1.5", ""]}, position=1,
    )  # fmt: skip
    Rule.objects.create(
        pipeline=cakes, code="any.on.set_field-2", clause="B-1", when="on", verb="task.completed", name="set_field",
        params={"values": {"due": "{{x}}", "flavour": "- choco"}}, position=2,
    )  # fmt: skip
    same_place = Rule.objects.create(
        pipeline=cakes, stage=baking, code="baking.enter.fields-7", clause="B-1", name="fields",
        effect="require", params={"codes": ["due"]}, position=0,
    )  # fmt: skip
    Condition.objects.create(
        rule=same_place, name="by", params={"who": "person"}, negated=True, position=0
    )
    Condition.objects.create(
        rule=same_place, name="choice", params={"among": ["no"], "field": "flavour"}, position=1
    )
    cakes.fields.filter(code="flavour").update(choices=["a", "b: Бэ: вторая", "on: Вкл"])
    text = playbook.export(Pipeline.objects.get(pk=cakes.pk))
    assert write_spec(read_text(text, file="x")) == text

    text = text.replace("choco", "a")
    reload(tmp_path, text)
    again = Pipeline.objects.get(pk=cakes.pk)
    assert playbook.export(again) == text
    assert again.schedule is None
    assert again.rules.get(code="oddly named: rule").params["names"] == [
        "on",
        "2026-01-05",
        "10:30",
        "null",
        "1.5",
        "",
    ]
    assert not reload(tmp_path, text).changed


@pytest.mark.parametrize("name", [folder.name for folder in playbook.shipped()])
def test_every_shipped_playbook_is_right_and_exports_as_itself(name: str) -> None:
    folder = playbook.find(name)
    assert playbook.check(folder) == []
    playbook.load(folder, now=NOW)
    book, _problems = playbook.read_book(folder)
    for spec in book.pipelines:
        text = playbook.export(Pipeline.objects.get(code=spec.code))
        assert write_spec(read_text(text, file=spec.code)) == text == write_spec(spec)
    assert not playbook.load(folder, now=NOW).changed


# ── Editions ─────────────────────────────────────────────────────────────────────────────────


def test_an_edition_is_saved_only_where_something_changed(cakes: Pipeline) -> None:
    author = UserFactory()
    assert playbook.save_edition(cakes, author=author, now=NOW) is None
    cakes.stages.filter(code="baking").update(color="green")
    edition = playbook.save_edition(cakes, author=author, now=NOW, note="зеленее")
    assert edition is not None
    assert (edition.number, edition.note, edition.author) == (2, "зеленее", author)
    again = Pipeline.objects.get(pk=cakes.pk)
    assert again.edition == 2
    assert again.stamp != cakes.stamp
    assert "+    color: green" in playbook.diff(again.editions.last().text, edition.text)


def test_a_rollback_is_the_newest_edition_and_the_old_regulation(
    tmp_path: Path, cakes: Pipeline
) -> None:
    first = cakes.editions.get()
    reload(
        tmp_path, changed(changed(CAKES, "limit: 2d", "limit: 5d"), "name: Торты", "name: Пироги")
    )
    edition = playbook.rollback(first, UserFactory(), NOW)
    assert edition is not None
    assert (edition.number, edition.text) == (3, first.text)
    assert playbook.export(Pipeline.objects.get(pk=cakes.pk)) == first.text
    assert Edition.objects.filter(pipeline=cakes).count() == 3
    assert playbook.rollback(first, None, NOW) is None


def test_a_rollback_that_no_longer_fits_is_refused_whole(
    tmp_path: Path, cakes: Pipeline, open_cake
) -> None:
    first = cakes.editions.get()
    added = changed(
        CAKES, "stages:\n  - stage: new", "stages:\n  - {stage: lead, name: Лид}\n  - stage: new"
    )
    reload(tmp_path, added)
    catalog.refresh()
    open_cake()
    with pytest.raises(PlaybookError, match="1 deal is on it"):
        playbook.rollback(first, None, NOW)
    assert Stage.objects.get(pipeline=cakes, code="lead").is_active


# ── The command ──────────────────────────────────────────────────────────────────────────────


def test_the_command_loads_compares_and_exports(tmp_path: Path, capsys) -> None:
    write(tmp_path / "bakery")
    call_command("playbook", "list", dir=tmp_path)
    call_command("playbook", "check", "bakery", dir=tmp_path)
    call_command("playbook", "load", "bakery", dir=tmp_path)
    assert "“cakes” created" in capsys.readouterr().out
    write(tmp_path / "bakery", cakes=changed(CAKES, "limit: 2d", "limit: 3d"))
    call_command("playbook", "load", "bakery", dir=tmp_path, new=True)
    call_command("playbook", "diff", str(tmp_path / "bakery"))
    assert "+    limit: 3d" in capsys.readouterr().out
    call_command("playbook", "export", "cakes", dir=tmp_path / "out")
    exported = (tmp_path / "out" / "cakes.yaml").read_text(encoding="utf-8")
    assert exported == playbook.export(Pipeline.objects.get(code="cakes"))
    assert "limit: 2d" in exported


def test_the_command_says_what_is_wrong(tmp_path: Path) -> None:
    write(tmp_path / "bakery", cakes=changed(CAKES, "limit: 2d", "limit: soon"))
    with pytest.raises(CommandError, match=r"cakes\.yaml:15: stage baking: limit"):
        call_command("playbook", "check", "bakery", dir=tmp_path)
    with pytest.raises(CommandError, match="No playbook “biscuits”"):
        call_command("playbook", "load", "biscuits", dir=tmp_path)


# ── What the tests stand on ──────────────────────────────────────────────────────────────────


@pytest.fixture
def open_cake(cakes: Pipeline):
    """Open a deal on the first stage of the cakes."""
    from crm.deals import open_deal
    from pipelines.actor import Actor

    author = UserFactory()

    def open_one():
        catalog.refresh()
        return open_deal(
            pipeline=catalog.by_code("cakes"),
            name="Торт",
            owner=author,
            by=Actor.person(author),
            now=NOW,
        )

    return open_one
