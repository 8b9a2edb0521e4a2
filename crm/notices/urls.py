"""The addresses of the bell."""

from django.urls import path

from crm.views.person import notices

patterns = [
    path("notices/", notices.page, name="notices"),
    path("notices/bell/", notices.bell, name="bell"),
    path("notices/read/", notices.read_all, name="notices_read"),
    path("notices/<int:pk>/", notices.follow, name="notice"),
]
