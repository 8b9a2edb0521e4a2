"""WCAG 2.1 AA by axe-core, run in the page as it stands."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parent.parent.parent
# What is on its way to another colour, or fades, is neither the one nor the other: it is judged as it will be.
SETTLED = """() => document.getAnimations()
    .filter((one) => Number.isFinite(one.effect.getComputedTiming().endTime))
    .forEach((one) => one.finish())"""
RUN = """() => axe.run(document, {
    runOnly: {type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]},
    resultTypes: ["violations"], elementRef: false,
}).then((found) => found.violations.map((fault) => [
    fault.id, fault.help, fault.nodes.slice(0, 3).map((node) => node.target.join(" ") + " – " + node.html.slice(0, 160)),
]))"""


@cache
def _source() -> str:
    return (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text()


def faults(page: Page) -> list[str]:
    """Each broken criterion with the first elements that break it; empty for an accessible page."""
    page.evaluate(_source())
    page.evaluate(SETTLED)
    return [f"{code}: {words}: {'; '.join(where)}" for code, words, where in page.evaluate(RUN)]
