from django.apps import AppConfig
from django.db.models.signals import post_save
from django.utils.translation import gettext_lazy as _


class CrmConfig(AppConfig):
    name = "crm"
    verbose_name = _("Records")

    def ready(self) -> None:
        # What registers something is imported here, not only by the pages: a worker and a command know no pages.
        from crm import (  # noqa: F401
            actions,
            guards,
            panels,
            rights,
            roles,
            sections,
            sources,
            taking_back,
        )
        from crm.analytics import reports  # noqa: F401
        from crm.board import card_fields, deal_columns  # noqa: F401
        from crm.bulk import kinds as bulk_kinds  # noqa: F401
        from crm.card import mention_notices  # noqa: F401
        from crm.clients import merge_kinds, people  # noqa: F401
        from crm.day import sources as day_sources  # noqa: F401
        from crm.desktop import funnel, sales, work  # noqa: F401
        from crm.export import deals as exported_deals  # noqa: F401
        from crm.export import lists as exported_lists  # noqa: F401
        from crm.export import making  # noqa: F401
        from crm.files import keeping  # noqa: F401
        from crm.goals import verbs as goal_verbs  # noqa: F401
        from crm.imports import kind as import_kind  # noqa: F401
        from crm.imports import verbs as import_verbs  # noqa: F401
        from crm.leaves import verbs as leave_verbs  # noqa: F401
        from crm.lists import giving, items, table_columns  # noqa: F401
        from crm.live import hearing  # noqa: F401
        from crm.money import invoice_words  # noqa: F401
        from crm.notices import hearing as notice_hearing  # noqa: F401
        from crm.planning import bulk as tasks_bulk  # noqa: F401
        from crm.planning import export as tasks_export  # noqa: F401
        from crm.planning import listing as tasks_listing  # noqa: F401
        from crm.planning import taking_back as tasks_taking_back  # noqa: F401
        from crm.planning import task_answers  # noqa: F401
        from crm.registers import overrides  # noqa: F401
        from crm.shown import SOURCES

        for source in SOURCES:
            panels.register(source)
        post_save.connect(rights.give_at_first, "auth.Group", dispatch_uid="rights_of_a_new_role")
