"""Which fields the cards of a board show, and in what order: each person's own choice, for each pipeline."""

from __future__ import annotations

from itertools import groupby

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm import columns, panels, visibility
from crm.board.deal_columns import mark_code
from crm.columns import Column
from crm.models import User
from pipelines import catalog
from pipelines.catalog import CompiledPipeline

KIND = "card"
# What takes a line of the card for itself; all others stand side by side.
LINES = frozenset({"name", "sum", "contact", "company", "tags"})
SIDE_BY_SIDE = "foot"


def known(user: User, scope: str) -> list[Column]:
    """For `crm.columns`; `scope` is the pipeline's code. Errors: LookupError."""
    for pipeline in visibility.pipelines_of(user):
        if pipeline.code == scope:
            return _of(user, pipeline)
    raise LookupError(scope)


def shown(user: User, pipeline_id: int) -> list[str]:
    """The codes of what the user's cards show, in his order."""
    pipeline = catalog.pipeline(pipeline_id)
    chosen = columns.chosen(user, KIND, pipeline.code, _of(user, pipeline))
    return [column.code for column in chosen.columns]


def layout(user: User, pipeline_id: int) -> list[tuple[str, list[str]]]:
    """The same as rows of a card: (a field that has a line for itself, or «foot», the codes in the row)."""
    rows = groupby(
        shown(user, pipeline_id), key=lambda code: code if code in LINES else SIDE_BY_SIDE
    )
    return [(kind, list(codes)) for kind, codes in rows]


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


columns.register(KIND, known, right=None, title=gettext_lazy("Fields of the cards"))
