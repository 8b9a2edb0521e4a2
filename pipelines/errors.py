"""What the engine answers when it does not do what it was asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from pipelines import refusing


class RegulationError(Exception):
    """A move that the regulation or the state of things does not allow; its text is for people."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message or (self.__doc__ or "").strip())


@dataclass(frozen=True)
class Refusal:
    """One clause that stands against a move: its sentence, and the codes of the fields that would lift it.

    `rule` is the id of the requirement, `tried` what it refused: two rules that say the same are one refusal.
    """

    clause: str
    message: str
    fields: tuple[str, ...] = field(default=())
    rule: int | None = field(default=None, compare=False)
    tried: refusing.Tried | None = field(default=None, compare=False, repr=False)
    # Roles whose people may pass it once, with a reason.
    overridable_by: tuple[str, ...] = field(default=())


class MoveRefused(RegulationError):
    """The regulation refuses; nothing changed. Carries every refusal, not the first."""

    def __init__(self, refusals: list[Refusal]) -> None:
        self.refusals = refusals
        refusing.note(refusals)
        super().__init__(
            "; ".join(
                f"{item.message} ({item.clause})" if item.clause else item.message
                for item in refusals
            )
        )

    @property
    def fields(self) -> list[str]:
        """Codes of the fields a form must ask for, each once, in the order of the refusals."""
        return list(dict.fromkeys(code for refusal in self.refusals for code in refusal.fields))


class StaleMove(RegulationError):
    """The deal is no longer where the caller saw it: somebody moved it meanwhile."""

    def __init__(self, *, stage: str, who: str, when: Any) -> None:
        self.stage, self.who, self.when = stage, who, when
        super().__init__(
            _("%(who)s has already moved this deal to “%(stage)s” (%(when)s).")
            % {"who": who, "stage": stage, "when": when}
        )


class BadAnswer(RegulationError):
    """A value that a field can't hold. `errors` maps the field's code to the sentence."""

    def __init__(self, errors: dict[str, str]) -> None:
        self.errors = errors
        super().__init__("; ".join(errors.values()))


class PlaybookError(RegulationError):
    """A playbook that can't be loaded; `problems` lists what is wrong and where, all of it."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))
