"""What is new about a subject since the last act on it, in one sentence."""

from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from accounts.formats import format_day, format_number
from diagnostics.models import Diagnosis
from diagnostics.models.diagnoses import Lever, Segment
from diagnostics.queries.causes import CauseReader

MOST = 2


def tell_news(news: dict[str, Any], reader: CauseReader, diagnosis: Diagnosis | None, today: date) -> str:
    """ "Back since **12 Nov** (called): health **63 → 54**."; '' where nobody acted on the subject before."""
    if not news:
        return ""
    acted_on = date.fromisoformat(news["acted_on"])
    day = format_day(acted_on, language=reader.language, today=today)
    told = _list_news(news, reader, diagnosis, today)[:MOST]
    if not told:
        # Its date has come; nothing else differs.
        return _("You put it away on **%(day)s** until now.") % {"day": day}
    return _("New since **%(day)s**: %(what)s.") % {"day": day, "what": "; ".join(told)}


def _list_news(news: dict[str, Any], reader: CauseReader, diagnosis: Diagnosis | None, today: date) -> list[str]:
    """Every difference in a few words, the most telling first."""
    told = []
    if news.get("on"):
        on = format_day(date.fromisoformat(news["on"]), language=reader.language, today=today)
        told.append(_("a fact of **%(day)s**") % {"day": on})
    for name, label in (("health", _("health")), ("potential", _("potential"))):
        if news.get(name):
            was, now = (format_number(value, language=reader.language) for value in news[name])
            told.append(f"{label} **{was} → {now}**")
    if news.get("segment"):
        told.append(_("now %(segment)s") % {"segment": f"**{Segment(news['segment'][1]).label}**"})
    if news.get("lever"):
        lever = news["lever"][1]
        told.append(_("lever now %(lever)s") % {"lever": f"**{Lever(lever).label}**"} if lever else _("no lever open"))
    number = news.get("worse") or news.get("cause")
    if number and diagnosis is not None:
        contribution = reader.contributions(diagnosis)[number - 1]
        told.append(f"{contribution.label(reader.language)} **{_points(contribution.points, reader.language)}**")
    if news.get("decision"):
        on = format_day(date.fromisoformat(news["decision"][1]), language=reader.language, today=today)
        told.append(_("decision now on **%(day)s**") % {"day": on})
    return told


def _points(points: float, language: str) -> str:
    return format_number(points, language=language, digits=1, signed=True)
