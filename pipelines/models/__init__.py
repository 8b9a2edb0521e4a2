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
from .runtime import Event, Offer, RuleRun, StageChange, Timer
from .schedule import Schedule, ScheduleDay, ScheduleHours

__all__ = [
    "Condition",
    "Edition",
    "Event",
    "Field",
    "Offer",
    "Pipeline",
    "Question",
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
]
