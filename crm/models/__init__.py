from .company import Company
from .contact import Contact
from .counter import StageTotal
from .deal import Deal
from .file import DealFile
from .intake import ClientRule, IntakeRule, IntakeSource, RequestKind, Turn, Way
from .naming import NamingRule
from .point import ContactPoint
from .tag import Tag
from .task import Task
from .user import Team, User

__all__ = [
    "ClientRule",
    "Company",
    "Contact",
    "ContactPoint",
    "Deal",
    "DealFile",
    "IntakeRule",
    "IntakeSource",
    "NamingRule",
    "RequestKind",
    "StageTotal",
    "Tag",
    "Task",
    "Team",
    "Turn",
    "User",
    "Way",
]
