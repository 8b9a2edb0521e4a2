"""The addresses of the filter's panel and of saved filters."""

from django.urls import URLPattern, path

from crm.views import deal_filters as views

patterns: list[URLPattern] = [
    path("deals/filter/", views.panel, name="filter_panel"),
    path("deals/filters/", views.index, name="filters"),
    path("deals/filters/new/", views.new, name="filter_new"),
    path("deals/filters/usual/", views.usual, name="filter_usual"),
    path("deals/filters/<int:pk>/", views.edit, name="filter_edit"),
    path("deals/filters/<int:pk>/remove/", views.remove, name="filter_remove"),
    path("deals/filters/<int:pk>/shift/", views.shift, name="filter_shift"),
    path("deals/filters/<int:pk>/usual/", views.usual, name="filter_open_with"),
]
