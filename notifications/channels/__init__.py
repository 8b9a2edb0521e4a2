"""The ways a message leaves. A channel is a module with `send(message, *, now, hand_over)`; see `email` and `gateway`.

`send` returns the other side's own number of the message, or nothing.
"""


class SendError(Exception):
    """The message did not leave. Neither permanent nor uncertain: it certainly stayed here and is tried again later.

    `permanent`: refused for good. `uncertain`: the other side may have taken it. `unreachable`: the other side is
    away as a whole, so that the next message would fare no better now.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        uncertain: bool = False,
        unreachable: bool = False,
    ) -> None:
        self.permanent, self.uncertain, self.unreachable = permanent, uncertain, unreachable
        super().__init__(message)


class ClaimLost(Exception):
    """Another worker was given this message meanwhile; nothing is handed over."""
