"""YAML as playbooks are written in it: from text to plain data that remembers its lines, and back to text."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

COMPANY = "company.yaml"
TOO_DEEP = 40


class Map(dict[str, Any]):
    """A mapping that knows the line of each of its keys."""

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line, self.lines = line, dict[str, int]()


class Rows(list[Any]):
    """A list that knows the line of each of its items."""

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line, self.lines = line, list[int]()


class Unreadable(ValueError):
    """Text that is no playbook YAML; `problems` are (line, sentence)."""

    def __init__(self, problems: list[tuple[int, str]]) -> None:
        self.problems = problems
        super().__init__("; ".join(f"line {line}: {text}" for line, text in problems))


def _resolve(*classes: Any) -> None:
    # YAML 1.1 reads `on`, `no`, 2026-01-05 and 10:30 as booleans, a date and a number. Here only
    # true/false, null and plain numbers are more than text; the dumper quotes by the same table.
    for cls in classes:
        cls.yaml_implicit_resolvers = {}
        for tag, pattern, first in (
            ("bool", r"^(?:true|True|false|False)$", "tTfF"),
            ("null", r"^(?:~|null|)$", ["~", "n", ""]),
            ("int", r"^-?(?:0|[1-9][0-9]{0,17})$", "-0123456789"),
            ("float", r"^-?[0-9]{1,15}\.[0-9]{1,15}$", "-0123456789"),
        ):
            cls.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern), list(first))


class _Loader(yaml.SafeLoader):
    pass


class _Dumper(yaml.SafeDumper):
    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        # Items stand two columns in from their key, as people write them.
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


_resolve(_Loader, _Dumper)


def parse(text: str) -> Any:
    """The text as Map, Rows and scalars. Errors: Unreadable."""
    loader = _Loader(text)
    problems: list[tuple[int, str]] = []
    try:
        node = loader.get_single_node()
        found = _build(loader, node, problems) if node is not None else None
    except Unreadable:
        raise
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise Unreadable([(mark.line + 1 if mark else 1, error.problem or str(error))]) from error
    except (yaml.YAMLError, ValueError) as error:
        raise Unreadable([(1, str(error))]) from error
    finally:
        loader.dispose()  # type: ignore[no-untyped-call]
    if problems:
        raise Unreadable(problems)
    return found


def _build(loader: _Loader, node: Any, problems: list[tuple[int, str]], depth: int = 0) -> Any:
    line = node.start_mark.line + 1
    if depth > TOO_DEEP:
        raise Unreadable([(line, "nested too deeply")])
    if isinstance(node, yaml.SequenceNode):
        rows = Rows(line)
        for item in node.value:
            rows.append(_build(loader, item, problems, depth + 1))
            rows.lines.append(item.start_mark.line + 1)
        return rows
    if isinstance(node, yaml.MappingNode):
        found = Map(line)
        for key_node, value_node in node.value:
            key, at = key_node.value, key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                problems.append((at, "a key must be a word"))
            elif key in found:
                problems.append(
                    (at, f"the key “{key}” stands here twice (first on line {found.lines[key]})")
                )
            else:
                found[key] = _build(loader, value_node, problems, depth + 1)
                found.lines[key] = at
        return found
    if node.tag.rpartition(":")[2] not in ("str", "bool", "null", "int", "float"):
        raise Unreadable([(line, f"the tag {node.tag} is not used in playbooks")])
    return loader.construct_object(node)  # type: ignore[no-untyped-call]


def read(path: Path) -> Any:
    """The file's content. Errors: Unreadable."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise Unreadable([(1, "the file is not UTF-8 text")]) from error
    except OSError as error:
        raise Unreadable([(1, error.strerror or str(error))]) from error
    return parse(text)


def plain(value: Any) -> Any:
    """The same without line numbers: dicts, lists and scalars."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def dump(data: Any) -> str:
    """Plain data as playbook YAML: in its own order, Cyrillic as it is, short lists on one line."""
    return str(
        yaml.dump(
            data,
            Dumper=_Dumper,
            allow_unicode=True,
            sort_keys=False,
            default_flow_style=False,
            width=110,
        )
    )


def _text(dumper: yaml.SafeDumper, data: str) -> Any:
    style = "|" if "\n" in data.strip("\n") else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", data, style=style)


def _rows(dumper: yaml.SafeDumper, data: list[Any]) -> Any:
    short = (
        not any(isinstance(item, (dict, list)) or "\n" in str(item) for item in data)
        and len(str(data)) < 90
    )
    return dumper.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=short)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(list, _rows)
_Dumper.add_representer(
    type(None), lambda dumper, _data: dumper.represent_scalar("tag:yaml.org,2002:null", "null")
)
