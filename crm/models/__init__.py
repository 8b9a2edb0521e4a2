from .company import Company
from .contact import Contact
from .counter import StageTotal
from .deal import Deal
from .file import DealFile
from .naming import NamingRule
from .point import ContactPoint
from .tag import Tag
from .task import Task
from .user import Team, User

__all__ = [
    "Company",
    "Contact",
    "ContactPoint",
    "Deal",
    "DealFile",
    "NamingRule",
    "StageTotal",
    "Tag",
    "Task",
    "Team",
    "User",
]
