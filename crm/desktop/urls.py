"""The desktop: its page, each widget by itself, and placing them."""

from __future__ import annotations

from django.urls import URLPattern, path

from crm.views.figures import desktop

patterns: list[URLPattern] = [
    path("desktop/", desktop.page, name="desktop"),
    path("desktop/order/", desktop.order, name="desktop_order"),
    path("desktop/usual/", desktop.usual, name="desktop_usual"),
    path("desktop/add/", desktop.add, name="desktop_add"),
    path("desktop/side/", desktop.side, name="side"),
    path("desktop/<slug:code>/", desktop.widget, name="desktop_widget"),
    path("desktop/<slug:code>/settings/", desktop.settings, name="desktop_settings"),
    path("desktop/<slug:code>/change/", desktop.change, name="desktop_change"),
]
