"""The addresses of the section «Tasks»; the windows of one task stand in crm/urls.py."""

from django.urls import URLPattern, path

from crm.views.tasks import leaves, task_calendar, tasks, tasks_many

patterns: list[URLPattern] = [
    path("tasks/", tasks.page, name="tasks"),
    path("tasks/many/<slug:what>/", tasks_many.many, name="tasks_many"),
    path("tasks/calendar/", task_calendar.page, name="task_calendar"),
    path("tasks/calendar/feed/", task_calendar.feed, name="task_feed"),
    path("tasks/<int:pk>/drag/", task_calendar.drag, name="task_drag"),
    path("leaves/", leaves.page, name="leaves"),
    path("leaves/new/", leaves.new, name="leave_new"),
    path("leaves/<int:pk>/end/", leaves.end, name="leave_end"),
]
