"""PZ-1.2, PZ-5.1, PZ-5.2: deliveries, and what they make of a client."""

import pytest

from pipelines import playbook
from tests.fixtures.cast import PLAYBOOKS

pytestmark = pytest.mark.django_db


def test_check(pzka):
    assert playbook.check(PLAYBOOKS / "pzka") == []
