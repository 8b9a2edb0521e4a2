"""The browser itself works: real Chromium, our pages, their scripts' errors noticed."""

import pytest

from tests.fixtures.browser import MISSING

pytestmark = pytest.mark.browser


def test_chromium_opens_a_page_of_the_live_server(page):
    response = page.goto("/healthz")

    assert response.status == 200
    assert page.evaluate("navigator.language") == "ru-RU"
    assert page.evaluate("Intl.DateTimeFormat().resolvedOptions().timeZone") == "Europe/Moscow"


def test_without_chromium_the_sentence_says_what_to_install():
    assert "apt-get install chromium" in MISSING
