"""What the URL × role tests expect of each route, beyond what its view says itself.

A route under /o/<slug>/ states its permission in its view, and accounts.permissions says which roles hold it: there is
nothing to add here. Every other route must stand in OTHER, or the tests fail.
"""

from accounts.models import Role

# Who gets in at all, by a sign-in alone. PUBLIC: anybody. SIGNED_IN: sent to sign in otherwise.
PUBLIC, SIGNED_IN = "public", "signed in"

OTHER = {
    "home": SIGNED_IN,
    "organizations": SIGNED_IN,
    "organization_found": SIGNED_IN,
    "organization_join": SIGNED_IN,
    "preferences": SIGNED_IN,
    "sessions": SIGNED_IN,
    "set_language": PUBLIC,
    # Its token is the right to look; to accept takes the sign-in of the invited address.
    "invitation_link": PUBLIC,
    "invitation": PUBLIC,
    # allauth: the way in …
    "account_login": PUBLIC,
    "account_logout": PUBLIC,
    "account_inactive": PUBLIC,
    "account_signup": PUBLIC,
    "account_email_verification_sent": PUBLIC,
    "account_confirm_email": PUBLIC,
    "account_reset_password": PUBLIC,
    "account_reset_password_done": PUBLIC,
    "account_reset_password_from_key": PUBLIC,
    "account_reset_password_from_key_done": PUBLIC,
    "account_confirm_login_code": PUBLIC,
    "mfa_authenticate": PUBLIC,
    "mfa_login_webauthn": PUBLIC,
    # … and one's own sign-in.
    "account_reauthenticate": SIGNED_IN,
    "account_email": SIGNED_IN,
    "account_change_password": SIGNED_IN,
    "account_set_password": SIGNED_IN,
    "mfa_reauthenticate": SIGNED_IN,
    "mfa_reauthenticate_webauthn": SIGNED_IN,
    "mfa_index": SIGNED_IN,
    "mfa_activate_totp": SIGNED_IN,
    "mfa_deactivate_totp": SIGNED_IN,
    "mfa_view_recovery_codes": SIGNED_IN,
    "mfa_generate_recovery_codes": SIGNED_IN,
    "mfa_download_recovery_codes": SIGNED_IN,
    "mfa_list_webauthn": SIGNED_IN,
    "mfa_add_webauthn": SIGNED_IN,
    "mfa_edit_webauthn": SIGNED_IN,
    "mfa_remove_webauthn": SIGNED_IN,
}

# Which table an id in a URL comes from, where its name does not say so: {model}_id finds the model by itself.
OBJECTS = {
    "member_id": "accounts_membership",
    "view_id": "diagnostics_savedview",
    "goal_id": "portfolio_accountgoal",
    "change_id": "accounts_auditentry",
    "entry_id": "accounts_auditentry",
    "row_id": "portfolio_product",
    "rate_id": "portfolio_planrate",
}

# Routes that answer a missing id with another page than 404, alike for a foreign one.
FORGIVING = {
    "undo_act": "what is gone already needs no taking back: the page says so",
    "undo_change": "what is gone already needs no taking back: the page says so",
}

# What an unsafe method still does after the trial, by route: data are taken away, access is taken away. Nothing else.
OPEN_AFTER_TRIAL = {
    "export": "portfolio.export",
    "export_start": "portfolio.export",
    "export_download": "portfolio.export",
    "leave": "organization.leave",
    "member_end": "members.end",
    "invitation_revoke": "members.end",
}

# Every role that a person can have; the service member signs in nowhere.
ROLES = tuple(role.value for role in Role if role != Role.SERVICE)
