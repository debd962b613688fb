"""Forecasts and next steps are set in place on the desk of Renewals, by whom, and what an export keeps of them."""

import re

import pytest

from accounts.context import organization_context
from accounts.models import AuditEntry, Membership, Organization, Role
from diagnostics.queries.renewal_facts import read_term_notes
from portfolio.models import Account, AccountGoal, Act
from portfolio.people import hash_address
from tests.diagnostics.desks import in_days, text_of
from tests.diagnostics.renewal_book import PART, URL, account_id, book, desk_of, listed, rows_of, term
from tests.portfolio.desk import BASE, Desk

__all__ = ["book"]


def test_a_forecast_is_set_in_place_shown_and_taken_back(book, client_for):
    client = client_for(book.bob)
    address = f"/o/acme/accounts/{account_id(book, 'K')}/forecast/"
    answer = client.post(address, {"term": term(), "forecast": "commit"}, headers=PART)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "announce" in answer.headers["HX-Trigger"]
    assert "<html" not in page
    assert 'aria-current="true">60 days' in page  # the part is that of the page which asked
    assert "forecast Commit." in text_of(page)
    assert listed(client, "?forecast=commit") == "K"
    undo = re.search(r'hx-post="(/o/acme/changes/[^"]+/undo/)"', page).group(1)
    assert client.post(undo, headers=PART).status_code == 200
    assert listed(client, "?forecast=commit") == ""
    assert "nothing left to take back" in text_of(client.post(undo, headers=PART).content.decode())
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        assert Act.objects.count() == 0
        made = AuditEntry.objects.order_by("at").values_list("action", flat=True)
        assert list(made)[-2:] == ["renewal.forecast", "change.undone"]


def test_lost_needs_a_reason_and_shows_it_sealed(book, client_for):
    client = client_for(book.bob)
    address = f"/o/acme/accounts/{account_id(book, 'K')}/forecast/"
    refused = client.post(address, {"term": term(), "forecast": "lost"}, headers=PART).content.decode()
    assert "Say in a few words why it is lost." in refused
    client.post(address, {"term": term(), "forecast": "lost", "reason": "Budget <b>cut</b>"}, headers=PART)
    shown = client.get(URL).content.decode()
    assert "Budget &lt;b&gt;cut&lt;/b&gt;" in shown
    assert "Group chose one tool" in shown  # the reason that came with the notice
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        act = Act.objects.get()
        # No priority called for it: whoever counts acts on priorities does not count it.
        assert (act.kind, act.priority, act.reason) == ("planned", "", f"forecast:lost:{term()}")
        assert "Budget" not in str(AuditEntry.objects.get(action="renewal.forecast").details)


def test_an_address_in_the_reason_of_a_loss_is_found_by_its_hash(book, client_for):
    address = f"/o/acme/accounts/{account_id(book, 'K')}/forecast/"
    posted = {"term": term(), "forecast": "lost", "reason": "Ida.Moe@h.example chose another tool"}
    client_for(book.bob).post(address, posted, headers=PART)
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        assert [bytes(one) for one in Act.objects.get().mentioned_hashes] == [
            hash_address(book.acme.id, "ida.moe@h.example")
        ]


@pytest.mark.parametrize("posted", [{"forecast": "maybe"}, {"forecast": "commit", "term": "2020-01-01:K-s"}, {}])
def test_what_is_no_forecast_or_no_term_changes_nothing(book, client_for, posted):
    address = f"/o/acme/accounts/{account_id(book, 'K')}/forecast/"
    answer = client_for(book.bob).post(address, {"term": term(), **posted}, follow=True)
    assert answer.status_code == 200
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        assert Act.objects.count() == 0


def test_a_next_step_is_assigned_changed_and_done(book, client_for):
    client = client_for(book.bob)
    address = f"/o/acme/accounts/{account_id(book, 'K')}/step/"
    step = {"term": term(), "title": "Terms from legal", "due_on": in_days(4).isoformat(), "owner": book.dora.email}
    answer = client.post(address, step, follow=True)
    assert answer.redirect_chain == [(URL, 302)]
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        goal = AccountGoal.objects.get()
    row = text_of(client.get(URL).content.decode())
    assert "Terms from legal" in row
    assert desk_of(book, book.bob).total_under("no_step").count == 1
    assert next(row for row in rows_of(book, book.bob) if row.source_id == "K").owner == "Dora"
    client.post(address, {**step, "goal": str(goal.pk), "title": "Terms signed"})
    assert "Terms signed" in client.get(URL).content.decode()
    client.post(f"/o/acme/goals/{goal.pk}/done/")
    assert "Terms signed" not in client.get(URL).content.decode()
    for bad in ({"title": " "}, {"due_on": "soon"}, {"due_on": "2020-01-01"}, {"owner": "eve@elsewhere.example"}):
        client.post(address, {**step, **bad})
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        assert AccountGoal.objects.count() == 1


def test_who_may_act(book, client_for):
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        Membership.objects.create(user=book.eve, role=Role.VIEWER)
    here = account_id(book, "K")
    for path in (f"accounts/{here}/forecast/", f"accounts/{here}/step/"):
        assert client_for(book.eve).post(f"/o/acme/{path}", {"term": term()}).status_code == 403
        assert client_for(book.charlie).post(f"/o/acme/{path}", {"term": term()}).status_code == 404
        assert client_for(book.charlie).post(f"/o/globex/{path}", {"term": term()}).status_code == 404
        assert client_for(book.bob).get(f"/o/acme/{path}").status_code == 405
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        Organization.objects.update(visibility="own")
    hidden = f"/o/acme/accounts/{account_id(book, 'L')}/forecast/"
    assert client_for(book.bob).post(hidden, {"term": term(100, "L-s"), "forecast": "lost"}).status_code == 404


def test_forecasts_and_steps_come_back_from_an_export_as_they_were(cast, client_for, tmp_path):
    """Everything that members noted on a desk, into an empty organization and out again, to the byte."""
    acme, globex = Desk(cast.acme, tmp_path / "acme"), Desk(cast.globex, tmp_path / "globex")
    for desk in (acme, globex):
        desk.folder.mkdir()
    ends_on = in_days(38).isoformat()
    acme.drop(
        BASE
        | {
            "subscriptions.csv": "subscription_id,account_id,product_id,started_on,term_months,notice_days,renews_on,"
            f"mrr\nS1,A1,crm,2024-01-01,12,30,{ends_on},100\n"
        }
    )
    client = client_for(cast.alice)
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        here = Account.objects.get(source_id="A1").pk
    posted = {"term": f"{ends_on}:S1"}
    client.post(f"/o/acme/accounts/{here}/forecast/", {**posted, "forecast": "commit"})
    client.post(f"/o/acme/accounts/{here}/forecast/", {**posted, "forecast": "lost", "reason": "Budget, cut"})
    client.post(f"/o/acme/accounts/{here}/step/", {**posted, "title": "Exit call", "due_on": in_days(3).isoformat()})
    client.post(f"/o/acme/accounts/{here}/opportunities/", {"lever": "upsell", "amount": "1200.50"})
    client.post(f"/o/acme/accounts/{here}/reviews/", {"day": in_days(9).isoformat()})
    client.post(f"/o/acme/accounts/{here}/plan/", {"objective": "One board"})
    first = acme.export()
    record = globex.drop(globex.put(first))
    assert globex.rejected(record) == []
    assert globex.export() == first
    with organization_context(organization_id=cast.globex.id, user_id=cast.charlie.id):
        facts = read_term_notes(cast.globex, [Account.objects.get(source_id="A1").pk])
    [((_account, term_name), call)], [step] = facts.forecasts.items(), facts.steps.values()
    assert (term_name, call.forecast, call.reason, step.title) == (f"{ends_on}:S1", "lost", "Budget, cut", "Exit call")
