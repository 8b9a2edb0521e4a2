"""The address at which the columns of any table are chosen."""

from django.urls import URLPattern, path

from crm.views.lists import columns

patterns: list[URLPattern] = [
    path("columns/<slug:kind>/<str:scope>/", columns.choose, name="columns"),
]
