from .definition import (
    Condition,
    Edition,
    Field,
    Pipeline,
    Question,
    Rule,
    Scenario,
    Stage,
    StageRight,
)
from .regulation import Clause, LoggedRefusal, Reading, Regulation
from .runtime import Event, Offer, RuleRun, StageChange, Timer
from .schedule import Schedule, ScheduleDay, ScheduleHours
from .violation import KeptForGood, Override, Violation

__all__ = [
    "Clause",
    "Condition",
    "Edition",
    "Event",
    "Field",
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
]
