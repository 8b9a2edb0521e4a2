"""The regulation as text: playbooks read, checked, loaded, exported and compared.

The format is described in `docs/playbooks.md`; a playbook is a folder with `company.yaml` and one file a pipeline.
"""

from .books import Book, find, read_book, shipped
from .checking import check
from .editions import diff, rollback, save_edition
from .exporting import export
from .loading import LoadReport, PipelineChange, load
from .reading import dump, parse

__all__ = [
    "Book",
    "LoadReport",
    "PipelineChange",
    "check",
    "diff",
    "dump",
    "export",
    "find",
    "load",
    "parse",
    "read_book",
    "rollback",
    "save_edition",
    "shipped",
]
