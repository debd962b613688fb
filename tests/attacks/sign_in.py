"""Signing in as a browser does, for the attacks on the way in."""

import re

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core import mail
from django.test import Client

PASSWORD = "a long enough secret"
SIGN_IN = "/accounts/login/"


def browser(address="192.0.2.1"):
    return Client(REMOTE_ADDR=address)


def try_sign_in(client, email="alice@acme.example", password=PASSWORD, **headers):
    return client.post(SIGN_IN, {"login": email, "password": password}, **headers)


def is_signed_in(client):
    return client.get("/preferences/").status_code == 200


def use_cookies_of(client):
    """Another client with the same cookies, as one would have that copied them."""
    copy = browser()
    copy.cookies = client.cookies.copy()
    return copy


def current_code(secret):
    counter = next(iter(yield_hotp_counters_from_time()))
    return format_hotp_value(hotp_value(secret, counter))


def reset_link(email="alice@acme.example"):
    mail.outbox.clear()
    browser().post("/accounts/password/reset/", {"email": email})
    return re.search(r"/accounts/password/reset/key/[^/\s]+/", mail.outbox[-1].body)[0]


def use_reset_link(link, password, client=None):
    client = client or browser()
    form = client.get(link, follow=True)
    return client.post(form.request["PATH_INFO"], {"password1": password, "password2": password})
