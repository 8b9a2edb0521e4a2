"""The lists that filters are of: how an address of each is read, where it is shown, what stands around it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from crm import visibility
from crm.filters import DealFilter, Filter, panel, saved
from crm.filters.asking import Pairs
from crm.lists import reading, shapes
from crm.lists.asked import ListFilter
from crm.lists.shapes import Shape
from crm.models import User
from crm.planning import listing
from crm.planning.asked import TaskFilter
from crm.views.answers import SignedIn
from crm.views.chosen import ALL, chosen_pipeline
from pipelines.catalog import CompiledPipeline, CompiledStage


@dataclass(frozen=True)
class Place:
    """A list as its filter sees it."""

    code: str
    title: str
    icon: str
    # The addresses of its pages by their names; the first is where its filters open.
    pages: dict[str, str]
    # The question of an address, and what the address says beside it.
    ask: Callable[[SignedIn], tuple[Filter, Pairs]]

    def page(self, here: str) -> str:
        return self.pages.get(here) or next(iter(self.pages.values()))


def named(code: str, user: User) -> Place:
    """Errors: Http404 for a list that there is not, or that the person may not read."""
    if code == saved.DEALS:
        return _deals()
    if code == "tasks":
        return _tasks()
    if (shape := shapes.named(code, user)) is None:
        raise Http404
    ask = _asker(shape)
    return Place(code, shape.title, shape.icon, {"": shape.url}, ask)


def everywhere(user: User) -> list[tuple[str, str, str]]:
    """The name, the title and the icon of each list that the person has; one statement."""
    first = [(place.code, place.title, place.icon) for place in (_deals(), _tasks())]
    return first + [(choice.code, choice.title, choice.icon) for choice in shapes.choices(user)]


def _deals() -> Place:
    pages = {name: reverse(name) for name in ("crm:board", "crm:table")}
    return Place(saved.DEALS, _("Deals"), "layout-kanban", pages, _ask_deals)


def _tasks() -> Place:
    pages = {name: reverse(name) for name in ("crm:tasks", "crm:task_calendar")}
    return Place("tasks", _("Tasks"), "checkbox", pages, _ask_tasks)


def _ask_deals(request: SignedIn) -> tuple[Filter, Pairs]:
    pipelines = visibility.pipelines_of(request.user)
    if not pipelines:
        raise Http404(_("There is no pipeline for you yet."))
    deals = DealsAsked.read(request, pipelines)
    return deals.filter, deals_kept(request, deals.pipeline)


@dataclass(frozen=True)
class DealsAsked:
    """What an address says of deals: the pipeline (None: all), those then shown with their stages, the filter over them."""

    pipeline: CompiledPipeline | None
    shown: list[CompiledPipeline]
    stages: list[CompiledStage]
    filter: DealFilter

    @classmethod
    def read(cls, request: SignedIn, pipelines: list[CompiledPipeline]) -> DealsAsked:
        """`pipelines` are those that the person sees. Errors: Http404 for another one."""
        is_all = request.GET.get("pipeline") == ALL
        pipeline = None if is_all else chosen_pipeline(request, pipelines)
        shown = pipelines if pipeline is None else [pipeline]
        stages = [stage for item in shown for stage in visibility.stages_of(request.user, item)]
        return cls(
            pipeline, shown, stages, DealFilter(request.GET, user=request.user, stages=stages)
        )


def deals_kept(request: SignedIn, pipeline: CompiledPipeline | None) -> Pairs:
    given = request.GET
    rest = [(name, given[name]) for name in ("sort", "size") if given.get(name)]
    return [("pipeline", pipeline.code if pipeline else ALL), *rest]


def _ask_tasks(request: SignedIn) -> tuple[Filter, Pairs]:
    order = listing.Order.parse(request.GET.get("sort", ""))
    size = listing.size_of(request.GET.get("size", ""))
    return TaskFilter(request.GET, user=request.user), listing.kept(order, size)


def _asker(shape: Shape) -> Callable[[SignedIn], tuple[Filter, Pairs]]:
    def ask(request: SignedIn) -> tuple[Filter, Pairs]:
        return ListFilter(request.GET, user=request.user, shape=shape), list_kept(request)

    return ask


def list_kept(request: SignedIn) -> Pairs:
    sort = reading.sort_of(request.GET.get("sort", ""))
    size = reading.size_of(request.GET.get("size", ""))
    kept = [] if sort == reading.SORTS[0] else [("sort", sort)]
    return kept if size == reading.SIZES[0] else [*kept, ("size", str(size))]


@dataclass
class Around:
    """What stands around a list: the filter's panel where it is open, the chips, and where they lead."""

    request: SignedIn
    place: str
    asked: Filter
    # What the address says beside conditions.
    kept: Pairs
    here: str = ""

    @property
    def saved_pk(self) -> str:
        return self.request.GET.get("saved", "")

    def pairs(self, kept: Pairs | None = None) -> Pairs:
        """What an address of the same question says, also with something else beside it."""
        named = [("saved", self.saved_pk)] if self.saved_pk else []
        beside = self.kept if kept is None else kept
        return saved.stated(self.request.user, self.place, [*beside, *named, *self.asked.pairs()])

    def url(self) -> str:
        """The short address of the question, without what the form left empty."""
        pairs = self.pairs()
        return f"{self.request.path}?{urlencode(pairs)}" if pairs else self.request.path

    def context(self) -> dict[str, object]:
        above = panel.above(
            self.asked, place=self.place, kept=self.kept, here=self.here, saved_pk=self.saved_pk
        )
        form = SafeString("")
        if "filters" in self.request.GET or self.asked.errors:
            kept = [*self.kept, *([("saved", self.saved_pk)] if above.saved else [])]
            form = panel.render(self.asked, place=self.place, action=self.request.path, kept=kept)
        return {"filter": self.asked, "above": above, "filter_form": form}


def opening(request: SignedIn, place: str) -> HttpResponse | None:
    """Where nothing at all is asked: to the filter that the user chose to open the list with."""
    if request.GET or not (usual := saved.opened_with(request.user, place)):
        return None
    codes = {pipeline.code for pipeline in visibility.pipelines_of(request.user)}
    if usual.pipeline and usual.pipeline not in codes:
        return None
    return redirect(f"{request.path}?{saved.params_of(usual).urlencode()}")
