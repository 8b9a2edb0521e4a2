"""What becomes of the letters and messages of a move that is undone."""

from __future__ import annotations

from django.utils.translation import gettext as _

from notifications.models import Message
from pipelines.models import Event
from pipelines.undoing import CannotUndo, Undoing, harmless, reverses

# What was said to a client, and what he said, neither hinders an undo nor goes back.
harmless(
    "letter.sent", "letter.failed", "letter.received", "message.sent", "message.failed",
    "message.received", "message.delivered", "message.read",
)  # fmt: skip


@reverses("letter.queued")
@reverses("message.queued")
def _queued(event: Event, undoing: Undoing) -> None:
    """One that waits never leaves. A worker that has it decides the race: its claim is committed before it sends.

    Errors: CannotUndo within the grace where one is on its way; after it, what has left stays sent.
    """
    message = Message.objects.select_for_update(of=("self",)).get(pk=event.data["message"])
    if message.status == Message.Status.QUEUED:
        message.take_back()
        message.save_delivery()
    elif undoing.in_grace and message.status in (Message.Status.SENDING, Message.Status.SENT):
        raise CannotUndo(
            _("“%(letter)s” to %(to)s is already on its way.")
            % {"letter": message.subject or message.get_channel_display(), "to": message.to}
        )
