"""What stands around the pages: health, headers, static files, translations."""

import re
from io import BytesIO

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client

from config.frontend import PACKAGES
from config.messages import extract_django


@pytest.mark.django_db
def test_health_is_ok_where_both_servers_answer(client):
    response = client.get("/healthz")

    assert (response.status_code, response.json()) == (200, {"database": "ok", "redis": "ok"})


@pytest.mark.django_db
def test_every_answer_forbids_inline_scripts():
    policy = Client().get("/healthz").headers["Content-Security-Policy"]
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))

    assert directives["default-src"] == directives["script-src"] == "'self'"
    assert directives["object-src"] == directives["frame-ancestors"] == "'none'"


def test_each_front_end_package_is_found_and_nothing_else_of_it():
    assert finders.find("vendor/tabler/css/tabler.min.css")
    assert finders.find("vendor/htmx/htmx.min.js")
    assert not finders.find("vendor/tabler/css/tabler.css")
    for prefix in PACKAGES:
        (finder,) = (f for f in finders.get_finders() if type(f).__name__ == "NpmFinder")
        assert any(storage.prefix == prefix for _, storage in finder.list([])), prefix


def test_strings_of_templates_are_found_whatever_stands_around_them():
    source = """{% load i18n %}<p title="don't (">{% translate "It's late" %}
        {% if a == _("b c") %}{% endif %}{% translate "May" context "month" %}
        {% blocktranslate trimmed count n=3 %}
            One {{ n }} thing
        {% plural %}
            {{ n }} "things"
        {% endblocktranslate %}"""

    found = [row[1:3] for row in extract_django(BytesIO(source.encode()), None, None, None)]

    assert ("gettext", "It's late") in found
    assert ("_", "b c") in found
    assert ("pgettext", ("month", "May")) in found
    assert ("ngettext", ("One %(n)s thing", '%(n)s "things"', None)) in found


def test_the_tests_run_on_servers_of_their_own():
    assert "reglament-" in str(settings.VAR_DIR)


def test_a_part_that_draws_itself_anew_loses_no_change_that_comes_meanwhile():
    """Without `hx-sync` a second event would wait behind the first request, and go with the element that the answer replaces."""
    found = [
        tag
        for page in (settings.BASE_DIR / "templates").rglob("*.html")
        for tag in re.findall(
            r"<\w+[^>]*hx-trigger=\"\w+:changed from:body[^>]*>", page.read_text()
        )
    ]
    assert found
    assert [tag for tag in found if 'hx-sync="this:replace"' not in tag] == []
