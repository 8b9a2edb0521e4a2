"""Rules that would move a deal in a circle the moment it enters a stage."""

from __future__ import annotations

from collections.abc import Iterator

from pipelines import registry
from pipelines.params import StageField

from .specs import PipelineSpec, RuleSpec

Edge = tuple[str, RuleSpec]


def circles(spec: PipelineSpec) -> Iterator[tuple[list[str], list[RuleSpec]]]:
    """Each circle of immediate moves once: its stages, the first also last, and the rules that make it.

    Conditions are not weighed: they look at the same deal a moment later, so what let it go may let it back.
    """
    edges = _edges(spec)
    seen: set[frozenset[str]] = set()

    def walk(path: list[str], rules: list[RuleSpec]) -> Iterator[tuple[list[str], list[RuleSpec]]]:
        for target, rule in edges.get(path[-1], ()):
            if target in path:
                start = path.index(target)
                circle = frozenset(path[start:])
                if circle not in seen:
                    seen.add(circle)
                    yield [*path[start:], target], [*rules[start:], rule]
            elif target not in done:
                yield from walk([*path, target], [*rules, rule])

    done: set[str] = set()
    for stage in edges:
        yield from walk([stage], [])
        done.add(stage)


def _edges(spec: PipelineSpec) -> dict[str, list[Edge]]:
    """From each stage to where its rules move a deal at once."""
    stages = [stage.code for stage in spec.stages]
    found: dict[str, list[Edge]] = {}
    for rule in spec.rules:
        target = _target(rule)
        if rule.when != "enter" or not rule.active or target not in stages:
            continue
        for source in [rule.stage] if rule.stage else stages:
            if source != target:
                found.setdefault(source, []).append((target, rule))
    return found


def _target(rule: RuleSpec) -> str:
    entry = registry.actions.get(rule.name)
    if rule.effect != "do" or entry is None or not entry.moves:
        return ""
    names = [
        name for name, field in entry.form.base_fields.items() if isinstance(field, StageField)
    ]
    return next((str(rule.params[name]) for name in names if rule.params.get(name)), "")
