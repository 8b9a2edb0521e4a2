"""What a browser would post from an admin page, so that tests change one thing as a person does."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any


class _Form(HTMLParser):
    def __init__(self, form_id: str) -> None:
        super().__init__()
        self.form_id, self.inside = form_id, False
        self.data: dict[str, list[str]] = {}
        self.select: dict[str, Any] | None = None
        self.textarea: str | None = None
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {key: value or "" for key, value in attrs}
        if tag == "form":
            self.inside = found.get("id") == self.form_id
        if not self.inside or "disabled" in found:
            return
        name = found.get("name", "")
        if tag == "select":
            self.select = {
                "name": name,
                "multiple": "multiple" in found,
                "first": None,
                "chosen": [],
            }
        elif tag == "option" and self.select is not None:
            if self.select["first"] is None:
                self.select["first"] = found.get("value", "")
            if "selected" in found:
                self.select["chosen"].append(found.get("value", ""))
        elif tag == "textarea":
            self.textarea, self.text = name, ""
        elif tag == "input" and name:
            kind = found.get("type", "text")
            ticks = kind in ("checkbox", "radio")
            if (not ticks or "checked" in found) and kind not in ("submit", "button", "file"):
                self.add(name, found.get("value", "on" if ticks else ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = False
        elif tag == "select" and self.select is not None:
            chosen = self.select["chosen"]
            if not chosen and not self.select["multiple"] and self.select["first"] is not None:
                chosen = [self.select["first"]]
            for value in chosen:
                self.add(self.select["name"], value)
            self.select = None
        elif tag == "textarea" and self.textarea is not None:
            # HTML leaves out the line break that follows the tag; a browser sends \r\n.
            self.add(self.textarea, self.text.removeprefix("\n").replace("\n", "\r\n"))
            self.textarea = None

    def handle_data(self, data: str) -> None:
        if self.textarea is not None:
            self.text += data

    def add(self, name: str, value: str) -> None:
        if name and "__prefix__" not in name:
            self.data.setdefault(name, []).append(value)


def form_data(page: Any, form_id: str) -> dict[str, list[str]]:
    """The page's form as it would be sent untouched."""
    form = _Form(form_id)
    form.feed(page.content.decode())
    assert form.data, f"no form {form_id} on the page"
    return form.data


def errors(page: Any) -> str:
    """All sentences of refusal on the page, as one text."""
    import re

    lists = re.findall(r'<ul class="errorlist.*?</ul>', page.content.decode(), re.S)
    return " | ".join(re.sub(r"<[^>]+>", " ", item).strip() for item in lists)
