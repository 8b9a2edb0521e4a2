"""Which fields the cards of a board show: each person's own choice, for each pipeline."""

from __future__ import annotations

from collections.abc import Collection

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm import board, columns, panels
from crm.columns import Column
from crm.deal_columns import mark_code
from crm.models import User
from pipelines import catalog
from pipelines.catalog import CompiledPipeline

KIND = "card"


def known(user: User, scope: str) -> list[Column]:
    """For `crm.columns`; `scope` is the pipeline's code. Errors: LookupError."""
    for pipeline in board.pipelines_of(user):
        if pipeline.code == scope:
            return _of(user, pipeline)
    raise LookupError(scope)


def shown(user: User, pipeline_id: int) -> Collection[str]:
    """The codes of what the user's cards show."""
    pipeline = catalog.pipeline(pipeline_id)
    chosen = columns.chosen(user, KIND, pipeline.code, _of(user, pipeline))
    return frozenset(column.code for column in chosen.columns)


def _of(user: User, pipeline: CompiledPipeline) -> list[Column]:
    owners = user.visible_owner_ids
    return [
        Column("name", _("Name"), is_fixed=True),
        Column("sum", _("Budget")),
        Column("contact", _("Contact")),
        Column("company", _("Company")),
        Column("tags", _("Tags")),
        Column("days", _("Days on the stage")),
        Column("quiet", _("Days since the last communication")),
        *(
            Column(mark_code(source), str(source.COLUMN))
            for source in panels.sources_of([pipeline])
        ),
        Column("owner", _("Responsible"), at_first=owners is None or len(owners) > 1),
        Column("task", _("Next task")),
    ]


columns.register(
    KIND, known, right=None, title=gettext_lazy("Fields of the cards"), is_ordered=False
)
