"""The entry point that granian serves: streams by the event loop, everything else by Django in a few threads."""

import gc
import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from config.bridge import Bridge
from config.wsgi import application as pages
from crm.live.stream import Receive, Scope, Send, Streams

# Few threads: they share one interpreter, and each holds a database connection.
THREADS = int(os.environ.get("WEB_THREADS") or 4)

_streams, _pages = Streams(), Bridge(pages, threads=THREADS)
# What start has made stays as long as the process: a full collection need not walk it.
gc.freeze()


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    found: Any = _pages
    if scope["type"] == "http" and scope["path"] == "/live/":
        found = _streams
    await found(scope, receive, send)
