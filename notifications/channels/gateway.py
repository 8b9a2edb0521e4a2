"""SMS and chat messages over a generic HTTP gateway: one POST of JSON a message. docs/add-a-channel.md has the contract.

Up to the body, nothing can be taken: whatever goes wrong, it may be sent again. Before the body goes out `hand_over`
commits that it may; after it only the gateway's answer tells. Where no gateway is named, messages become files.
"""

from __future__ import annotations

import json
import os
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from crm.intake import hooks
from notifications.channels import SendError
from notifications.models import Message

# An answer is a line of JSON; whoever sends more has nothing to say to us.
ANSWER_LIMIT = 64 * 1024
# A gateway that dribbles keeps each single time-out; all of them together are bounded too.
PATIENCE = 4
# Not taken, and worth another try: time-out of the request itself, too early, too many.
LATER = (408, 425, 429)


def send(message: Message, *, now: datetime, hand_over: Callable[[], None]) -> str:
    """Give the message to the channel's gateway; returns the gateway's own number for it, if it says one.

    Errors: SendError, and what `hand_over` raises (then nothing was handed over).
    """
    body = compose(message)
    url = settings.GATEWAYS.get(message.channel, "")
    if not url:
        # Written twice it is one file, so nothing about it is ever uncertain.
        write_file(message, body)
        return ""
    with _connection(urlsplit(url)) as connection:
        return _speak(connection, urlsplit(url), headers(message, body), body, hand_over)


def number(message: Message) -> str:
    """The message's name outside, the same for every try: a repetition is told by it."""
    return message.message_id.strip("<>")


def compose(message: Message) -> bytes:
    said = {
        "id": number(message),
        "channel": message.channel,
        "to": message.to,
        "text": message.text,
    }
    return json.dumps(said, ensure_ascii=False).encode()


def headers(message: Message, body: bytes) -> dict[str, str]:
    found = {
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "Accept": "application/json",
        "User-Agent": "Reglament",
        "Idempotency-Key": number(message),
        "Connection": "close",
    }
    if settings.GATEWAY_SECRET:
        found[hooks.HEADER] = hooks.sign(body, settings.GATEWAY_SECRET)
    if settings.GATEWAY_TOKEN:
        found["Authorization"] = f"Bearer {settings.GATEWAY_TOKEN}"
    return found


def write_file(message: Message, body: bytes) -> Path:
    """Write the message as .json, whole or not at all; a second time it is the same file."""
    folder = Path(settings.GATEWAY_FILE_PATH) / message.channel
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / (re.sub(r"[^\w@.-]", "_", number(message)) + ".json")
    half = path.with_suffix(f".{os.getpid()}.part")
    half.write_bytes(body)
    half.replace(path)
    return path


@contextmanager
def _connection(url: SplitResult) -> Iterator[HTTPConnection]:
    """A gateway that let us in. One that does not is no message's fault: tried again later."""
    seconds = settings.GATEWAY_TIMEOUT
    host = url.hostname or ""
    if url.scheme == "https":
        context = ssl.create_default_context()
        connection: HTTPConnection = HTTPSConnection(
            host, url.port, timeout=seconds, context=context
        )
    else:
        connection = HTTPConnection(host, url.port, timeout=seconds)
    try:
        connection.connect()
    except (OSError, ValueError) as error:
        connection.close()
        raise SendError(_said(error), unreachable=True) from error
    cut = threading.Timer(seconds * PATIENCE, _cut, [connection.sock])
    cut.daemon = True
    cut.start()
    try:
        yield connection
    finally:
        cut.cancel()
        connection.close()


def _cut(sock: Any) -> None:
    """End the conversation from another thread: whoever waits for the socket reads its end."""
    try:
        # Not SSLSocket.shutdown, which takes the session away under the thread that reads.
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
    except OSError:
        return


def _speak(
    connection: HTTPConnection,
    url: SplitResult,
    said: dict[str, str],
    body: bytes,
    hand_over: Callable[[], None],
) -> str:
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    try:
        connection.putrequest("POST", path, skip_accept_encoding=True)
        for name, value in said.items():
            connection.putheader(name, value)
        connection.endheaders()
    except (OSError, HTTPException, ValueError) as error:
        raise SendError(_said(error), unreachable=True) from error
    hand_over()
    try:
        connection.send(body)
        # http.client follows no redirects and reads no more headers than a hundred.
        answer = connection.getresponse()
    except (OSError, HTTPException) as error:
        raise SendError(_said(error), uncertain=True, unreachable=True) from error
    return _understood(answer)


def _understood(answer: HTTPResponse) -> str:
    """The number in a 2xx answer. Errors: SendError for any other."""
    words = _words(answer)
    if 200 <= answer.status < 300:
        return _number_in(words)
    text = _("The gateway answered: %(code)s %(words)s") % {
        "code": answer.status,
        "words": " ".join(words[:300].decode("utf-8", "replace").split()),
    }
    if answer.status >= 500:
        # It may have failed after it had passed the message on.
        raise SendError(text, uncertain=True, unreachable=True)
    if answer.status in LATER:
        raise SendError(text, unreachable=answer.status == 429)
    if answer.status < 400:
        # The settings are to be put right, and the message is good: it waits.
        raise SendError(
            _("The gateway sends us elsewhere (%(code)s): write the right address in the settings.")
            % {"code": answer.status},
            unreachable=True,
        )
    raise SendError(text, permanent=True)


def _words(answer: HTTPResponse) -> bytes:
    """The answer's body as far as it could be read: the status alone has said what became of the message."""
    try:
        return answer.read(ANSWER_LIMIT)
    except (OSError, HTTPException):
        return b""


def _number_in(words: bytes) -> str:
    try:
        found = json.loads(words)
    except (ValueError, RecursionError):
        return ""
    said = found.get("id", "") if isinstance(found, dict) else ""
    if not isinstance(said, (str, int)) or isinstance(said, bool):
        return ""
    return str(said).replace("\x00", "")[:100]


def _said(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return _("The gateway's certificate is not valid: %(why)s") % {"why": error.verify_message}
    if isinstance(error, TimeoutError):
        return _("The gateway does not answer.")
    if isinstance(error, ConnectionRefusedError):
        return _("The gateway refuses the connection.")
    if isinstance(error, ConnectionError):
        return _("The gateway broke the connection.")
    return f"{type(error).__name__}: {error}"
