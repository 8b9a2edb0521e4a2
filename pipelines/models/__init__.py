"""The regulation as rows, and what its running leaves behind."""

from .field import Field, FieldColumns, choices_column
from .pipeline import Edition, Pipeline, Stage, StageRight
from .regulation import Clause, LoggedRefusal, Reading, Regulation
from .rule import Condition, Question, Rule, Scenario
from .runtime import Event, Offer, RuleRun, StageChange, Timer
from .schedule import Schedule, ScheduleDay, ScheduleHours
from .violation import KeptForGood, Override, Violation

__all__ = [
    "Clause",
    "Condition",
    "Edition",
    "Event",
    "Field",
    "FieldColumns",
    "KeptForGood",
    "LoggedRefusal",
    "Offer",
    "Override",
    "Pipeline",
    "Question",
    "Reading",
    "Regulation",
    "Rule",
    "RuleRun",
    "Scenario",
    "Schedule",
    "ScheduleDay",
    "ScheduleHours",
    "Stage",
    "StageChange",
    "StageRight",
    "Timer",
    "Violation",
    "choices_column",
]
