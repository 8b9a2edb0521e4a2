# ruff: noqa: F811
"""The reports of analytics, each number against a naive count, its list and its XLSX; and what keeps their copies exact."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from io import BytesIO
from statistics import median_low
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from python_calamine import CalamineWorkbook

from crm import contacting, deals
from crm.analytics import breaches, funnel, rebuilding, refusals, sales, work
from crm.analytics.asking import Filter, Question
from crm.models import Deal, Passage, Team, User
from crm.planning import tasks
from pipelines.actor import SYSTEM, Actor
from pipelines.models import Rule, Stage, StageChange
from pipelines.violations import record
from tests.crm.analysed import MOSCOW, PERIOD, ask, year  # noqa: F401
from tests.factories import NOON, make_deal
from tests.pipelines.lab import Lab, restamp

pytestmark = pytest.mark.django_db


def seconds(length: timedelta) -> int:
    return int(length.total_seconds())


def shown(length: timedelta) -> timedelta:
    """As exactly as a median is shown."""
    whole = seconds(length)
    step = 60 if whole < 3600 else 3600 if whole < 864_000 else 86_400
    return timedelta(seconds=whole // step * step)


def test_a_funnel_counts_as_one_would_by_hand(year: list[User], olga: User) -> None:
    with timezone.override(MOSCOW):
        question = ask(olga, period=PERIOD)
        found = funnel.read(question)
        since, until = datetime(2026, 2, 9, 21, tzinfo=UTC), datetime(2026, 3, 9, 21, tzinfo=UTC)
        assert (question.since, question.until) == (since, until)
        changes = list(StageChange.objects.filter(deal__owner__in=year[:2]).order_by("pk"))
        for stage in Stage.objects.filter(pipeline__code="lab"):
            first: dict[int, StageChange] = {}
            for change in changes:
                if change.to_stage_id == stage.pk:
                    first.setdefault(change.deal_id, change)
            entered = [one for one in first.values() if since <= one.at < until]
            stays = [
                one.stayed
                for one in changes
                if one.from_stage_id == stage.pk and since <= one.at < until and one.stayed
            ]
            assert found[stage.pk].entered == len(entered)
            assert found[stage.pk].left == len(stays)
            if stays:
                total = sum(map(seconds, stays)) // len(stays)
                assert found[stage.pk].average == timedelta(seconds=total)
                assert found[stage.pk].median == shown(median_low(stays))
        assert sum(one.entered for one in found.values()) > 10
        # Who has come from nowhere has stood nowhere.
        assert not Passage.objects.filter(from_stage=None, seconds__isnull=False).exists()


def test_sales_and_refusals_are_summed_by_hand(year: list[User], olga: User) -> None:
    with timezone.override(MOSCOW):
        question = ask(olga, period=PERIOD)
        inside = Deal.objects.filter(
            owner__in=year[:2], closed_at__gte=question.since, closed_at__lt=question.until
        )
        won, lost = list(inside.filter(status="won")), list(inside.filter(status="lost"))
        assert won
        assert lost
        found = {section.code: section for section in sales.sections(question)}
        total = found["manager"].table.total
        assert total
        sums = sum(deal.budget for deal in won)
        assert [cell.value for cell in total[1:2]] == [len(won)]
        assert (total[3].value, total[4].value) == (sums, sums / len(won))
        cycle = sum(((deal.closed_at or NOON) - deal.created_at for deal in won), timedelta())
        assert total[5].value == cycle / len(won)
        # The same deals however they are divided; a month is the reader's.
        for code in ("month", "source"):
            assert sum(row[1].value for row in found[code].table.rows) == len(won)
        (stages, *_rest) = refusals.sections(question)
        assert sum(row[1].value for row in stages.table.rows) == len(lost)


def test_one_sees_the_numbers_of_ones_own_people_only(
    year: list[User], olga: User, alice: User, charlie: User, administrator: User
) -> None:
    def entered(user: User, **typed: str) -> int:
        with timezone.override(MOSCOW):
            return sum(funnel.entries(ask(user, period="2026-01-01..2026-03-31", **typed)).values())

    whole = entered(administrator)
    assert entered(charlie) + entered(olga) == whole
    assert entered(olga, who=str(alice.pk)) == entered(alice) < entered(olga)
    refused = Filter(
        user=User.objects.get(pk=olga.pk), now=NOON, data=MultiValueDict({"who": [str(charlie.pk)]})
    )
    assert refused.question is None
    assert "who" in refused.errors


def test_a_deal_takes_its_past_along(year: list[User], olga: User, charlie: User) -> None:
    """To another responsible and into the archive: the reports agree with the lists, and the copies with their source."""

    def entered() -> int:
        with timezone.override(MOSCOW):
            return sum(funnel.entries(ask(olga, period="2026-01-01..2026-03-31")).values())

    before = entered()
    given, archived = Deal.objects.filter(owner=year[0], pipeline__code="lab", status="open")[:2]
    passed = {
        deal.pk: len(set(deal.stage_changes.values_list("to_stage", flat=True)))
        for deal in (given, archived)
    }
    by = Actor.person(olga)
    deals.assign_deal(given, owner=charlie, by=by, now=NOON)
    assert entered() == before - passed[given.pk]
    deals.archive_deal(archived, by=by, now=NOON)
    assert entered() == before - sum(passed.values())
    assert rebuilding.differences() == {"passages": 0, "talks": 0}


def test_a_copy_that_was_damaged_is_said_and_rebuilt(year: list[User], olga: User) -> None:
    contacting.record_contact(
        Deal.objects.filter(owner=year[0])[0],
        verb="call.answered",
        by=Actor.person(year[0]),
        now=NOON,
    )
    with connection.cursor() as cursor:
        cursor.execute("UPDATE crm_passage SET seconds = seconds + 1 WHERE seconds IS NOT NULL")
        cursor.execute("DELETE FROM crm_talk")
    with pytest.raises(CommandError, match="rebuild"):
        call_command("analytics", "check")
    call_command("analytics", "rebuild")
    assert rebuilding.differences() == {"passages": 0, "talks": 0}


def test_a_day_is_the_readers_day(alice: User, olga: User) -> None:
    """Half past midnight in Moscow is yesterday in UTC."""
    Lab()
    restamp("lab")
    for minute in (59, 61):
        at = datetime(2026, 3, 9, 20, tzinfo=UTC) + timedelta(minutes=minute)
        make_deal(alice, pipeline="lab", now=at, contact=None)
    for zone, counts in ((MOSCOW, (1, 1)), (ZoneInfo("UTC"), (2, 0))):
        with timezone.override(zone):
            found = [
                sum(funnel.entries(ask_in_zone(olga, day)).values())
                for day in ("2026-03-09", "2026-03-10")
            ]
        assert tuple(found) == counts


def ask_in_zone(user: User, day: str) -> Question:
    data = MultiValueDict({"pipeline": ["lab"], "period": [day]})
    question = Filter(user=User.objects.get(pk=user.pk), now=NOON, data=data).question
    assert question
    return question


def test_tasks_and_talks_are_counted_for_whose_they_are(alice: User, bob: User, olga: User) -> None:
    deal, by = make_deal(alice, now=NOON), Actor.person(alice)
    due = NOON + timedelta(hours=1)
    made = [
        tasks.create_task(text=f"Дело {n}", due_at=due, owner=alice, deal=deal, by=by, now=NOON)
        for n in range(3)
    ]
    tasks.complete_task(made[0], result="да", by=by, now=NOON)
    tasks.complete_task(made[1], result="да", by=by, now=due + timedelta(hours=1))
    facts: list[dict[str, Any]] = [
        {"verb": "call.answered", "seconds": 90},
        {"verb": "call.answered", "seconds": 30, "incoming": True},
        {"verb": "call.missed"},
        {"verb": "message.sent"},
    ]
    for fact in facts:
        contacting.record_contact(deal, by=by, now=NOON, **fact)
    # Nobody is named: the responsible's.
    contacting.record_contact(
        deal, verb="call.unanswered", by=Actor(), now=NOON, delivered=True, incoming=False
    )
    # An outcome's rule puts a call on record; who pressed it has called.
    outcome = Rule.objects.filter(pipeline_id=deal.pipeline_id).first()
    assert outcome
    contacting.record_contact(
        deal, verb="call.unanswered", by=by.through(outcome.pk), now=NOON, incoming=False
    )
    with timezone.override(MOSCOW):
        question = ask(olga, pipeline="leads", period="2026-03-10")
        of_tasks = work.tasks(question)[alice.pk]
        assert (of_tasks["done"], of_tasks["late"]) == (2, 1)
        assert of_tasks["set"] == deal.tasks.count()
        row = {
            str(column.heading): cell.value
            for section in work.sections(question)
            if section.code == "talks"
            for column, cell in zip(section.table.columns, section.table.rows[0], strict=True)
        }
        assert list(row.values())[1:6] == [3, 1, 2, 1, timedelta(minutes=2)]
        assert work.talks(ask(olga, pipeline="leads", period="2026-03-10", who=str(bob.pk))) == {}


def test_violations_are_counted_with_what_became_of_them(
    alice: User, bob: User, olga: User
) -> None:
    deal = make_deal(alice, now=NOON)
    for number, culprit in enumerate((alice, alice, bob)):
        record(
            deal,
            clause="AX-2.1",
            culprit=culprit,
            occasion=f"t:{number}",
            text="",
            by=SYSTEM,
            now=NOON,
        )
    with timezone.override(MOSCOW):
        question = ask(olga, pipeline="leads", period="2026-03-10")
        assert breaches.counted(breaches.of(question), "culprit") == {
            alice.pk: (2, 0, 0),
            bob.pk: (1, 0, 0),
        }
        (by_clause, *_rest) = breaches.sections(question)
        asked = parse_qs(urlsplit(by_clause.table.rows[0][1].url).query)
        assert (asked["since"], asked["clause"]) == (["2026-03-10"], ["AX-2.1"])


def test_the_page_and_its_xlsx_are_one_table(year: list[User], olga: User, client: Client) -> None:
    client.force_login(olga)
    query = f"pipeline=lab&period={PERIOD}"
    page = client.get(f"/analytics/funnel/?{query}").content.decode()
    assert "data-chart" in page
    file = client.get(f"/analytics/funnel/stages-lab.xlsx?{query}").content
    heading, *rows = CalamineWorkbook.from_filelike(BytesIO(file)).get_sheet_by_index(0).to_python()
    with timezone.override(MOSCOW):
        (stages, *_rest) = funnel.sections(ask(olga, period=PERIOD))
    assert heading == [text for text, _width in stages.table.headings]
    for row, cells in zip(rows, stages.table.rows, strict=True):
        assert [row[0], row[1], row[2]] == [cell.value for cell in cells[:3]]
        assert f">{cells[1].value}</a>" in page or not cells[1].value


def test_several_are_asked_for_and_taken_away_one_by_one(
    alice: User, bob: User, olga: User, charlie: User, team: Team, client: Client
) -> None:
    client.force_login(olga)
    query = f"period=2026-03-10&who=t{team.pk}&who={alice.pk}&who={olga.pk}"
    page = client.get(f"/analytics/funnel/?{query}&arrival=call&arrival=form").content.decode()
    ticked = re.findall(r'type="checkbox" name="(\w+)" value="(\w+)" checked', page)
    people = {("who", f"t{team.pk}"), ("who", str(alice.pk)), ("who", str(olga.pk))}
    assert set(ticked) == people | {("arrival", "call"), ("arrival", "form")}
    chips = [parse_qs(unescape(text)) for text in re.findall(r'class="filter-chip" href="\?([^"]*)', page)]  # fmt: skip
    assert sorted(len(chip["who"]) for chip in chips) == [2, 2, 2, 3, 3]
    # The other reports ask the same: a team stays a team.
    (sales_url,) = re.findall(r'analytics-tab" href="(/analytics/sales/[^"]*)', page)
    assert {
        ("who", text) for text in parse_qs(urlsplit(unescape(sales_url)).query)["who"]
    } == people
    refused = client.get(f"/analytics/funnel/?who={alice.pk}&who={charlie.pk}")
    assert refused.status_code == 400
    assert charlie.last_name not in refused.content.decode()


@pytest.mark.parametrize(
    "query",
    ["period=nonsense", "since=x", "pipeline=none", "who=999999999999999999999", "who=t-1", "tag=%00", "arrival=x", "until=2026-01-01", "since=0001-01-01&until=9999-12-31"],
)  # fmt: skip
def test_an_address_that_makes_no_sense_is_said_to(olga: User, client: Client, query: str) -> None:
    client.force_login(olga)
    for page in ("", "funnel/", "calls/", "tasks/"):
        assert client.get(f"/analytics/{page}?{query}&page=x").status_code == (
            200 if "%00" in query else 400
        )
    assert client.get(f"/analytics/funnel/stages-leads.xlsx?{query}").status_code == 404
