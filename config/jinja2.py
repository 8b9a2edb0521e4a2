"""The Jinja2 environment of the hot templates in templates/jinja2/."""

from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.template.defaultfilters import date
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone, translation
from jinja2 import Environment


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
    env.filters.update(date=_local_date, intcomma=intcomma)
    return env


def url(name: str, *args: Any, **kwargs: Any) -> str:
    """`url("crm:deal", pk=1)`, as `{% url %}`."""
    return reverse(name, args=args, kwargs=kwargs)


def _local_date(value: Any, form: str | None = None) -> str:
    """Django's `date` filter; unlike it, Jinja2 does not turn UTC into the user's zone first."""
    return date(timezone.template_localtime(value), form)  # type: ignore[attr-defined]
