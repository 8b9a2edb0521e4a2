"""Who does a thing: a person, a rule, or a rule on a person's behalf."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Actor:
    """The author of an event. `user` is the person whose deed it is; `rule_id` the rule that carried it out."""

    user: Any = None
    rule_id: int | None = None

    @classmethod
    def person(cls, user: Any) -> Actor:
        return cls(user=user)

    @property
    def is_person(self) -> bool:
        """Whether a person decides this himself, rather than the system for him."""
        return self.user is not None and self.rule_id is None

    @property
    def user_id(self) -> int | None:
        return self.user.pk if self.user is not None else None

    @property
    def roles(self) -> frozenset[str]:
        return self.user.role_names if self.user is not None else frozenset()

    def through(self, rule_id: int) -> Actor:
        """The same author, acting by a rule."""
        return Actor(user=self.user, rule_id=rule_id)


SYSTEM = Actor()
