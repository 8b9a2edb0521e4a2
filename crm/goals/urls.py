"""Goals: the table of months, a cell's window, and copying a month."""

from __future__ import annotations

from django.urls import URLPattern, path

from crm.views.figures import goals

patterns: list[URLPattern] = [
    path("goals/", goals.page, name="goals"),
    path("goals/copy/", goals.copy, name="goals_copy"),
    path("goals/<slug:kind>/<int:pk>/", goals.cell, name="goal"),
]
