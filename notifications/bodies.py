"""A letter's body as plain text and as safe HTML, each made from the other."""

from __future__ import annotations

import re
from html import unescape

import nh3
from django.utils.html import escape, urlize
from django.utils.safestring import SafeString, mark_safe

# What a letter needs; no styles, scripts, forms or frames. Pictures come as attachments.
TAGS = {
    "a", "b", "blockquote", "br", "div", "em", "h1", "h2", "h3", "hr", "i", "li", "ol", "p", "s", "span",
    "strong", "table", "tbody", "td", "th", "thead", "tr", "u", "ul",
}  # fmt: skip

_LOOKS_LIKE_HTML = re.compile(rf"</?({'|'.join(sorted(TAGS))})(\s[^<>]*)?/?>", re.IGNORECASE)
_LINE_ENDS = re.compile(r"<br\s*/?>|</(div|h[1-6]|li|tr|blockquote)>", re.IGNORECASE)
_PARAGRAPH_ENDS = re.compile(r"</(p|ul|ol|table)>|<hr\s*/?>", re.IGNORECASE)
_LINK = re.compile(r'<a\s[^>]*href="([^"]*)"[^>]*>(.*?)</a>', re.IGNORECASE | re.DOTALL)


def is_html(text: str) -> bool:
    """Whether a template's body is meant as HTML: it has a tag that letters use («цена < 5» has none)."""
    return bool(_LOOKS_LIKE_HTML.search(text))


def clean(html: str) -> SafeString:
    """The HTML with everything taken out that has no place in a letter."""
    return mark_safe(  # noqa: S308 (nh3 has cleaned it)
        nh3.clean(
            html,
            tags=TAGS,
            attributes={"a": {"href", "title"}},
            url_schemes={"http", "https", "mailto", "tel"},
        )
    )


def from_text(text: str) -> SafeString:
    """The plain text as HTML: escaped, with line breaks and links."""
    return mark_safe(urlize(escape(text)).replace("\n", "<br>\n"))  # noqa: S308 (escaped)


def to_text(html: str) -> str:
    """The HTML as plain text: paragraphs and lines kept, a link's address beside its words."""
    text = re.sub(r"\s+", " ", html)
    text = _LINK.sub(
        lambda match: match[2] if match[1] in match[2] else f"{match[2]} ({match[1]})", text
    )
    text = _PARAGRAPH_ENDS.sub("\n\n", _LINE_ENDS.sub("\n", text))
    text = unescape(nh3.clean(text, tags=set()))
    lines = [line.strip() for line in text.splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
