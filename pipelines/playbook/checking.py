"""What a playbook means: every code known, every parameter valid, no rule that moves a deal in circles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django import forms
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from pipelines import registry
from pipelines.clock import Duration
from pipelines.compiling import vocabulary_of_all
from pipelines.models import Field, Question, Rule, Scenario, Schedule, Stage
from pipelines.models import Pipeline as PipelineRow
from pipelines.params import ParamsForm, RoleField, RolesField, Vocabulary

from .books import Book, read_book
from .circles import circles
from .company import check_sections
from .cursor import Problems, hint
from .rows import columns
from .specs import ConditionSpec, PipelineSpec, Place, RuleSpec

# A move can be made with a reason; what else is refused is refused.
PASSABLE = {("require", "enter"), ("require", "leave")}
SINGLE = (forms.CharField, forms.ChoiceField, forms.IntegerField, forms.BooleanField)


def check(folder: Path) -> list[str]:
    """Everything that is wrong with the playbook, each with its file, line, place and what would be right."""
    book, problems = read_book(folder)
    return [*problems, *check_book(book)]


@dataclass
class Surroundings:
    """What lies outside a pipeline's own file; None where it can't be told and is not asked."""

    everything: dict[str, list[tuple[str, str]]]
    roles: set[str] | None = None
    clauses: set[str] | None = None
    schedules: set[str] | None = None
    tasks: set[str] | None = None
    kinds: set[str] = field(default_factory=set)


def check_book(book: Book) -> list[str]:
    problems = Problems()
    company = book.company
    everything = vocabulary_of_all()
    own = [(spec.code, spec.name) for spec in book.pipelines]
    around = Surroundings(
        everything={
            "pipelines": [*everything["pipelines"], *own],
            "templates": [*everything["templates"], *company.templates],
        },
        roles={*company.roles, *Group.objects.values_list("name", flat=True)},
        clauses={clause.code for clause in company.clauses},
        schedules=set(Schedule.objects.values_list("code", flat=True)),
        tasks={code for spec in book.pipelines for code in task_codes(spec.rules)},
        kinds=task_kinds(),
    )
    if company.schedule and around.schedules is not None:
        around.schedules.add(company.schedule.code)
    check_sections(company, book.folder, problems)
    _once(problems, ((spec.code, spec.place) for spec in book.pipelines), _("pipeline"))
    others = dict(
        PipelineRow.objects.exclude(playbook=company.code).values_list("code", "playbook")
    )
    for spec in book.pipelines:
        if spec.code in others:
            problems.add(
                spec.place,
                _("the pipeline “%(code)s” belongs to the playbook “%(playbook)s”")
                % {"code": spec.code, "playbook": others[spec.code]},
            )
        problems += check_pipeline(spec, around)
    return problems


def check_pipeline(spec: PipelineSpec, around: Surroundings) -> list[str]:
    """The problems of one pipeline among its surroundings."""
    return _Check(spec, around).run()


def task_codes(rules: Iterable[RuleSpec]) -> set[str]:
    """Codes of the tasks that rules set."""
    return {
        str(rule.params["code"])
        for rule in rules
        if _sets_task(rule.name) and rule.params.get("code")
    }


def task_kinds() -> set[str]:
    fields: list[Any] = [
        entry.form.base_fields["kind"]
        for name, entry in registry.actions.items()
        if _sets_task(name)
    ]
    return {str(code) for field in fields for code, _label in field.choices if code}


def _sets_task(name: str) -> bool:
    entry = registry.actions.get(name)
    return entry is not None and {"code", "kind"} <= set(entry.form.base_fields)


class _Check:
    """One pipeline being checked; its methods are in the order of the file."""

    def __init__(self, spec: PipelineSpec, around: Surroundings) -> None:
        self.spec, self.around, self.problems = spec, around, Problems()
        built_in = {code: str(item.label) for code, item in registry.built_ins.items()}
        self.field_types = {code: item.type for code, item in registry.built_ins.items()}
        self.field_types |= {item.full_code: item.type for item in spec.fields}
        self.vocabulary = Vocabulary(
            stages=[(item.code, item.name) for item in spec.stages],
            fields=[*built_in.items(), *((item.full_code, item.label) for item in spec.fields)],
            scenarios=[(item.code, item.label) for item in spec.scenarios],
            pipelines=around.everything["pipelines"],
            templates=around.everything["templates"],
        )

    def run(self) -> Problems:
        spec = self.spec
        self._row(PipelineRow, spec, spec.place)
        known = self.around.schedules
        if spec.schedule and known is not None and spec.schedule not in known:
            self._unknown(_("schedule"), spec.schedule, known, spec.place)
        self._fields()
        self._stages()
        self._scenarios()
        for rule in spec.rules:
            self._rule(rule)
        _once(self.problems, ((rule.code, rule.place) for rule in spec.rules), _("rule"))
        for stages, rules in circles(spec):
            self.problems.add(
                rules[0].place,
                _("these rules would move a deal in a circle: %(stages)s (rules %(rules)s)")
                % {
                    "stages": " → ".join(stages),
                    "rules": ", ".join(dict.fromkeys(rule.code for rule in rules)),
                },
            )
        return self.problems

    def _fields(self) -> None:
        for item in self.spec.fields:
            self._row(Field, item, item.place, clean=True)
            if item.full_code in registry.built_ins:
                self.problems.add(
                    item.place,
                    _("every record has the field “%(code)s” of itself") % {"code": item.full_code},
                )
        _once(
            self.problems, ((item.full_code, item.place) for item in self.spec.fields), _("field")
        )

    def _stages(self) -> None:
        spec = self.spec
        starting = [item for item in spec.stages if item.starts] or spec.stages[:1]
        if len(starting) > 1:
            self.problems.add(starting[1].place, _("new deals come to one stage only"))
        if not starting or starting[0].kind != Stage.Kind.OPEN:
            self.problems.add(
                spec.place, _("the first stage must be an open one: new deals enter there")
            )
        for item in spec.stages:
            self._row(Stage, item, item.place)
            self._duration("limit", item.limit, item.place)
            for role in (role for roles in item.rights.values() for role in roles):
                self._role(role, item.place)
        _once(self.problems, ((item.code, item.place) for item in spec.stages), _("stage"))

    def _scenarios(self) -> None:
        stages = {item.code for item in self.spec.stages}
        for item in self.spec.scenarios:
            self._row(Scenario, item, item.place)
            self._known(_("stage"), item.stages, stages, item.place)
            self._known(_("task"), item.tasks, self.around.tasks, item.place)
            self._known(_("task kind"), item.kinds, self.around.kinds or None, item.place)
            for question in item.questions:
                self._row(Question, question, question.place)
                if question.type == Question.Type.FIELD:
                    self._known(_("field"), [question.code], set(self.field_types), question.place)
            _once(
                self.problems,
                ((asked.code, asked.place) for asked in item.questions),
                _("question"),
            )
        _once(
            self.problems, ((item.code, item.place) for item in self.spec.scenarios), _("scenario")
        )

    def _rule(self, rule: RuleSpec) -> None:
        self._row(
            Rule,
            rule,
            rule.place,
            skip=("params", "name") if rule.clause else ("params", "name", "clause"),
        )
        self._duration("period", rule.period, rule.place)
        if not rule.clause:
            self.problems.add(rule.place, _("the rule cites no clause"))
        elif self.around.clauses is not None:
            self._known(_("clause"), [rule.clause], self.around.clauses, rule.place)
        if rule.verb:
            self._known(_("event"), [rule.verb], set(registry.verbs), rule.place)
        if rule.date:
            dates = {
                code for code, type in self.field_types.items() if type in ("date", "datetime")
            }
            self._known(_("date"), [rule.date], dates | set(registry.date_sources), rule.place)
        table: dict[str, Any] = dict(
            registry.guards if rule.effect == "require" else registry.actions
        )
        self._entry(table, rule, _("guard") if rule.effect == "require" else _("action"))
        for role in rule.override:
            self._role(role, rule.place)
        if rule.override and (rule.effect, rule.when) not in PASSABLE:
            self.problems.add(
                rule.place,
                _("override: only a requirement of entering or leaving a stage can be passed"),
            )
        for condition in rule.conditions:
            self._entry(dict(registry.guards), condition, _("guard"))

    def _entry(self, table: dict[str, Any], item: RuleSpec | ConditionSpec, kind: str) -> None:
        entry = table.get(item.name)
        if entry is None:
            self._unknown(kind, item.name, table, item.place)
            return
        known = set(entry.form.base_fields)
        for name in item.params:
            if name not in known:
                self._unknown(_("parameter"), name, known, item.place)
        if misshapen := list(_misshapen(entry.form, item.params)):
            for sentence in misshapen:
                self.problems.add(item.place, sentence)
            return
        form: ParamsForm = entry.form(item.params, pipeline=self.vocabulary)
        try:
            valid = form.is_valid()
        except (TypeError, ValueError, AttributeError, KeyError) as error:
            # A mapping where a form expects a word: its own fields say so, a `clean` of several may stumble.
            self.problems.add(item.place, _("unusable parameters (%(error)s)") % {"error": error})
            return
        if not valid:
            for name, errors in form.errors.items():
                label = "" if name == "__all__" else f"{name}: "
                self.problems.add(
                    item.place, label + " ".join(map(str, errors)) + self._choices_of(form, name)
                )
        for name, field_ in form.fields.items():
            if isinstance(field_, (RoleField, RolesField)) and (
                value := form.cleaned_data.get(name)
            ):
                for role in [value] if isinstance(value, str) else value:
                    self._role(role, item.place)

    def _choices_of(self, form: ParamsForm, name: str) -> str:
        value = form.data.get(name)
        flat = getattr(form.fields.get(name), "flat_choices", None)
        if flat is None and isinstance(form.fields.get(name), forms.ChoiceField):
            flat = form.fields[name].choices  # type: ignore[attr-defined]
        known = [str(code) for code, _label in flat or ()]
        wrong = [
            str(item)
            for item in (value if isinstance(value, list) else [value])
            if str(item) not in known
        ]
        return hint(wrong[0], known) if known and value and wrong else ""

    def _role(self, role: str, place: Place) -> None:
        if self.around.roles is not None:
            self._known(_("role"), [role], self.around.roles, place)

    def _duration(self, name: str, text: str, place: Place) -> None:
        try:
            if text:
                Duration.parse(text)
        except ValueError as error:
            self.problems.add(place, f"{name}: {error}")

    def _known(self, kind: str, words: Iterable[str], known: set[str] | None, place: Place) -> None:
        for word in words:
            if known is not None and word not in known:
                self._unknown(kind, word, known, place)

    def _unknown(self, kind: str, word: str, known: Iterable[str], place: Place) -> None:
        self.problems.add(
            place,
            _("unknown %(kind)s “%(word)s”%(hint)s")
            % {"kind": kind, "word": word, "hint": hint(word, known)},
        )

    def _row(
        self,
        model: Callable[..., Any],
        spec: Any,
        place: Place,
        *,
        clean: bool = False,
        skip: tuple[str, ...] = (),
    ) -> None:
        """What the model itself would say to the row: lengths, choices, codes."""
        row = model(**columns(spec))
        own = set(columns(spec)) - set(skip)
        try:
            row.clean_fields(
                exclude={item.name for item in row._meta.fields if item.name not in own}
            )
            if clean:
                row.clean()
        except ValidationError as error:
            for name, sentences in error.message_dict.items():
                for sentence in sentences:
                    self.problems.add(place, f"{name}: {sentence}")


def _misshapen(form: type[ParamsForm], params: dict[str, Any]) -> Iterator[str]:
    """Values that Django's fields would take and mean something else: a list as a text, “off” as true."""
    for name, value in params.items():
        field_ = form.base_fields.get(name)
        single = isinstance(field_, SINGLE) and not isinstance(field_, forms.MultipleChoiceField)
        if single and isinstance(value, (dict, list)):
            yield _("%(name)s: must be one value, not a list or mapping") % {"name": name}
        elif isinstance(field_, forms.BooleanField) and not isinstance(value, bool):
            yield _("%(name)s: must be true or false, not “%(value)s”") % {
                "name": name,
                "value": value,
            }


def _once(problems: Problems, codes: Iterable[tuple[str, Place]], kind: str) -> None:
    pairs = list(codes)
    counts = Counter(code for code, _place in pairs)
    for code in (code for code, number in counts.items() if code and number > 1):
        last = [place for found, place in pairs if found == code][-1]
        problems.add(
            last, _("the %(kind)s “%(code)s” is defined twice") % {"kind": kind, "code": code}
        )
