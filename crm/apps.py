from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CrmConfig(AppConfig):
    name = "crm"
    verbose_name = _("Records")

    def ready(self) -> None:
        # What registers something is imported here, not only by the pages: a worker and a command know no pages.
        from . import (  # noqa: F401
            actions,
            board_fields,
            delivery_panel,
            files,
            guards,
            invoice_panel,
            invoice_words,
            overrides,
            panels,
            payment_panel,
            people,
            roles,
            sections,
            sources,
            task_answers,
            violation_panel,
            warning_panel,
        )

        for source in (
            board_fields,
            delivery_panel,
            payment_panel,
            invoice_panel,
            violation_panel,
            warning_panel,
        ):
            panels.register(source)
