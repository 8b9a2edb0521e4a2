"""What rules saw and events hold, in words: no code where there is a name."""

from __future__ import annotations

import pytest

from pipelines import catalog
from pipelines.admin.readable import line, table

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"arrival": "hand"}, "как пришла: вручную"),
        ({"moved": "taken"}, "переведена на: Взята в работу"),
        ({"from": "Новая заявка", "from_code": "new"}, "откуда: Новая заявка"),
        ({"scenario": "thinks", "label": "Думает"}, "исход: Думает"),
        (
            {"kind": "call", "code": "first_call", "text": "Позвонить"},
            "вид: звонок; текст: Позвонить",
        ),
    ],
)
def test_codes_are_said_in_words(axelerator: None, data: dict, said: str) -> None:
    pipeline = catalog.by_code("leads")
    assert line(data, pipeline) == said
    for code in ("hand", "taken", "new", "thinks", "first_call"):
        assert f">{code}<" not in table(data, pipeline)
