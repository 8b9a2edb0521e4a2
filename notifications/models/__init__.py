"""Templates, and the outbox of letters and messages."""

from .message import Message, MessageFile, new_message_id
from .template import Template, TemplateFile

__all__ = ["Message", "MessageFile", "Template", "TemplateFile", "new_message_id"]
