"""A playbook's folder: `company.yaml` and one file a pipeline."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from django.utils.translation import gettext as _

from pipelines.errors import PlaybookError

from .company import CompanySpec, parse_company
from .cursor import Problems
from .parsing import parse_pipeline
from .reading import COMPANY, Map, Unreadable, read
from .specs import PipelineSpec, Place

SHIPPED = Path(__file__).resolve().parent.parent / "playbooks"


@dataclass
class Book:
    folder: Path
    company: CompanySpec
    pipelines: list[PipelineSpec] = field(default_factory=list)


def read_book(folder: Path) -> tuple[Book, Problems]:
    """The playbook as far as it can be understood, and what can't be. Touches no database."""
    problems = Problems()
    data = _read(folder / COMPANY, problems)
    company = CompanySpec("", "") if problems else parse_company(data, problems=problems)
    book = Book(folder, company)
    schedule = company.schedule.code if company.schedule else ""
    files = [path for path in sorted(folder.glob("*.yaml")) if path.name != COMPANY]
    if not files:
        problems.add(Place(str(folder)), _("the playbook has no pipeline"))
    for path in files:
        before = len(problems)
        data = _read(path, problems)
        if len(problems) == before:
            book.pipelines.append(
                parse_pipeline(data, file=path.name, problems=problems, schedule=schedule)
            )
    return book, problems


def _read(path: Path, problems: Problems) -> object:
    try:
        return read(path)
    except Unreadable as error:
        for line, sentence in error.problems:
            problems.add(Place(path.name, line), sentence)
    return Map(0)


def find(name: str, root: Path | None = None) -> Path:
    """The folder of a playbook named by its path or by its folder's name under `root`. Errors: PlaybookError."""
    root = root or SHIPPED
    for folder in (root / name, Path(name)):
        if (folder / COMPANY).is_file():
            return folder
    raise PlaybookError(
        [
            _("No playbook “%(name)s”: neither %(folder)s nor a path with a company.yaml.")
            % {"name": name, "folder": root / name}
        ]
    )


def shipped(root: Path | None = None) -> list[Path]:
    """The folders of all playbooks under `root`, by name."""
    return sorted(path.parent for path in (root or SHIPPED).glob(f"*/{COMPANY}"))
