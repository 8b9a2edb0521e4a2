"""The Jinja2 environment of the hot templates in templates/jinja2/."""

from functools import lru_cache
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.template.defaultfilters import date, filesizeformat, linebreaksbr
from django.templatetags.static import static
from django.urls import get_script_prefix, get_urlconf, reverse
from django.utils import timezone, translation
from jinja2 import Environment

from crm.clients.points import phone_words


def environment(**options: Any) -> Environment:
    """What Django's templates have by tags: static(), url(), gettext, dates and numbers."""
    # Trimmed: a board of 400 cards is half white space otherwise.
    options |= {"trim_blocks": True, "lstrip_blocks": True}
    # Django passes autoescape=True among the options.
    env = Environment(extensions=["jinja2.ext.i18n"], **options)  # noqa: S701
    # newstyle: placeholders are filled by gettext itself and escaped. The functions look the
    # language up when called, so that one cached template serves every language.
    env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=translation.gettext,
        ngettext=translation.ngettext,
        pgettext=translation.pgettext,
        npgettext=translation.npgettext,
        newstyle=True,
    )
    env.globals.update(static=static, url=url, localtime=timezone.localtime)
    env.filters.update(
        date=_local_date,
        filesizeformat=filesizeformat,
        intcomma=intcomma,
        linebreaksbr=linebreaksbr,
        phone=phone_words,
    )
    return env


def url(name: str, *args: Any) -> str:
    """`url("crm:deal", 1)`, as `{% url %}`.

    A card has ninety addresses, and reversing each anew was a tenth of its time: addresses that differ
    in numbers only are reversed once, with a number that is nobody's.
    """
    numbers = [arg for arg in args if type(arg) is int]
    pattern = tuple(_NOBODY if type(arg) is int else arg for arg in args)
    parts = _parts(name, pattern, get_script_prefix(), get_urlconf())
    if len(parts) != len(numbers) + 1:
        return reverse(name, args=args)
    return parts[0] + "".join(
        f"{number}{part}" for number, part in zip(numbers, parts[1:], strict=True)
    )


_NOBODY = 7_340_120_598_166_213


@lru_cache(maxsize=1000)
def _parts(name: str, pattern: tuple[Any, ...], prefix: str, urlconf: str | None) -> list[str]:
    """What stands between the numbers of an address; the prefix and the configuration tell caches apart."""
    return reverse(name, args=pattern, urlconf=urlconf).split(str(_NOBODY))


def _local_date(value: Any, form: str | None = None) -> str:
    """Django's `date` filter; unlike it, Jinja2 does not turn UTC into the user's zone first."""
    return date(timezone.template_localtime(value), form)  # type: ignore[attr-defined]
