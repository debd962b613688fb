"""Attack 47: half of what it takes opens nothing, and no page leads round the other half."""

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

from tests.attacks.sign_in import browser, current_code, is_signed_in, reset_link, try_sign_in, use_reset_link

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_counts")]


@pytest.fixture
def secret(alice):
    """Alice signs in with a second factor."""
    secret = generate_totp_secret()
    TOTP.activate(alice, secret)
    return secret


def test_47_a_password_alone_is_half_a_sign_in(alice, secret, cast_of_alice):
    client = browser()
    assert try_sign_in(client).headers["Location"] == "/accounts/2fa/authenticate/"
    for path in (
        "/preferences/",
        "/organizations/",
        f"/o/{cast_of_alice}/members/",
        "/accounts/email/",
        "/accounts/2fa/",
    ):
        assert client.get(path).headers["Location"].startswith("/accounts/"), path
        assert not is_signed_in(client)
    for path in ("/accounts/2fa/totp/deactivate/", "/accounts/2fa/recovery-codes/", "/accounts/password/change/"):
        assert client.post(path).status_code == 302, path
    assert Authenticator.objects.filter(user=alice, type="totp").exists()
    client.post("/accounts/2fa/authenticate/", {"code": current_code(secret)})
    assert is_signed_in(client)


def test_47_a_code_works_once_and_guesses_are_limited(alice, secret):
    code = current_code(secret)
    first, second = browser(), browser("192.0.2.2")
    for client in (first, second):
        try_sign_in(client)
        client.post("/accounts/2fa/authenticate/", {"code": code})
    assert (is_signed_in(first), is_signed_in(second)) == (True, False)

    guesser = browser("192.0.2.3")
    try_sign_in(guesser)
    for number in range(8):
        answer = guesser.post("/accounts/2fa/authenticate/", {"code": f"{number:06}"})
    assert "Too many failed" in answer.content.decode()
    assert not is_signed_in(guesser)


def test_47_neither_reset_nor_confirmation_leads_round_the_second_factor(alice, secret):
    client = browser()
    use_reset_link(reset_link(), "another long secret", client)
    assert not is_signed_in(client)
    assert try_sign_in(client, password="another long secret").headers["Location"] == "/accounts/2fa/authenticate/"
    assert not is_signed_in(client)


def test_47_a_recovery_code_works_once(alice, secret):
    code = RecoveryCodes.activate(alice).get_unused_codes()[0]
    results = []
    for number in range(2):
        client = browser(f"192.0.2.{number}")
        try_sign_in(client)
        client.post("/accounts/2fa/authenticate/", {"code": code})
        results.append(is_signed_in(client))
    assert results == [True, False]


def test_47_second_factors_stand_sealed_in_the_table(alice, secret):
    RecoveryCodes.activate(alice)
    stored = {row.type: row.data for row in Authenticator.objects.filter(user=alice)}
    assert secret not in str(stored)
    from accounts.adapter import MFAAdapter

    assert MFAAdapter().decrypt(stored["totp"]["secret"]) == secret
    from accounts.rotation import rotate_installation

    before = stored["totp"]["secret"]
    rotate_installation()
    after = Authenticator.objects.get(user=alice, type="totp")
    assert after.data["secret"] != before
    assert TOTP(after).validate_code(current_code(secret))


def test_47_an_open_browser_is_not_enough_to_change_the_sign_in(alice):
    client = browser()
    client.force_login(alice, backend="allauth.account.auth_backends.AuthenticationBackend")
    added = client.post("/accounts/email/", {"action_add": "", "email": "mallory@evil.example"})
    assert "reauthenticate" in added.headers["Location"]
    assert not EmailAddress.objects.filter(email="mallory@evil.example").exists()
    assert "reauthenticate" in client.get("/accounts/2fa/totp/activate/").headers["Location"]

    TOTP.activate(alice, generate_totp_secret())
    RecoveryCodes.activate(alice)
    for path in ("totp/deactivate", "webauthn/add", "recovery-codes", "recovery-codes/generate"):
        assert "reauthenticate" in client.get(f"/accounts/2fa/{path}/").headers["Location"], path
    client.post("/accounts/2fa/totp/deactivate/")
    assert Authenticator.objects.filter(user=alice, type="totp").exists()
