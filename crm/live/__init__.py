"""What others do appears without reloading: changes go to open pages over Redis and server-sent events.

`publish` tells after the commit; `config.asgi` carries it to the browsers, `polling` answers those whom no stream
reaches. Nothing here is the truth of anything: a message lost costs a page that is older than it could be.
"""

from .publishing import publish

__all__ = ["publish"]
