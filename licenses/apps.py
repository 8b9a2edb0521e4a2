from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LicensesConfig(AppConfig):
    name = "licenses"
    verbose_name = _("Licences")

    def ready(self) -> None:
        from crm import panels

        from . import actions, analytics, day, guards, notices, panel, placeholders, sources  # noqa: F401

        panels.register(panel)
