from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PipelinesConfig(AppConfig):
    name = "pipelines"
    verbose_name = _("Regulation")

    def ready(self) -> None:
        # Registration happens on import: a guard or an action is one decorated function.
        from . import actions, guards, violations  # noqa: F401
