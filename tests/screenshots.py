"""Pictures of every section as manager, head and administrator: `make screenshots` puts them into var/screenshots/.

A pytest file that no test run collects: the live server, the browser and the database are the tests' own.
The pictures of the README and of docs/tour.md are made by it too; ONLY=board makes only what has «board» in its name.
Every section is taken wide and narrow, light and dark.
"""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import call_command
from playwright.sync_api import expect

if __name__ == "__main__":
    # Before the models are imported: pytest is who tells Django its settings.
    raise SystemExit(pytest.main([__file__, "-q"]))

from crm.models import Deal, User
from tests.browser import office, places

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parent.parent
PICTURES, README = ROOT / "var" / "screenshots", ROOT / "docs" / "images"
WIDTHS = (1440, 390)
ONLY = os.environ.get("ONLY", "")


def test_pictures(visitors: Any, axelerator: None) -> None:
    call_command("demo", stdout=sys.stderr)
    places.furnish()
    PICTURES.mkdir(parents=True, exist_ok=True)
    # Colours that are still on their way to another theme are neither the one's nor the other's.
    visit = partial(visitors, reduced_motion="reduce")
    _of_a_stranger(visit())
    for role, name in {"manager": "alice", "head": "olga", "administrator": "admin"}.items():
        user = User.objects.get(email=f"{name}@demo.example")
        page = visit()
        office.sign_in(page, user)
        for place, address in places.of(user).items():
            _take(page, f"{role}-{place}", address)
    for name in ("olga", "alice"):
        page = visit(device_scale_factor=1)
        office.sign_in(page, User.objects.get(email=f"{name}@demo.example"))
        _for_the_documents(page, name)


def _of_a_stranger(page: Page) -> None:
    for place, address in places.OF_A_STRANGER.items():
        _take(page, f"stranger-{place}", address)


def _take(page: Page, name: str, address: str) -> None:
    if ONLY not in name:
        return
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900 if width > 500 else 844})
        _open(page, address)
        # Django's administration is as light as Django made it.
        for theme in ("light", "dark") if not address.startswith("/admin/") else ("light",):
            page.evaluate("(theme) => { document.documentElement.dataset.bsTheme = theme }", theme)
            page.screenshot(path=PICTURES / f"{name}-{width}-{theme}.png", full_page=True)


def _open(page: Page, address: str) -> None:
    """A stream of events never ends, so that the network is never idle: what the page asks for by itself is waited for."""
    page.goto(address, wait_until="load")
    # Not by a function in the page: asked a second time it is evaluated there, which our policy forbids.
    expect(page.locator(".htmx-request, [hx-trigger~=load]")).to_have_count(0)


def _for_the_documents(page: Page, who: str) -> None:
    README.mkdir(parents=True, exist_ok=True)
    deal = Deal.objects.filter(stage__code="kp_sent").order_by("-last_contact_at").first()
    assert deal
    of_olga = {"board": "/deals/", "card": f"/deals/{deal.pk}/"}
    of_alice = {"desktop": "/desktop/", "day": "/day/"}
    for name, address in (of_olga if who == "olga" else of_alice).items():
        if ONLY in name:
            _open(page, address)
            path = README / f"{name}.png"
            page.screenshot(path=path)
            assert path.stat().st_size < 300_000, path
