"""What is planned with one account: plan, next steps, business reviews; and who looked at its diagnosis."""

from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.models import AuditEntry
from accounts.web import MemberRequest, organization_view
from diagnostics.looks import record_look
from diagnostics.views.changes import answer_change
from diagnostics.views.posted import read_day, read_member
from portfolio import account_plans, business_reviews, next_steps
from portfolio.books import access_account
from portfolio.changes import ChangeRefused

BACK = "accounts"


@require_POST
@organization_view("portfolio.act")
def write_plan(request: MemberRequest, account_id: UUID) -> HttpResponse:
    """The account plan as of today."""
    account = access_account(request.membership, account_id)

    def act() -> tuple[AuditEntry, str]:
        entry = account_plans.update_account_plan(
            membership=request.membership,
            account=account,
            objective=request.POST.get("objective", ""),
            success_criteria=request.POST.get("success_criteria", ""),
            owner_email=request.user.email,
        )
        return entry, _("%(account)s: plan written.") % {"account": account.name}

    return answer_change(request, act, back=BACK)


@require_POST
@organization_view("portfolio.act")
def review_plan(request: MemberRequest, account_id: UUID) -> HttpResponse:
    """The plan was gone through today and still holds."""
    account = access_account(request.membership, account_id)

    def act() -> tuple[AuditEntry, str]:
        entry = account_plans.review_account_plan(membership=request.membership, account=account)
        return entry, _("%(account)s: plan reviewed.") % {"account": account.name}

    return answer_change(request, act, back=BACK)


@require_POST
@organization_view("portfolio.act")
def add_goal(request: MemberRequest, account_id: UUID) -> HttpResponse:
    """A next step on the account."""
    account = access_account(request.membership, account_id)

    def act() -> tuple[AuditEntry, str]:
        entry = next_steps.add_step(
            membership=request.membership,
            account=account,
            title=request.POST.get("title", ""),
            due_on=read_day(request, "due_on"),
            owner_email=read_member(request, "owner") or request.user.email,
        )
        return entry, _("%(account)s: next step noted.") % {"account": account.name}

    return answer_change(request, act, back=BACK)


@require_POST
@organization_view("portfolio.act")
def plan_review(request: MemberRequest, account_id: UUID) -> HttpResponse:
    """The next business review."""
    account = access_account(request.membership, account_id)

    def act() -> tuple[AuditEntry, str]:
        day = read_day(request, "day")
        if day is None:
            raise ChangeRefused(_("Choose the day of the review."))
        entry = business_reviews.plan_review(membership=request.membership, account=account, day=day)
        return entry, _("%(account)s: business review planned.") % {"account": account.name}

    return answer_change(request, act, back=BACK)


# What became of a review: its state, and whether the customer attended.
OUTCOMES = {"held": ("held", True), "missed": ("held", False), "cancelled": ("cancelled", False)}


@require_POST
@organization_view("portfolio.act")
def close_review(request: MemberRequest, interaction_id: UUID) -> HttpResponse:
    """A planned review was held, held without the customer, or cancelled."""
    review = business_reviews.access_review(request.membership, interaction_id)

    def act() -> tuple[AuditEntry, str]:
        state, attended = OUTCOMES.get(request.POST.get("outcome", ""), ("", False))
        entry = business_reviews.close_review(
            membership=request.membership, review=review, state=state, attended=attended
        )
        return entry, _("%(account)s: business review noted.") % {"account": review.account.name}

    return answer_change(request, act, back=BACK)


@require_POST
@organization_view("portfolio.act")
def look(request: MemberRequest, account_id: UUID) -> HttpResponse:
    """The account's page has been open for ten seconds: once a day it counts."""
    record_look(membership=request.membership, account=access_account(request.membership, account_id))
    return HttpResponse(status=204)
