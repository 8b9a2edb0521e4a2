"""The first view of the board stays under 300 kB over the wire, fonts apart."""

import gzip
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

from tests.factories import make_deal

pytestmark = pytest.mark.django_db

LIMIT = 300_000


def test_the_first_view_of_the_board_weighs_less_than_300_kb(alice, client, settings):
    make_deal(alice)
    client.force_login(alice)
    answer = client.get("/deals/?pipeline=leads", headers={"accept-encoding": "gzip"})
    assert answer["Content-Encoding"] == "gzip"
    page = gzip.decompress(answer.content)
    linked = re.findall(r'(?:<link rel="stylesheet" href|<script src)="([^"]+)"', page.decode())
    assert any(url.endswith("board.css") for url in linked)
    weights = {"the page": len(answer.content)}
    for url in linked:
        found = finders.find(url.removeprefix(settings.STATIC_URL))
        assert found, url
        weights[url] = len(gzip.compress(Path(found).read_bytes()))
    assert sum(weights.values()) < LIMIT, weights
