"""The small regulation and the misbehaving actions, as in the tests of the engine."""

from tests.pipelines.conftest import act, ask, lab

__all__ = ["act", "ask", "lab"]
