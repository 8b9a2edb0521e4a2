"""The Jinja2 environment of the hot templates in templates/jinja2/."""

from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.template.defaultfilters import date, filesizeformat, linebreaksbr
from django.templatetags.static import static
from django.utils import timezone, translation
from jinja2 import Environment

from crm.addresses import url
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


def _local_date(value: Any, form: str | None = None) -> str:
    """Django's `date` filter; unlike it, Jinja2 does not turn UTC into the user's zone first."""
    return date(timezone.template_localtime(value), form)  # type: ignore[attr-defined]
