"""The administration of the records: people and what a playbook brings to change, the records to look up."""

from . import deliveries, intake, lists, money, people, playbook, records, roles

__all__ = ["deliveries", "intake", "lists", "money", "people", "playbook", "records", "roles"]
