"""The first two doors: the stage through the engine, records through `visible_to`.

Most of it reads the code, so that a new file can't go around a door unnoticed; the rest tries the handles.
The third door, what leaves the machine, is `test_outside`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from crm.models import Deal, User
from pipelines import catalog
from pipelines.door import GUARDED, WrongDoor
from tests.clauses.steps import fresh
from tests.factories import make_deal
from tests.pipelines.source import APPS, places, sources

# ── The first door: stage, status and pipeline of a deal ───────────────────────

# Where the columns are written, and the definition that is no deal's: rows of the regulation name stages too.
WRITERS = (
    "pipelines/engine.py",
    "pipelines/undoing.py",
    "crm/models/deal.py",
    "pipelines/door.py",
)


def test_only_the_engine_opens_the_door() -> None:
    found = []
    for name, tree in sources(*APPS, but=WRITERS):
        found += places(
            name,
            [
                node
                for node in ast.walk(tree)
                if (
                    isinstance(node, ast.Attribute)
                    and node.attr == "opened"
                    and _ends_with(node.value, "door")
                )
                or (
                    isinstance(node, ast.ImportFrom)
                    and node.module == "pipelines.door"
                    and _imports(node, "opened")
                )
                or (isinstance(node, ast.Attribute) and node.attr == "move_to")
            ],
        )
    assert found == []


def test_only_the_engine_writes_a_deals_stage_status_or_pipeline() -> None:
    found = []
    for name, tree in sources(*APPS, but=WRITERS):
        for node in ast.walk(tree):
            targets = (
                node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            )
            for target in targets:
                if (
                    isinstance(target, ast.Attribute)
                    and target.attr in GUARDED
                    and _names_a_deal(target.value)
                ):
                    found += places(name, [target])
            if (
                isinstance(node, ast.Call)
                and _called(node) == "setattr"
                and _names_a_deal(node.args[0])
            ):
                # DealValues sets only the built-in fields, none of which is guarded.
                found += places(name, [node]) if name != "crm/values.py" else []
            if isinstance(node, ast.Call) and _called(node) in (
                "update",
                "update_or_create",
                "bulk_update",
                "bulk_create",
            ):
                named = {keyword.arg for keyword in node.keywords} & GUARDED
                if (named or _called(node) != "update") and _of_model(node.func, "Deal"):
                    found += places(name, [node])
    assert found == []


def test_no_built_in_field_is_a_guarded_column() -> None:
    from pipelines import registry

    assert not GUARDED & set(registry.built_ins)


def test_no_sql_writes_deals() -> None:
    written = re.compile(
        r"(UPDATE|INSERT\s+INTO|DELETE\s+FROM|COPY)\s+\"?crm_deal\b", re.IGNORECASE
    )
    found = [
        f"{name}:{node.lineno}"
        # The demo of a data base that is empty yet, and the bench, load rows in bulk.
        for name, tree in sources(*APPS)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and written.search(node.value)
    ]
    assert found == []


def _ends_with(node: ast.expr, name: str) -> bool:
    return (isinstance(node, ast.Name) and node.id == name) or (
        isinstance(node, ast.Attribute) and node.attr == name
    )


def _imports(node: ast.ImportFrom, name: str) -> bool:
    return any(alias.name == name for alias in node.names)


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _names_a_deal(node: ast.expr) -> bool:
    """`deal`, `self.deal`, `sale`, … : what a variable that holds a deal is called here."""
    name = node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")
    return name in ("deal", "sale", "locked", "continuation", "fresh", "origin")


def _of_model(node: ast.expr, model: str) -> bool:
    """Whether the chain of calls begins at `Deal.objects` or `Deal._base_manager`."""
    return any(isinstance(part, ast.Name) and part.id == model for part in ast.walk(node))


@pytest.mark.parametrize("column", sorted(GUARDED))
def test_a_deal_is_not_saved_with_a_guarded_column(alice: User, column: str) -> None:
    deal = make_deal(alice)
    with pytest.raises(WrongDoor):
        deal.save(update_fields=["name", column])
    with pytest.raises(WrongDoor):
        deal.save()


def test_a_deal_is_not_created_past_the_door(alice: User) -> None:
    stage = catalog.by_code("leads").first_stage
    columns = {
        "name": "x", "owner": alice, "pipeline_id": stage.pipeline_id, "stage_id": stage.id,
        "stage_since": make_deal(alice).created_at, "created_at": make_deal(alice).created_at,
    }  # fmt: skip
    for create in (
        lambda: Deal.objects.create(**columns),
        lambda: Deal(**columns).save(force_insert=True),
        lambda: Deal.objects.get_or_create(name="y", defaults=columns),
        lambda: Deal.objects.bulk_create([Deal(**columns)]),
    ):
        with pytest.raises(WrongDoor):
            create()


def test_deals_are_not_updated_past_the_door(alice: User) -> None:
    deal = make_deal(alice)
    other = catalog.by_code("leads").stage_by_code["launched"]
    for update in (
        lambda: Deal.objects.update(stage=other.id),
        lambda: Deal.objects.filter(pk=deal.pk).update(status="won"),
        lambda: Deal.objects.filter(pk=deal.pk).update(name="x", stage_id=other.id),
        lambda: deal.contact.deals.update(status="won"),
        lambda: Deal.objects.bulk_update([deal], ["pipeline"]),
        lambda: Deal.objects.update_or_create(pk=deal.pk, defaults={"stage_id": other.id}),
    ):
        with pytest.raises(WrongDoor):
            update()
    assert (fresh(deal).stage.code, fresh(deal).status) == ("new", "open")


def test_the_status_is_not_even_assigned(alice: User) -> None:
    with pytest.raises(AttributeError):
        make_deal(alice).status = "won"


def test_other_columns_are_saved_freely(alice: User) -> None:
    deal = make_deal(alice)
    deal.name = "Иначе"
    deal.save(update_fields=["name"])
    Deal.objects.filter(pk=deal.pk).update(budget=5)
    assert (fresh(deal).name, fresh(deal).budget) == ("Иначе", 5)


# ── The second door: what a person sees ────────────────────────────────────────

RECORDS = (
    "Deal",
    "Task",
    "Contact",
    "Company",
    "Message",
    "Delivery",
    "Invoice",
    "Payment",
    "Violation",
    "Override",
)
PAGES = (
    "crm/analytics",
    "crm/board",
    "crm/bulk",
    "crm/card",
    "crm/clients/card.py",
    "crm/clients/client_deals.py",
    "crm/clients/feed.py",
    "crm/clients/suspects.py",
    "crm/day",
    "crm/desktop",
    "crm/export",
    "crm/filters",
    "crm/forms.py",
    "crm/goals",
    "crm/imports/kind.py",
    "crm/lists",
    "crm/live",
    "crm/moveforms.py",
    "crm/planning/bulk.py",
    "crm/planning/calendar.py",
    "crm/planning/export.py",
    "crm/planning/listing.py",
    "crm/profile",
    "crm/registers/asking.py",
    "crm/registers/clause_log.py",
    "crm/registers/control.py",
    "crm/search.py",
    "crm/shown",
    "crm/views",
    "licenses/day.py",
    "licenses/panel.py",
    "licenses/views.py",
    "notifications/views.py",
)


def _chains(tree: ast.Module) -> Iterator[tuple[ast.Attribute, str, set[str]]]:
    """Each `Model.objects` with the names of the methods called on it, and of their keywords (`deal=`)."""
    parents = {child: parent for parent in ast.walk(tree) for child in ast.iter_child_nodes(parent)}
    for node in ast.walk(tree):
        if not (
            isinstance(node, ast.Attribute)
            and node.attr in ("objects", "_base_manager", "_default_manager")
        ):
            continue
        if not (isinstance(node.value, ast.Name) and node.value.id in RECORDS):
            continue
        called, top = set(), parents.get(node)
        while isinstance(top, (ast.Attribute, ast.Call)):
            if isinstance(top, ast.Attribute):
                called.add(top.attr)
            else:
                called |= {f"{keyword.arg}=" for keyword in top.keywords}
            top = parents.get(top)
        yield node, node.value.id, called


# Subqueries on people that narrow deals which `visible_to` gave; nothing of these rows is shown.
NARROWING = {
    (page, model)
    for page in ("crm/search.py", "crm/filters/text.py", "crm/lists/asked.py")
    for model in ("Contact", "Company")
}
# What is shown of records that the page has found through `visible_to`: marks of its deals, tasks of its client and of
# his deals, the deliveries of a deal with those of the sale that it continues.
SEEN_ALREADY = {
    # Counted, not shown, and only of one's own people.
    ("crm/analytics/work.py", "Task"),
    # What stands on stages that the reader does not see is left out of the count.
    ("crm/analytics/asking.py", "Deal"),
    # Locked before its task, which was found; nothing of it is shown.
    ("crm/planning/bulk.py", "Deal"),
    ("crm/clients/card.py", "Task"),
    ("crm/shown/board_fields.py", "Deal"),
    ("crm/shown/delivery_panel.py", "Deal"),
    ("crm/shown/delivery_panel.py", "Delivery"),
    ("crm/shown/payment_panel.py", "Deal"),
}


def test_pages_find_records_through_visible_to() -> None:
    found = []
    for page in PAGES:
        for name, tree in sources(page):
            found += [
                f"{name}:{node.lineno}"
                for node, model, called in _chains(tree)
                # What belongs to a deal that was found is seen with it.
                if not {"visible_to", "deal=", "deal__in="} & called
                and (name, model) not in SEEN_ALREADY
                and not ((name, model) in NARROWING and called <= {"filter", "order_by", "values"})
            ]
    assert found == []


def test_pages_fetch_no_record_by_its_bare_class() -> None:
    """`get_object_or_404(Deal, …)` would show a stranger's deal."""
    found = []
    for page in PAGES:
        for name, tree in sources(page):
            found += places(
                name,
                [
                    node
                    for node in ast.walk(tree)
                    if isinstance(node, ast.Call)
                    and _called(node) in ("get_object_or_404", "get_list_or_404")
                    and isinstance(node.args[0], ast.Name)
                    and node.args[0].id in RECORDS
                ],
            )
    assert found == []


def test_the_scan_would_see_a_way_around() -> None:
    (found,) = _chains(
        ast.parse("def view(request): return Deal.objects.filter(pk=1).order_by('name')")
    )
    assert found[2] == {"filter", "order_by", "pk="}
    (found,) = _chains(ast.parse("Deal.objects.visible_to(user).get(pk=1)"))
    assert "visible_to" in found[2]
