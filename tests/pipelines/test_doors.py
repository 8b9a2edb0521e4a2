"""The three doors: the stage through the engine, records through `visible_to`, the world through the outbox.

The first half reads the code, so that a new file can't go around a door unnoticed; the second half tries the handles.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from crm.models import Deal, User
from pipelines import catalog
from pipelines.door import GUARDED, WrongDoor
from pipelines.playbook.books import read_book, shipped
from tests.clauses.steps import fresh
from tests.factories import make_deal

ROOT = Path(__file__).parents[2]
APPS = ("pipelines", "crm", "notifications", "licenses", "config")


def sources(*folders: str, but: tuple[str, ...] = ()) -> Iterator[tuple[str, ast.Module]]:
    for folder in folders:
        for path in (
            sorted(ROOT.joinpath(folder).rglob("*.py"))
            if ROOT.joinpath(folder).is_dir()
            else [ROOT / folder]
        ):
            name = path.relative_to(ROOT).as_posix()
            if "/migrations/" not in name and not name.startswith(but):
                yield name, ast.parse(path.read_text(encoding="utf-8"), name)


def places(name: str, nodes: list[ast.AST]) -> list[str]:
    return [f"{name}:{node.lineno}" for node in nodes]


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
PAGES = ("crm/views", "crm/analytics", "crm/day", "crm/desktop", "crm/board.py", "crm/table.py", "crm/search.py", "crm/forms.py", "crm/moveforms.py", "crm/card/page.py",
         "crm/cards.py", "crm/planning/listing.py", "crm/planning/calendar.py", "crm/planning/export.py", "crm/planning/bulk.py", "crm/bulk", "crm/clients/suspects.py", "crm/filters", "crm/clients/card.py", "crm/clients/client_deals.py", "crm/clients/feed.py", "crm/card/mentions.py",
         "crm/lists", "crm/export", "crm/views/lists.py", "crm/control.py", "crm/card/actions.py", "crm/shown/delivery_panel.py", "crm/shown/invoice_panel.py",
         "crm/shown/payment_panel.py", "crm/shown/violation_panel.py", "crm/shown/warning_panel.py", "licenses/panel.py",
         "crm/live", "crm/profile", "licenses/views.py", "licenses/day.py", "notifications/views.py")  # fmt: skip


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
    for page in ("crm/search.py", "crm/filters/text.py", "crm/lists/asking.py")
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
    ("crm/shown/delivery_panel.py", "Deal"),
    ("crm/shown/delivery_panel.py", "Delivery"),
    ("crm/shown/payment_panel.py", "Deal"),
}


def test_pages_find_records_through_visible_to() -> None:
    found = []
    for page in PAGES:
        if not ROOT.joinpath(page).exists():
            continue
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
        if not ROOT.joinpath(page).exists():
            continue
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


# ── The third door: what leaves the machine ────────────────────────────────────

OUTSIDE = {
    "smtplib",
    "requests",
    "httpx",
    "urllib3",
    "aiohttp",
    "urllib.request",
    "http.client",
    "ftplib",
    "telnetlib",
}
MAIL = "django.core.mail"
# Django's own senders of letters, by method or by class.
SENDERS = {
    "email_user",
    "send_mail",
    "send_mass_mail",
    "send_messages",
    "mail_admins",
    "mail_managers",
    "PasswordResetForm",
    "PasswordResetView",
    "AdminEmailHandler",
}
# Nothing but the channels sends.
MAY_SEND = ("notifications/channels/",)
# The supervisor asks its own web server whether it is up; it knows no other address.
ASKS_ITSELF = {("config/run.py", "urllib.request")}


def _leaving(tree: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    """Where the code could speak to the outside, and by what."""
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            names = [module, *(f"{module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Attribute):
            names = [node.attr]
        for name in names:
            if (
                name in OUTSIDE
                or name.startswith(tuple(f"{module}." for module in (*OUTSIDE, MAIL)))
                or name == MAIL
                or name.rsplit(".", 1)[-1] in SENDERS
            ):
                yield node, name
                break


def test_what_leaves_the_machine_goes_through_the_outbox() -> None:
    found = []
    for name, tree in sources(*APPS, but=MAY_SEND):
        found += [
            f"{name}:{getattr(node, 'lineno', 0)} {by}"
            for node, by in _leaving(tree)
            if (name, by) not in ASKS_ITSELF
        ]
    assert found == []


@pytest.mark.parametrize(
    "code",
    [
        "from django.core.mail import send_mail",
        "from django.core.mail import EmailMessage as Letter",
        "from django.core import mail",
        "import django.core.mail",
        "from django.core.mail.backends.smtp import EmailBackend",
        "import smtplib",
        "from smtplib import SMTP",
        "from urllib import request",
        "from http import client",
        "import urllib3.util",
        "user.email_user('a', 'b')",
        "from django.contrib.auth import views\nclass Reset(views.PasswordResetView): ...",
        "from django.contrib.auth.forms import PasswordResetForm",
    ],
)
def test_the_scan_would_see_a_letter_that_goes_around_the_outbox(code: str) -> None:
    assert len(list(_leaving(ast.parse(code)))) == 1


def test_the_scan_sees_how_the_channels_send() -> None:
    assert any(list(_leaving(tree)) for _name, tree in sources("notifications/channels"))


def test_a_fault_writes_no_letter_to_administrators(settings) -> None:
    """Django's own logging mails errors, with what was in the request, to whoever is named here."""
    assert list(settings.ADMINS) == list(settings.MANAGERS) == []


# ── No regulation in the code ──────────────────────────────────────────────────


def _names_of_the_playbooks() -> set[str]:
    """Names of companies, pipelines and stages that ship; short everyday words would be found everywhere."""
    found = set()
    for folder in shipped():
        book, problems = read_book(folder)
        assert problems == []
        found.add(book.company.name)
        for pipeline in book.pipelines:
            found |= {pipeline.name, *(stage.name for stage in pipeline.stages)}
    return {name for name in found if len(name) > 3}


def test_the_code_knows_no_company_pipeline_or_stage_by_name() -> None:
    names = _names_of_the_playbooks()
    assert {"###CRM###", "Axelerator", "Квалифицирован"} <= names
    # Of every company that ships, of those to come too.
    assert {read_book(folder)[0].company.name for folder in shipped()} <= names
    word = re.compile("|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in sorted(names)))
    skipped = ("/migrations/", "/playbooks/", "/demo/", "/tests/", "/vendor/", "/dist/")
    found = []
    for folder, endings in {
        **dict.fromkeys(APPS, (".py",)),
        "templates": (".html", ".jinja", ".txt"),
        "static": (".js",),
    }.items():
        for path in sorted(ROOT.joinpath(folder).rglob("*")):
            name = path.relative_to(ROOT).as_posix()
            if (
                path.suffix not in endings
                or any(part in f"/{name}" for part in skipped)
                or name.endswith(".min.js")
            ):
                continue
            text = (
                _without_docstrings(path)
                if path.suffix == ".py"
                else path.read_text(encoding="utf-8")
            )
            found += [f"{name}: {match.group()}" for match in word.finditer(text)]
    assert found == []


def test_the_code_knows_no_company_by_its_code() -> None:
    codes = {folder.name for folder in shipped()}
    found = [
        f"{name}: {node.value}"
        # A trial run has to begin with one of them.
        for name, tree in sources(*APPS, but=("config/run.py",))
        if "/demo/" not in f"/{name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and node.value in codes
    ]
    assert found == []


def _without_docstrings(path: Path) -> str:
    """The string constants of a module but its docstrings, which may say what a thing is for."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    told = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    return "\n".join(
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told
    )
