from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """Makes `manage.py services` known; there are no models here."""

    name = "config"
    verbose_name = "Configuration"
