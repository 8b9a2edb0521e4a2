"""Every rule of the shipped sale cites a clause that a test proves."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.playbook import proofs

TESTS = Path(__file__).parents[1]

# What issue 2 promises and this folder proves; AX-L7, AX-2.2, AX-2.4, PZ-3.2, PZ-3.3 are of the pages.
PROMISED = [
    "AX-L1b",
    "AX-L1c",
    "AX-L3",
    "AX-L4",
    "AX-L6",
    "AX-0",
    "AX-1.1",
    "AX-1.2a",
    "AX-1.2b",
    "AX-2.1",
    "AX-2.5",
    "AX-2.6",
    "AX-3.1",
    "AX-3.3",
    "AX-3.4",
    "AX-3.5",
    "AX-3.7",
    "AX-3.8",
    "AX-3.9",
    "AX-4.1",
    "AX-4.4",
    "AX-4.5",
    "AX-4.6",
    "AX-4.7",
    "AX-4.8",
    "AX-5.1",
    "AX-6.1",
    "AX-6.5",
    "AX-7.1",
    "AX-7.5",
    "AX-8.1",
    "AX-9.2",
    "AX-9.3",
    "AX-9.4",
    "AX-9.5a",
    "AX-9.5b",
    "AX-9.7",
    "AX-9.8",
    "AX-9.9",
    "PZ-4.2a",
]


@pytest.fixture(scope="module")
def clauses() -> dict[str, proofs.Clause]:
    # Its problems (a clause that is in no list, say) are the matter of test_playbook_clauses.
    found, _problems = proofs.collect(TESTS)
    return {clause.id: clause for clause in found}


def test_every_clause_that_a_rule_cites_has_a_test(clauses: dict[str, proofs.Clause]) -> None:
    assert [clause.id for clause in clauses.values() if clause.rules and not clause.tests] == []


@pytest.mark.parametrize("promised", PROMISED)
def test_every_clause_promised_has_a_test(clauses: dict[str, proofs.Clause], promised: str) -> None:
    assert clauses[promised].tests
