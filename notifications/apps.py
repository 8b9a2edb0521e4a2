from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NotificationsConfig(AppConfig):
    name = "notifications"
    verbose_name = _("Letters and messages")

    def ready(self) -> None:
        from crm import outgoing

        from . import actions, playbook_sections, post_office, receipts, taking_back  # noqa: F401

        outgoing.provide(post_office)
