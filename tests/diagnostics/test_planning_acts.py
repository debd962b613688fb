"""What is planned on the account page: plan, next steps, reviews, opportunities; done by form, without a script."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.context import organization_context
from accounts.models import Membership, Role
from portfolio.models import Account, AccountGoal, AccountPlan, Interaction, Opportunity
from tests.diagnostics.desks import NIGHT, diagnose_by_hand, in_days, make_account, text_of


@pytest.fixture
def book(cast):
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        diagnose_by_hand((make_account("Kestrel", csm_email=cast.bob.email), {}), night=NIGHT)
        cast.here = f"/o/acme/accounts/{Account.objects.get().pk}/"
    return cast


def page_of(cast, client):
    return text_of(client.get(cast.here).content.decode())


def test_a_plan_is_written_and_reviewed_with_undo(book, client_for):
    client = client_for(book.bob)
    assert "No account plan is on record." in page_of(book, client)
    refused = client.post(f"{book.here}plan/review/", {"next": f"{book.here}#plan"}, follow=True)
    assert "There is no account plan to review" in refused.content.decode()
    answer = client.post(f"{book.here}plan/", {"objective": "One <board>", "next": f"{book.here}#plan"}, follow=True)
    assert answer.redirect_chain == [(f"{book.here}#plan", 302)]
    assert "One &lt;board&gt;" in answer.content.decode()
    assert "/undo/" in answer.content.decode()
    client.post(f"{book.here}plan/review/")
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        plan = AccountPlan.objects.get()
    assert (plan.owner_email, plan.reviewed_on) == (book.bob.email, plan.updated_on)
    assert "Reviewed today" not in page_of(book, client)


def test_a_step_is_noted_and_done(book, client_for):
    client = client_for(book.bob)
    client.post(f"{book.here}goals/", {"title": "Send terms", "due_on": in_days(3).isoformat()})
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        goal = AccountGoal.objects.get()
    assert (goal.owner_email, goal.due_on) == (book.bob.email, in_days(3))
    client.post(f"/o/acme/goals/{goal.pk}/done/", {"next": book.here})
    assert "done on" in page_of(book, client)


def test_a_review_is_planned_then_held(book, client_for):
    client = client_for(book.bob)
    client.post(f"{book.here}reviews/", {"day": ""})
    client.post(f"{book.here}reviews/", {"day": in_days(12).isoformat()})
    assert "Next business review on" in page_of(book, client)
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        review = Interaction.objects.get()
        client.post(f"/o/acme/reviews/{review.pk}/close/", {"outcome": "held"})
        review.refresh_from_db()
        assert review.state == "planned"  # it is still ahead
        Interaction.objects.update(happened_at=timezone.now() - timedelta(days=2))
    assert "was it held?" in page_of(book, client)
    client.post(f"/o/acme/reviews/{review.pk}/close/", {"outcome": "bribed"})
    client.post(f"/o/acme/reviews/{review.pk}/close/", {"outcome": "missed"})
    assert "was missed by the customer" in page_of(book, client)


def test_an_opportunity_is_opened_and_moved_from_the_account(book, client_for):
    client = client_for(book.bob)
    client.post(f"{book.here}opportunities/", {"lever": "renewal", "amount": "12000", "next": book.here})
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        opportunity = Opportunity.objects.get()
    client.post(f"/o/acme/opportunities/{opportunity.pk}/stage/", {"stage": "won", "next": book.here})
    page = page_of(book, client)
    assert "Renewal" in page
    assert "1 closed" in page


@pytest.mark.parametrize("path", ["plan/", "plan/review/", "goals/", "reviews/", "opportunities/"])
def test_viewers_strangers_and_wrong_verbs(book, client_for, path):
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        Membership.objects.create(user=book.eve, role=Role.VIEWER)
    assert client_for(book.eve).post(f"{book.here}{path}").status_code == 403
    assert client_for(book.charlie).post(f"{book.here}{path}").status_code == 404
    assert client_for(book.charlie).post(f"{book.here.replace('acme', 'globex')}{path}").status_code == 404
    assert client_for(book.bob).get(f"{book.here}{path}").status_code == 405
    assert "Write a plan" not in page_of(book, client_for(book.eve))


def test_an_owner_with_a_nul_byte_is_no_error(book, client_for):
    for owner in ("\0", f"{book.bob.email}\0", "nobody\0"):
        answer = client_for(book.bob).post(f"{book.here}goals/", {"title": "x", "owner": owner})
        assert answer.status_code == 302


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example/", "foo", "/\\evil.example", "\0"])
def test_the_way_back_stays_on_this_site(book, client_for, back):
    answer = client_for(book.bob).post(f"{book.here}goals/", {"title": "x", "next": back})
    assert answer.headers["Location"] == "/o/acme/accounts/"
