"""The addresses of «Analytics»."""

from django.urls import URLPattern, path

from crm.views.figures import analytics

patterns: list[URLPattern] = [
    path("analytics/", analytics.index, name="analytics"),
    path("analytics/calls/", analytics.calls, name="analytics_calls"),
    path("analytics/calls.xlsx", analytics.calls_export, name="analytics_calls_xlsx"),
    path("analytics/tasks/", analytics.tasks, name="analytics_tasks"),
    path("analytics/<slug:code>/", analytics.report, name="analytics_report"),
    path("analytics/<slug:code>/<slug:section>.xlsx", analytics.export, name="analytics_xlsx"),
]
