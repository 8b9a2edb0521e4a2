"""The addresses that open pages ask; the stream itself is served by `config.asgi` before Django."""

from django.urls import path

from crm.views.person import live

patterns = [
    path("live/", live.no_stream, name="live"),
    path("live/poll/", live.poll, name="live_poll"),
    path("live/board/", live.board_cards, name="live_board"),
]
