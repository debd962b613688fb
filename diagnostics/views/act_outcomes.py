"""Outcomes: what was done, and what came of it."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.web import MemberRequest, organization_view
from diagnostics.acts import DONE_KINDS, local_day
from diagnostics.engine.signals import BY_NAME
from diagnostics.queries.act_outcomes import SMALL_GROUP, Group, read_act_outcomes

MOST_CASES = 100


@require_GET
@organization_view("portfolio.view")
def act_outcomes(request: MemberRequest) -> HttpResponse:
    """Renewals of accounts in defense with and without an act, and each kind of act by cause."""
    found = read_act_outcomes(request.membership)
    shown = {
        "found": found,
        "today": local_day(request.organization),
        "small": SMALL_GROUP,
        "open_decisions": found.with_act.open_count + found.without_act.open_count,
        "groups": [describe_group(group) for group in found.groups if not group.is_small],
        "small_groups": [describe_group(group) for group in found.groups if group.is_small],
        "cases": [(case, found.names.get(case.decision.account_id, "")) for case in found.cases[:MOST_CASES]],
        "hidden_cases": max(0, len(found.cases) - MOST_CASES),
        "kinds": DONE_KINDS,
    }
    return render(request, "diagnostics/act_outcomes.html", shown)


def describe_group(group: Group) -> dict[str, Any]:
    """A group with its kind and cause in words."""
    french = (get_language() or "en").startswith("fr")
    signal = BY_NAME.get(group.cause)
    return {
        "group": group,
        "kind": DONE_KINDS[group.kind],
        "cause": signal.label[french] if signal else _("no cause named"),
        "source": signal.source if signal else "",
        "changes": [
            (None if mean is None else round(mean), len(these))
            for mean, these in zip(group.means, group.changes.values(), strict=True)
        ],
    }
