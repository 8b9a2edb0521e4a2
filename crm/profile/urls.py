"""The addresses of one's own page."""

from django.urls import path

from crm.views.person import profile

patterns = [
    path("profile/", profile.page, name="profile"),
    path("profile/person/", profile.save_person, name="profile_person"),
    path("profile/habits/", profile.save_habits, name="profile_habits"),
    path("profile/notices/", profile.save_notices, name="profile_notices"),
    path("profile/photo/", profile.save_photo, name="profile_photo"),
    path("profile/theme/", profile.theme, name="theme"),
    path("photos/<slug:name>/<int:side>/", profile.photo, name="photo"),
]
