"""What a person is told of without asking: under the bell, and by e-mail where he wants that.

`kind` registers a kind of notices with what is on by default; `notify` gives one. Most are given in one place,
`hearing`, which listens to the feed.
"""

from .kinds import KINDS, Kind, kind, kinds_for, wants
from .writing import forget_old, notify

__all__ = ["KINDS", "Kind", "forget_old", "kind", "kinds_for", "notify", "wants"]
