"""«My day», the window of an entry, and a head's view."""

from __future__ import annotations

from django.urls import URLPattern, path

from crm.views.tasks import day, day_team

patterns: list[URLPattern] = [
    path("day/", day.page, name="day"),
    path("day/deal/<int:pk>/", day.deal, name="day_deal"),
    path("day/deal/<int:pk>/waive/", day.waive, name="day_waive"),
    path("day/task/<int:pk>/", day.task, name="day_task"),
    path("day/team/", day_team.page, name="day_team"),
    path("day/team/remedy/", day_team.remedy, name="day_team_remedy"),
]
