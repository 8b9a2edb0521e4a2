from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ConfigConfig(AppConfig):
    """Makes `manage.py services` known; there are no models here."""

    name = "config"
    verbose_name = _("Configuration")
