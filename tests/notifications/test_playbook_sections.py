"""Letter templates in a playbook: checked, loaded, exported."""

from __future__ import annotations

from pathlib import Path

import pytest

from notifications.models import Template
from notifications.playbook_sections import check, export, load
from pipelines.errors import PlaybookError
from tests.factories import NOON

ROWS = [
    {
        "template": "first",
        "name": "Первое",
        "subject": "Тема {deal}",
        "body": "Здравствуйте, {contact}!\n",
        "files": ["a.pdf", "б.pdf"],
    },
    {"template": "second", "name": "Второе", "body": "<p>{signature}</p>"},
    {"template": "third", "kind": "sms", "name": "Третье", "body": "{contact}!"},
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a.pdf").write_bytes(b"a")
    (tmp_path / "files" / "б.pdf").write_bytes("б".encode())
    (tmp_path / "secret.txt").write_text("x")
    return tmp_path


def test_good_rows_have_no_problems(folder: Path) -> None:
    assert list(check(ROWS, folder)) == []


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("text", "список"),
        ([{"name": "x"}], "1"),
        ([{"template": "x", "name": "x", "boddy": "y"}], "boddy"),
        ([{"template": "x", "name": "x", "body": "{contcat}"}], "contcat"),
        ([{"template": "x", "name": "x", "subject": "a\nb"}], "x: subject"),
        ([{"template": "x y", "name": "x"}], "code"),
        ([{"template": "x"}], "name"),
        ([{"template": "x", "name": "x"}, {"template": "x", "name": "x"}], "x: "),
        ([{"template": "x", "name": "x", "files": ["no.pdf"]}], "no.pdf"),
        ([{"template": "x", "name": "x", "files": ["../secret.txt"]}], "../secret.txt"),
        ([{"template": "x", "name": "x", "files": "a.pdf"}], "files"),
        ([{"template": "x", "name": "x", "kind": "fax"}], "kind"),
        ([{"template": "x", "name": "x", "kind": "sms"}], "body"),
        ([{"template": "x", "name": "x", "kind": "sms", "body": "т", "subject": "т"}], "subject"),
        (
            [{"template": "x", "name": "x", "kind": "chat", "body": "т", "files": ["a.pdf"]}],
            "files",
        ),
    ],
)
def test_each_fault_is_said_with_its_template(folder: Path, rows: object, said: str) -> None:
    [problem] = check(rows, folder)
    assert said in problem


def test_what_was_loaded_is_exported(db: None, folder: Path) -> None:
    load("book", folder, ROWS, NOON)
    assert export("book") == ROWS
    first = Template.objects.get(code="first")
    assert [file.file.read().decode() for file in first.files.all()] == ["a", "б"]


def test_loading_twice_writes_nothing(db: None, folder: Path, django_assert_num_queries) -> None:
    load("book", folder, ROWS, NOON)
    stored = [file.file.name for file in Template.objects.get(code="first").files.all()]
    # The templates, the files of each, and the statement that switches off what is gone.
    with django_assert_num_queries(5):
        load("book", folder, ROWS, NOON)
    assert [file.file.name for file in Template.objects.get(code="first").files.all()] == stored


def test_what_is_gone_from_the_playbook_is_switched_off_and_what_changed_is_changed(
    db: None, folder: Path
) -> None:
    load("book", folder, ROWS, NOON)
    (folder / "files" / "a.pdf").write_bytes(b"new")
    load("book", folder, [ROWS[0] | {"body": "Иначе", "files": ["a.pdf"]}], NOON)
    first, second = Template.objects.get(code="first"), Template.objects.get(code="second")
    assert (first.body, second.is_active) == ("Иначе", False)
    assert [(file.name, file.file.read()) for file in first.files.all()] == [("a.pdf", b"new")]
    load("book", folder, ROWS, NOON)
    assert export("book") == ROWS


def test_a_code_of_another_playbook_is_refused(db: None, folder: Path) -> None:
    load("book", folder, ROWS, NOON)
    with pytest.raises(PlaybookError, match="first"):
        load("other", folder, ROWS, NOON)


def test_the_templates_of_axelerator_are_there(axelerator: None) -> None:
    assert Template.objects.get(code="send_base_kp").files.count() == 2
