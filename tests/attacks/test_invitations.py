"""Attack 50: an invitation works once, in time, for its address, while somebody entitled stands behind it."""

import re
import threading
from datetime import timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts import invitations, members
from accounts.context import organization_context, service_context
from accounts.directory import find_organization, inviting_organization_ids
from accounts.joining import accept_invitation
from accounts.models import AuditEntry, Invitation, Membership, Role
from accounts.rules import Refused
from accounts.tasks import send_invitation

pytestmark = pytest.mark.django_db

ADDRESS = "eve@elsewhere.example"


def invite(cast, *, email=ADDRESS, role="csm", actor=None):
    """Alice invites; the letter is written as the worker writes it. The token, from the letter alone."""
    actor = actor or cast.alice
    with organization_context(organization_id=cast.acme.id, user_id=actor.id):
        me = Membership.objects.get(user=actor)
        invitation = invitations.invite_member(actor=me, email=email, role=role)
    return invitation, deliver(cast, invitation)


def deliver(cast, invitation, language="en"):
    mail.outbox.clear()
    send_invitation(str(cast.acme.id), str(invitation.pk), language)
    (letter,) = mail.outbox
    return re.search(r"/invitation/([^/\s]+)/", letter.body)[1]


def verify(user, *emails):
    for email in emails:
        EmailAddress.objects.create(user=user, email=email, verified=True)


def accept(client, token):
    """Follow the letter's link, then say yes."""
    client.get(f"/invitation/{token}/")
    return client.post("/invitation/")


def is_member(user, organization):
    with service_context(organization.id):
        return Membership.objects.filter(user=user, status=Membership.Status.ACTIVE).exists()


def manage(cast, act, *args, **kwargs):
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        return act(*args, actor=Membership.objects.get(user=cast.alice), **kwargs)


def test_the_invited_person_joins(cast, client_for):
    _invitation, token = invite(cast, role="am")
    verify(cast.eve, ADDRESS)
    client = client_for(cast.eve)
    followed = client.get(f"/invitation/{token}/")
    assert (followed.status_code, followed.headers["Location"]) == (302, "/invitation/")
    page = client.get("/invitation/")
    assert page.status_code == 200
    assert token not in page.content.decode(), "The address of the page holds no token, and the page neither."
    assert "Join Acme" in page.content.decode()
    assert not is_member(cast.eve, cast.acme), "To look is not to accept."
    joined = accept(client, token)
    assert (joined.status_code, joined.headers["Location"]) == (302, "/o/acme/")
    with service_context(cast.acme.id):
        assert Membership.objects.get(user=cast.eve).role == "am"
        entry = AuditEntry.objects.get(action="member.joined")
        assert entry.actor_id == cast.eve.id


def test_the_letter_is_plain_and_in_one_line_each(cast):
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        type(cast.acme).objects.update(name="Acme\nBcc: everybody@x.example")
    invite(cast)
    letter = mail.outbox[0]
    assert letter.to == [ADDRESS]
    assert letter.subject == "Acme Bcc: everybody@x.example invites you to Phano"
    assert letter.content_subtype == "plain"
    assert "\nBcc:" not in letter.body
    assert "http://localhost" in letter.body


def test_50_the_token_stands_in_the_letter_alone(cast):
    invitation, token = invite(cast)
    with service_context(cast.acme.id):
        stored = Invitation.objects.get(pk=invitation.pk)
        assert token.encode() not in bytes(stored.token_hash)
        assert len(token) >= 43
        with connection.cursor() as cursor:
            cursor.execute("SELECT t::text FROM accounts_invitation t")
            row = cursor.fetchone()[0]
        assert token not in row
        assert ADDRESS not in row
        assert not AuditEntry.objects.filter(details__icontains="eve@").exists()


def test_50_an_invitation_is_used_once(cast, client_for):
    _invitation, token = invite(cast)
    verify(cast.eve, ADDRESS)
    client = client_for(cast.eve)
    accept(client, token)
    again = accept(client, token)
    assert again.status_code == 409
    assert "has been used already" in again.content.decode()
    # Sent away, the old link does not lead back in.
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        me = Membership.objects.get(user=cast.alice)
        members.end_membership(actor=me, member_id=Membership.objects.get(user=cast.eve).pk)
    assert accept(client, token).status_code == 409
    assert not is_member(cast.eve, cast.acme)


def test_50_only_the_verified_address_counts(cast, client_for):
    _invitation, token = invite(cast)
    verify(cast.charlie, "charlie@globex.example")
    EmailAddress.objects.create(user=cast.charlie, email=ADDRESS, verified=False)
    client = client_for(cast.charlie)
    for response in (client.get(f"/invitation/{token}/", follow=True), accept(client, token)):
        assert "sent to another address" in response.content.decode()
        assert ADDRESS not in response.content.decode()
    assert client.post("/organizations/join/", {"organization": str(cast.acme.id)}).status_code == 404
    assert not is_member(cast.charlie, cast.acme)


def test_50_expired_revoked_and_unknown_links_say_so(cast, client_for):
    verify(cast.eve, ADDRESS)
    client = client_for(cast.eve)

    invitation, token = invite(cast)
    with time_machine.travel(timezone.now() + timedelta(days=7, seconds=1), tick=False):
        refused = accept(client_for(cast.eve), token)
        assert (refused.status_code, "has expired" in refused.content.decode()) == (409, True)

    manage(cast, invitations.revoke_invitation, invitation_id=invitation.pk)
    refused = accept(client, token)
    assert (refused.status_code, "was withdrawn" in refused.content.decode()) == (409, True)
    assert client.post("/organizations/join/", {"organization": str(cast.acme.id)}).status_code == 404

    for wrong in ("x", token[:-1], token.swapcase(), "0" * 43):
        refused = accept(client, wrong)
        assert (refused.status_code, "leads nowhere" in refused.content.decode()) == (404, True)
    assert not is_member(cast.eve, cast.acme)


def test_50_a_letter_sent_again_kills_the_earlier_link(cast, client_for):
    invitation, first = invite(cast)
    with time_machine.travel(timezone.now() + timedelta(minutes=2), tick=False):
        manage(cast, invitations.resend_invitation, invitation_id=invitation.pk)
        second = deliver(cast, invitation)
    assert find_organization("invitation", first) is None
    assert find_organization("invitation", second) == cast.acme.id
    verify(cast.eve, ADDRESS)
    assert accept(client_for(cast.eve), first).status_code == 404
    assert accept(client_for(cast.eve), second).status_code == 302


def test_50_a_withdrawn_invitation_gets_no_letter(cast):
    invitation, _token = invite(cast)
    manage(cast, invitations.revoke_invitation, invitation_id=invitation.pk)
    mail.outbox.clear()
    send_invitation(str(cast.acme.id), str(invitation.pk), "en")
    assert mail.outbox == []


@pytest.mark.parametrize("fate", ["ended", "demoted"])
def test_50_an_invitation_falls_with_who_stands_behind_it(cast, client_for, fate):
    with service_context(cast.acme.id):
        Membership.objects.filter(user=cast.bob).update(role=Role.ADMIN)
    _invitation, token = invite(cast, role="admin", actor=cast.bob)
    verify(cast.eve, ADDRESS)
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        me, bob = Membership.objects.get(user=cast.alice), Membership.objects.get(user=cast.bob)
        if fate == "ended":
            members.end_membership(actor=me, member_id=bob.pk)
        else:
            members.change_role(actor=me, member_id=bob.pk, role="csm")
    refused = accept(client_for(cast.eve), token)
    assert (refused.status_code, "can no longer do so" in refused.content.decode()) == (409, True)
    assert not is_member(cast.eve, cast.acme)


def test_50_a_founder_whose_trial_is_over_takes_nobody_in(cast, client_for):
    _invitation, token = invite(cast)
    verify(cast.eve, ADDRESS)
    with service_context(cast.acme.id):
        type(cast.acme).objects.update(trial_ends_at=timezone.now() - timedelta(days=1))
    assert accept(client_for(cast.eve), token).status_code == 409
    assert not is_member(cast.eve, cast.acme)


def test_a_newcomer_signs_up_first_and_comes_back(cast):
    _invitation, token = invite(cast, email="new@acme.example")
    browser = Client()
    page = browser.get(f"/invitation/{token}/", follow=True).content.decode()
    assert "/accounts/signup/?next=/invitation/" in page
    assert browser.post("/invitation/").status_code == 200, "Signed out, a POST only shows the way."
    mail.outbox.clear()
    browser.post("/accounts/signup/", {"email": "new@acme.example", "password1": "a long enough secret"})
    confirm = re.search(r"/accounts/confirm-email/[^/\s]+/", mail.outbox[0].body)[0]
    browser.get(confirm)
    arrived = browser.post(confirm, follow=True)
    assert arrived.redirect_chain[-1][0] == "/invitation/"
    assert "Join Acme" in arrived.content.decode()
    assert browser.get("/").headers["Location"] == "/organizations/", "Seen once, it does not stand in the way."
    assert browser.post("/invitation/").headers["Location"] == "/o/acme/"


def test_an_open_invitation_shows_without_its_letter(cast, client_for):
    invite(cast)
    client = client_for(cast.eve)
    assert "Acme" not in client.get("/organizations/").content.decode()
    assert inviting_organization_ids(cast.eve.id) == []
    verify(cast.eve, ADDRESS.upper())
    assert inviting_organization_ids(cast.eve.id) == [cast.acme.id]
    assert inviting_organization_ids(cast.charlie.id) == []
    assert "Acme invites you" in client.get("/organizations/").content.decode()
    assert client.post("/organizations/join/", {"organization": str(cast.globex.id)}).status_code == 404
    assert client.post("/organizations/join/", {"organization": "x"}).status_code == 404
    assert client.post("/organizations/join/", {"organization": str(cast.acme.id)}).headers["Location"] == "/o/acme/"
    assert inviting_organization_ids(cast.eve.id) == []
    assert is_member(cast.eve, cast.acme)


def test_invitations_are_limited(cast, monkeypatch):
    monkeypatch.setattr(invitations, "MOST_A_DAY", 2)
    invite(cast, email="one@x.example")
    with pytest.raises(Refused, match="invited already"):
        invite(cast, email="One@X.example ")
    with pytest.raises(Refused, match="is a member already"):
        invite(cast, email="bob@acme.example")
    invitation, _token = invite(cast, email="two@x.example")
    with pytest.raises(Refused, match="a moment ago"):
        manage(cast, invitations.resend_invitation, invitation_id=invitation.pk)
    with pytest.raises(Refused, match="Invite more tomorrow"):
        invite(cast, email="three@x.example")


@pytest.mark.django_db(transaction=True)
def test_50_two_clicks_at_once_make_one_member():
    from tests.conftest import make_cast

    cast = make_cast()
    _invitation, token = invite(cast)
    verify(cast.eve, ADDRESS)
    together, outcomes = threading.Barrier(2), []

    def click():
        try:
            together.wait(timeout=10)
            accept_invitation(token=token, user=cast.eve)
            outcomes.append("joined")
        except Refused:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=click) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["joined", "refused"]
    with service_context(cast.acme.id):
        assert Membership.objects.filter(user=cast.eve).count() == 1
