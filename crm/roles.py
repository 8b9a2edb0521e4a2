"""The roles: Django groups, known by name to rules, rights and `visible_to`."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from pipelines.guards import ROLE_LABELS

MANAGER = "manager"
HEAD = "head"
ACCOUNT_MANAGER = "account_manager"
CLIENT_DEPARTMENT = "client_department"
REFUNDS = "refunds"
CRM_ADMIN = "crm_admin"
ROBOT = "robot"

ROLE_LABELS.update(
    {
        MANAGER: gettext_noop("manager"),
        HEAD: gettext_noop("head of sales"),
        ACCOUNT_MANAGER: gettext_noop("account manager"),
        CLIENT_DEPARTMENT: gettext_noop("client department"),
        REFUNDS: gettext_noop("refunds manager"),
        CRM_ADMIN: gettext_noop("CRM administrator"),
        ROBOT: gettext_noop("robot"),
    }
)
