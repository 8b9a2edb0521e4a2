"""The pages are the CRM's; around them stand the admin site and what machines ask for."""

from django.contrib import admin
from django.urls import include, path

from config import settings_page, styleguide
from config.health import healthz

admin.site.site_header = admin.site.site_title = "Reglament"

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("settings/", settings_page.page, name="settings"),
    path("styleguide/", styleguide.page, name="styleguide"),
    path("admin/", admin.site.urls),
    path("", include("licenses.urls")),
    path("", include("notifications.urls")),
    path("", include("crm.urls")),
]
