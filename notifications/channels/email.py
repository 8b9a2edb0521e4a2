"""Letters over SMTP, spoken step by step, so that it is always known whether the server can have taken one.

Up to the dot that ends a letter, nothing is taken: whatever goes wrong, it may be sent again. Before the dot goes out
`hand_over` commits that it may; after it only the server's answer tells. Without a server letters become files.
"""

from __future__ import annotations

import logging
import os
import re
import smtplib
from collections.abc import Callable
from contextlib import contextmanager
from datetime import datetime
from email.errors import MessageError
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.mail import get_connection
from django.core.mail.backends.smtp import EmailBackend
from django.utils.translation import gettext as _

from notifications.channels import SendError, mime
from notifications.models import Message

log = logging.getLogger(__name__)

# A line that begins with a dot gets a second one (RFC 5321, 4.5.2).
_DOTS = re.compile(rb"(?m)^\.")


def send(message: Message, *, now: datetime, hand_over: Callable[[], None]) -> None:
    """Give the letter to the server. Errors: SendError, and what `hand_over` raises (then nothing was handed over)."""
    try:
        letter = mime.compose(message, now=now)
        content = letter.as_bytes()
    except (OSError, ValueError, LookupError, MessageError) as error:
        raise SendError(
            _("The letter can't be made: %(error)s") % {"error": error}, permanent=True
        ) from error
    connection = get_connection()
    if isinstance(connection, EmailBackend):
        with _session(connection) as server:
            _speak(
                server,
                mime.envelope(letter["From"].addresses[0].addr_spec),
                mime.envelope(message.to),
                content,
                hand_over,
            )
    else:
        # Written twice it is one file, so nothing about it is ever uncertain.
        write_file(message.message_id, content)


def mail_folder() -> Path:
    """Where letters go as files when no server is named."""
    return Path(getattr(settings, "EMAIL_FILE_PATH", None) or settings.VAR_DIR / "mail")


def write_file(message_id: str, content: bytes) -> Path:
    """Write the letter as .eml, whole or not at all; a second time it is the same file."""
    folder = mail_folder()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / (re.sub(r"[^\w@.-]", "_", message_id.strip("<>")) + ".eml")
    half = path.with_suffix(f".{os.getpid()}.part")
    half.write_bytes(content)
    half.replace(path)
    return path


@contextmanager
def _session(connection: EmailBackend) -> Any:
    """A server that greeted us and knows who we are. A server that does not is no letter's fault: tried again later."""
    if not connection.timeout:
        connection.timeout = 20
    try:
        connection.open()
    except (OSError, smtplib.SMTPException) as error:
        raise SendError(_said(error), unreachable=True) from error
    server = connection.connection
    assert server is not None
    try:
        yield server
    finally:
        # Not quit(): in the middle of a letter it would be read as a line of it. A polite end is said in `_speak`.
        server.close()


def _speak(
    server: smtplib.SMTP, sender: str, to: str, content: bytes, hand_over: Callable[[], None]
) -> None:
    try:
        server.ehlo_or_helo_if_needed()
        _expect(server.mail(sender), 250)
        _expect(server.rcpt(to), 250, 251)
        _expect(server.docmd("DATA"), 354)
        server.send(_DOTS.sub(b"..", content if content.endswith(b"\r\n") else content + b"\r\n"))
    except (OSError, smtplib.SMTPException) as error:
        raise SendError(_said(error)) from error
    hand_over()
    try:
        answer = server.docmd(".")
    except (OSError, smtplib.SMTPException) as error:
        raise SendError(_said(error), uncertain=True) from error
    _expect(answer, 250)
    try:
        server.docmd("QUIT")
    except (OSError, smtplib.SMTPException):
        log.debug("The server took the letter and left without a word.")


def _expect(answer: tuple[int, bytes], *codes: int) -> None:
    """5xx is a refusal for good, anything else unexpected a reason to try later. Errors: SendError."""
    code, words = answer
    if code in codes:
        return
    said = words.decode("utf-8", "replace").replace("\n", " ")
    text = _("The server answered: %(code)s %(words)s") % {"code": code, "words": said}
    raise SendError(text, permanent=500 <= code < 600, unreachable=code == 421)


def _said(error: Exception) -> str:
    """The failure in words, the server's own where it said any."""
    if isinstance(error, smtplib.SMTPResponseException):
        words = error.smtp_error
        text = words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)
        return _("The server answered: %(code)s %(words)s") % {
            "code": error.smtp_code,
            "words": text,
        }
    if isinstance(error, TimeoutError):
        return _("The mail server does not answer.")
    if isinstance(error, ConnectionRefusedError):
        return _("The mail server refuses the connection.")
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return _("The mail server broke the connection.")
    return f"{type(error).__name__}: {error}"
