"""The form that adds a passkey: one that signs in alone, unless the person says otherwise."""

from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms
from django.utils.translation import gettext_lazy as _


class AddPasskeyForm(AddWebAuthnForm):
    """allauth's form, ticked: who adds a passkey expects to sign in with it."""

    passwordless = forms.BooleanField(
        label=_("Sign in with it alone, without the password"),
        required=False,
        initial=True,
        help_text=_("The device then asks for a finger, a face or a PIN. Without it, the key is a second factor."),
    )
