"""Translations without GNU gettext: `python -m config.messages extract|check|compile`.

Source strings are English, locale/ru has the Russian. Django's makemessages and
compilemessages call programs that a fresh machine lacks; Babel does the same in Python.
The .mo files are made from the .po at set-up and at the start of a test run, not committed.
"""

import ast
import io
import re
import sys
import tokenize
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract, extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
LANGUAGES = ("ru",)
# In the header of every .po; the true date would change with every run.
NO_DATE = datetime(2026, 1, 1, tzinfo=UTC)
PYTHON_FOLDERS = ("config", "crm", "licenses", "notifications", "pipelines")
TEMPLATE_FOLDERS = ("templates", "*/templates")
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
# For Jinja2: as in config/jinja2.py, or a text over several lines would not be the same.
OPTIONS = {"trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}
CALL = re.compile(r"(?<![\w.])(_|n?p?gettext)\((?=u?['\"])")


def template() -> Catalog:
    """Every source string in code and templates."""
    catalog = Catalog(project="Reglament", charset="utf-8")
    for path, method in _sources():
        if method is extract_python:
            _refuse_hidden(path)
        try:
            found = list(
                extract(method, io.BytesIO(path.read_bytes()), KEYWORDS, ["NOTE:"], OPTIONS)
            )
        except (SyntaxError, tokenize.TokenError) as error:
            raise SystemExit(f"{path}: {error}") from error
        for _line, message, comments, context in found:
            place = (str(path.relative_to(ROOT)), 0)
            catalog.add(message, locations=[place], auto_comments=comments, context=context)
    return catalog


def _refuse_hidden(path: Path) -> None:
    """Babel reads no calls inside an f-string before Python 3.12: such a text would never be translated."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.JoinedStr):
            calls = (part.func for part in ast.walk(node) if isinstance(part, ast.Call))
            if any(isinstance(name, ast.Name) and name.id in KEYWORDS for name in calls):
                raise SystemExit(f"{path}:{node.lineno}: a text to translate inside an f-string")


def _sources() -> Iterator[tuple[Path, str | Callable[..., Any]]]:
    for folder in PYTHON_FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path, extract_python
    for pattern in TEMPLATE_FOLDERS:
        for folder_path in sorted(ROOT.glob(pattern)):
            for path in sorted(folder_path.rglob("*")):
                if path.suffix in {".html", ".txt", ".jinja", ".j2"}:
                    yield path, "jinja2" if "jinja2" in path.parts else extract_django


def extract_django(
    file: io.BytesIO, keywords: object, tags: object, options: object
) -> Iterator[tuple[int, str, object, list[str]]]:
    """Babel's way to read a Django template.

    Django turns its tags into calls of gettext between blotted-out text; that is no Python
    (xgettext does not mind), so each call is read by itself.
    """
    from django.utils.translation.template import templatize

    source = templatize(file.read().decode())
    for call in CALL.finditer(source):
        arguments: list[str] = [""]
        depth = 0
        for token in tokenize.generate_tokens(io.StringIO(source[call.end() - 1 :]).readline):
            if token.type == tokenize.STRING and depth == 1:
                # A literal that Django itself wrote down with repr().
                arguments[-1] += _literal(token.string)
            elif token.string == "," and depth == 1:
                arguments.append("")
            elif token.string == "(":
                depth += 1
            elif token.string == ")":
                depth -= 1
                if depth == 0:
                    break
        line = source.count("\n", 0, call.start()) + 1
        values = tuple(argument or None for argument in arguments)
        yield line, call[1], values if len(values) > 1 else values[0], []


def _literal(text: str) -> str:
    return str(ast.literal_eval(text))


def _po(language: str) -> Path:
    return ROOT / "locale" / language / "LC_MESSAGES" / "django.po"


def _read(language: str) -> Catalog:
    path = _po(language)
    if not path.exists():
        return Catalog(locale=language, project="Reglament", charset="utf-8")
    with path.open("rb") as file:
        return read_po(file, locale=language)


def update() -> None:
    """Brings the .po files up to what the code says; what is there already is kept."""
    source = template()
    for language in LANGUAGES:
        catalog = _read(language)
        # No guesses from similar strings: a wrong translation is worse than a missing one.
        catalog.update(source, no_fuzzy_matching=True)
        path = _po(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            catalog.creation_date = catalog.revision_date = NO_DATE
            # Nor line numbers, which change with every commit.
            write_po(file, catalog, width=100, sort_output=True, include_lineno=False)


def missing() -> dict[str, list[tuple[str, str]]]:
    """Per language the source strings without a translation, with a file that has each."""
    source = template()
    found: dict[str, list[tuple[str, str]]] = {}
    for language in LANGUAGES:
        catalog = _read(language)
        for message in source:
            if not message.id:
                continue
            key = message.id if isinstance(message.id, str) else message.id[0]
            translated = catalog.get(key, message.context)
            words = translated.string if translated and not translated.fuzzy else ""
            if not words or (isinstance(words, (tuple, list)) and not all(words)):
                found.setdefault(language, []).append((message.locations[0][0], key))
    return found


def compile_stale() -> list[Path]:
    """Makes each .mo that is older than its .po; returns those made."""
    made = []
    for po in sorted((ROOT / "locale").glob("*/LC_MESSAGES/*.po")):
        mo = po.with_suffix(".mo")
        if mo.exists() and mo.stat().st_mtime_ns >= po.stat().st_mtime_ns:
            continue
        with po.open("rb") as file:
            catalog = read_po(file, locale=po.parts[-3])
        draft = mo.with_suffix(".tmp")
        with draft.open("wb") as out:
            write_mo(out, catalog)
        draft.replace(mo)
        made.append(mo)
    return made


def main(action: str) -> int:
    if action == "extract":
        update()
    elif action == "compile":
        for path in compile_stale():
            print(path.relative_to(ROOT))
    elif action == "check":
        found = missing()
        for language, messages in found.items():
            print(f"{len(messages)} strings have no translation into {language}:")
            for place, message in messages:
                print(f"  {place}: {message!r}")
        return 1 if found else 0
    else:
        print(__doc__)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else ""))
