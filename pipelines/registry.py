"""What rules can be made of: guards, actions, events and dates, each one decorated function in its app.

A guard answers None (it holds) or a sentence (why not); as a requirement the sentence refuses the move, as a
condition it says why the rule did not run. An action does one thing and returns what it did as plain JSON data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.utils.functional import Promise
from django.utils.text import format_lazy

from pipelines.params import ParamsForm


@dataclass(frozen=True)
class Guard:
    """`check(context, params)` returns None, or a `No` with the sentence and the fields that would lift it."""

    name: str
    label: str | Promise
    form: type[ParamsForm]
    check: Callable[[Any, Any], No | None]
    # Asks for fields alone: a move over the stage asks this guard too, and no other.
    of_fields: bool = False

    def words(self, params: dict[str, Any], pipeline: Any) -> str:
        return _words(self, params, pipeline)


@dataclass(frozen=True)
class Action:
    """`run(context, params)` acts and returns a JSON-able dict. `moves`: it changes the stage, so it runs last."""

    name: str
    label: str | Promise
    form: type[ParamsForm]
    run: Callable[[Any, Any], dict[str, Any] | None]
    moves: bool

    def words(self, params: dict[str, Any], pipeline: Any) -> str:
        return _words(self, params, pipeline)


@dataclass(frozen=True)
class No:
    """A guard's answer «it does not hold»."""

    message: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verb:
    """A kind of event: what the feed calls it, its icon, and whether `on:` rules may hear it."""

    name: str
    label: str | Promise
    icon: str = "point"


@dataclass(frozen=True)
class DateSource:
    """A date of a deal that rules count from; `read(deal)` returns an aware datetime or None.

    `relation` names the one-to-one row of the deal that it is read from: batches of deals bring it along.
    """

    name: str
    label: str | Promise
    read: Callable[[Any], datetime | None]
    relation: str = ""


@dataclass(frozen=True)
class BuiltIn:
    """A field that the record has of itself; rules and forms name it by code like any other."""

    code: str
    label: str | Promise
    type: str
    # Known to rules and shown to people; written by the system alone.
    read_only: bool = False


@dataclass(frozen=True)
class Section:
    """A part of `company.yaml` that an app of ours holds (letter templates, say), under the key `name`.

    `check(rows, folder)` returns the problems of what stands under the key, without touching the database;
    `load(playbook_code, folder, rows, now)` makes the app's rows be these, inside the caller's transaction, and
    writes nothing where they already are; `export(playbook_code)` returns the rows as plain data, in a stable
    order, or nothing. `folder` is the playbook's own, for files that the rows name.
    """

    name: str
    check: Callable[[Any, Path], Iterable[str]]
    load: Callable[[str, Path, Any, datetime], None]
    export: Callable[[str], Any]


guards: dict[str, Guard] = {}
actions: dict[str, Action] = {}
verbs: dict[str, Verb] = {}
date_sources: dict[str, DateSource] = {}
built_ins: dict[str, BuiltIn] = {}
sections: dict[str, Section] = {}
# Functions that list (code, label) of the letter templates; `notifications` adds its own.
template_sources: list[Callable[[], list[tuple[str, str]]]] = []


def guard(
    name: str, *, label: str | Promise, form: type[ParamsForm] = ParamsForm, of_fields: bool = False
) -> Callable[..., Any]:
    def register(check: Callable[[Any, Any], No | None]) -> Callable[[Any, Any], No | None]:
        _add(guards, name, Guard(name, label, form, check, of_fields))
        return check

    return register


def action(
    name: str, *, label: str | Promise, form: type[ParamsForm] = ParamsForm, moves: bool = False
) -> Callable[..., Any]:
    def register(
        run: Callable[[Any, Any], dict[str, Any] | None],
    ) -> Callable[[Any, Any], dict[str, Any] | None]:
        _add(actions, name, Action(name, label, form, run, moves))
        return run

    return register


def event(name: str, *, label: str | Promise, icon: str = "point") -> str:
    """Register a verb and return its name, so that callers hold a constant."""
    _add(verbs, name, Verb(name, label, icon))
    return name


def date_source(name: str, *, label: str | Promise, relation: str = "") -> Callable[..., Any]:
    def register(read: Callable[[Any], datetime | None]) -> Callable[[Any], datetime | None]:
        _add(date_sources, name, DateSource(name, label, read, relation))
        return read

    return register


def date_relations() -> list[str]:
    """What a query of deals joins so that reading their dates costs nothing more."""
    return sorted({source.relation for source in date_sources.values() if source.relation})


def built_in(code: str, *, label: str | Promise, type: str, read_only: bool = False) -> None:
    _add(built_ins, code, BuiltIn(code, label, type, read_only))


def section(section: Section) -> None:
    _add(sections, section.name, section)


def _add(table: dict[str, Any], name: str, entry: Any) -> None:
    if name in table:
        raise ValueError(f"{name!r} is registered twice")
    table[name] = entry


def _words(entry: Guard | Action, params: dict[str, Any], pipeline: Any) -> str:
    """The entry in words, for people: its label and its parameters as their form shows them."""
    from pipelines.saying import say_value

    form = entry.form(params, pipeline=pipeline)
    form.is_valid()
    said = [
        text
        for field in form
        if (text := say_value(field, form.cleaned_data.get(field.name), pipeline))
    ]
    return str(format_lazy("{}: {}", entry.label, ", ".join(said)) if said else entry.label)
