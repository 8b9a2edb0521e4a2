"""The addresses of the filter's panel and of saved filters; `place` is the list's name."""

from django.urls import URLPattern, path
from django.views.generic import RedirectView

from crm.views.lists import filters as views

# As the page was called when deals alone had filters.
_before = RedirectView.as_view(pattern_name="crm:filters", query_string=True)

patterns: list[URLPattern] = [
    path("deals/filters/", _before, {"place": "deals"}),
    path("filters/<int:pk>/", views.edit, name="filter_edit"),
    path("filters/<int:pk>/remove/", views.remove, name="filter_remove"),
    path("filters/<int:pk>/shift/", views.shift, name="filter_shift"),
    path("filters/<int:pk>/usual/", views.usual, name="filter_open_with"),
    path("filters/<slug:place>/", views.index, name="filters"),
    path("filters/<slug:place>/panel/", views.panel, name="filter_panel"),
    path("filters/<slug:place>/new/", views.new, name="filter_new"),
    path("filters/<slug:place>/usual/", views.unusual, name="filter_usual"),
]
