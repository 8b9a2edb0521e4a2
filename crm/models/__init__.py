"""The records, one file a subject; whoever reads them starts from `visible_to`."""

from .analysed import Passage, Talk
from .batch import Batch, BatchRow
from .company import Company
from .contact import Contact
from .counter import StageTotal
from .deal import Deal
from .delivery import ClientLife, Delivery, DeliveryTerms, SoleDeal
from .file import File
from .goal import Goal
from .intake import ClientRule, IntakeRule, IntakeSource, RequestKind, Turn, Way
from .invoice import Invoice, InvoiceCounter, InvoiceKind
from .leave import Leave
from .naming import NamingRule
from .notice import Notice
from .own_list import CustomList, ItemEntry, ListField, ListItem
from .password import OldPassword, PasswordRule
from .payment import Package, Payment, PaymentProvider, PaymentTerms
from .pin import Pin
from .point import ContactPoint
from .preference import Preference
from .saved_filter import SavedFilter
from .tag import ListedTag, Tag, TagList
from .task import Task
from .transfer import Export, Import, ImportRow
from .user import Team, User

__all__ = [
    "Batch",
    "BatchRow",
    "ClientLife",
    "ClientRule",
    "Company",
    "Contact",
    "ContactPoint",
    "CustomList",
    "Deal",
    "Delivery",
    "DeliveryTerms",
    "Export",
    "File",
    "Goal",
    "Import",
    "ImportRow",
    "IntakeRule",
    "IntakeSource",
    "Invoice",
    "InvoiceCounter",
    "InvoiceKind",
    "ItemEntry",
    "Leave",
    "ListField",
    "ListItem",
    "ListedTag",
    "NamingRule",
    "Notice",
    "OldPassword",
    "Package",
    "Passage",
    "PasswordRule",
    "Payment",
    "PaymentProvider",
    "PaymentTerms",
    "Pin",
    "Preference",
    "RequestKind",
    "SavedFilter",
    "SoleDeal",
    "StageTotal",
    "Tag",
    "TagList",
    "Talk",
    "Task",
    "Team",
    "Turn",
    "User",
    "Way",
]
