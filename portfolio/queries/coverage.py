"""What the imported files let the diagnosis see, and what stays unseen without the others."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Sum
from django.utils.functional import Promise
from django.utils.translation import get_language, ngettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.formats import format_number
from portfolio.models import Import, ImportFile
from portfolio.queries.imports import FileLine


@dataclass(frozen=True, slots=True)
class Subject:
    """A kind of facts: the files that bring it, how its rows are counted, what is missed without it."""

    label: str | Promise
    files: tuple[str, ...]
    counted: Any
    without: str | Promise


SUBJECTS = (
    Subject(
        _("Accounts"),
        ("accounts",),
        ngettext_lazy("%(shown)s account", "%(shown)s accounts", "n"),
        _("Everything else belongs to an account: begin with accounts.csv."),
    ),
    Subject(
        _("Contracts and ARR"),
        ("subscriptions",),
        ngettext_lazy("%(shown)s period", "%(shown)s periods", "n"),
        _("Without subscriptions there is no ARR, no decision date and nothing to weigh a risk with."),
    ),
    Subject(
        _("Contacts"),
        ("contacts",),
        ngettext_lazy("%(shown)s person", "%(shown)s people", "n"),
        _("Without contacts nobody notices that a sponsor has left."),
    ),
    Subject(
        _("Usage"),
        ("usage",),
        ngettext_lazy("%(shown)s value", "%(shown)s values", "n"),
        _("Without usage health is withheld: it needs usage and one more source."),
    ),
    Subject(
        _("Plans and limits"),
        ("plan_limits",),
        ngettext_lazy("%(shown)s limit", "%(shown)s limits", "n"),
        _("Without plan limits no upsell window opens."),
    ),
    Subject(
        _("Tickets"),
        ("tickets",),
        ngettext_lazy("%(shown)s ticket", "%(shown)s tickets", "n"),
        _("Without tickets the support signals stay silent and confidence says so."),
    ),
    Subject(
        _("Invoices"),
        ("invoices",),
        ngettext_lazy("%(shown)s invoice", "%(shown)s invoices", "n"),
        _("Without invoices the billing signals stay silent and confidence says so."),
    ),
    Subject(
        _("Exchanges"),
        ("interactions",),
        ngettext_lazy("%(shown)s exchange", "%(shown)s exchanges", "n"),
        _("Without exchanges no silence is noticed and no need is heard."),
    ),
    Subject(
        _("Opportunities"),
        ("opportunities",),
        ngettext_lazy("%(shown)s opportunity", "%(shown)s opportunities", "n"),
        _("Without opportunities no stale one is found and no window is known to be worked on."),
    ),
)


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much is known of a subject. `state`: known, reading, waiting, none."""

    label: str
    state: str
    count: int
    counted: str
    without: str


def read_coverage(files: list[FileLine]) -> list[Coverage]:
    """What stands in the open organization by subject; `files` are those of the import that is shown."""
    known = _count_standing()
    states = {line.record.file: line.record.state for line in files}
    covered = []
    for subject in SUBJECTS:
        count = sum(known.get(name, 0) for name in subject.files)
        here = {states.get(name) for name in subject.files}
        state = "known" if count else "none"
        if ImportFile.State.READING in here:
            state = "reading"
        elif not count and ImportFile.State.WAITING in here:
            state = "waiting"
        shown = format_number(count, language=get_language() or "en")
        counted = str(subject.counted % {"n": count, "shown": shown})
        covered.append(Coverage(str(subject.label), state, count, counted, str(subject.without)))
    return covered


def _count_standing() -> dict[str, int]:
    """Rows by file that imports have created and that no undo took back.

    From the imports' own books: counting usage itself would visit every month of it, on each look at the page.
    """
    standing = ImportFile.objects.exclude(of_import__state=Import.State.UNDONE)
    return {row["file"]: row["n"] for row in standing.values("file").annotate(n=Sum("created")) if row["n"]}
