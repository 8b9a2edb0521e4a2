"""Apps above listen to the feed: what is written there they hear in the same transaction, entry by entry.

Rules hear what a regulation says they hear (`engine`); this is for what the software does whatever the regulation, such
as telling a colleague. A listener that fails takes the deed back with it, so it writes and leaves the rest for later.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipelines.models import Event

Listener = Callable[["Event"], None]

_of_verbs: dict[str, list[Listener]] = defaultdict(list)
_of_all: list[Listener] = []
_batches: list[Callable[[], AbstractContextManager[None]]] = []


def listen(*verbs: str) -> Callable[[Listener], Listener]:
    """Register a listener of these verbs, of every verb when none is named.

    It is called with the saved entry; `entry.deal`, where there is one, is the instance that the verb worked on.
    """

    def register(listener: Listener) -> Listener:
        for verb in verbs:
            _of_verbs[verb].append(listener)
        if not verbs:
            _of_all.append(listener)
        return listener

    return register


def tell(entry: Event) -> None:
    for listener in (*_of_all, *_of_verbs.get(entry.verb, ())):
        listener(entry)


def batched(context: Callable[[], AbstractContextManager[None]]) -> None:
    """Register what a batch of many entries is heard in, so that a listener may do once what it would do for each."""
    _batches.append(context)


@contextmanager
def together() -> Iterator[None]:
    """Entries written inside are heard as one batch; what listeners do of it is done at the end, in the transaction."""
    with ExitStack() as stack:
        for context in _batches:
            stack.enter_context(context())
        yield
