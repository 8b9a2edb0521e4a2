from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CrmConfig(AppConfig):
    name = "crm"
    verbose_name = _("Records")

    def ready(self) -> None:
        from . import (  # noqa: F401
            actions,
            guards,
            playbook_intake,
            playbook_sections,
            playbook_tags,
            roles,
            sources,
            task_answers,
        )
