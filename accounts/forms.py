"""Forms of this room; what they let through, the business acts still check."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.utils.dates import MONTHS
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, Organization, Team, User
from accounts.organizations import LONGEST_SLUG
from accounts.rules import grantable_roles

CURRENCIES = (
    *("EUR", "USD", "GBP", "CHF", "SEK", "NOK", "DKK", "PLN", "CZK", "HUF", "RON", "BGN", "ISK", "TRY"),
    *("CAD", "AUD", "NZD", "JPY", "SGD", "HKD", "INR", "BRL", "MXN", "ZAR", "ILS", "AED", "SAR", "MAD"),
)
CONTINENTS = frozenset(
    {"Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"}
)


def currency_choices(*known: str) -> list[tuple[str, str]]:
    """The common currencies, and what the organization already has."""
    return [(code, code) for code in dict.fromkeys([*filter(None, known), *CURRENCIES])]


def time_zone_choices() -> list[tuple[str, str]]:
    """Zones named after places, and UTC; a summer time that follows no place is no zone to run nights in."""
    names = sorted(name for name in available_timezones() if name.split("/")[0] in CONTINENTS)
    return [(name, name.replace("_", " ")) for name in [*names, "UTC"]]


class FoundOrganizationForm(forms.Form):
    """What a new organization needs to begin; the address is suggested from the name."""

    name = forms.CharField(
        label=_("Name of your company"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "organization"})
    )
    slug = forms.CharField(
        label=_("Address"),
        required=False,
        max_length=LONGEST_SLUG,
        help_text=_("Stands in every link of your workspace. Small letters, digits and hyphens."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    currency = forms.ChoiceField(label=_("Reporting currency"), choices=currency_choices, initial="EUR")
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        choices=time_zone_choices,
        initial="Europe/Paris",
        help_text=_("Decides when your day ends and the nightly diagnosis runs."),
    )


class OrganizationForm(forms.ModelForm):
    """An organization's settings."""

    class Meta:
        model = Organization
        fields = [
            "name",
            "visibility",
            "currency",
            "time_zone",
            "night_at",
            "fiscal_year_first_month",
            "defense_arr",
            "late_renewal_grace_days",
            "nrr_with_reactivation",
            "figures_per_person",
            "expansion_share",
        ]
        widgets = {"night_at": forms.TimeInput(format="%H:%M", attrs={"type": "time"})}
        help_texts = {
            "visibility": _("Whose accounts managers, CSMs, account managers and viewers see."),
            "night_at": _("In the organization’s time zone."),
            "defense_arr": _("A fragile account above this ARR is a defense priority whatever its segment."),
            "late_renewal_grace_days": _("A renewal signed this many days late still counts as renewed."),
            "nrr_with_reactivation": _("An account that left and paid again within the period then counts as kept."),
            "figures_per_person": _("Off: only the person sees their own. They steer the work and rank nobody."),
            "expansion_share": _(
                "Shown beside the outcome of each book as expansion closed × rate. Empty: no such line."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = self.instance.currency, self.instance.time_zone
        self.fields["currency"] = forms.ChoiceField(
            label=self.fields["currency"].label, choices=currency_choices(known[0])
        )
        zones = dict(time_zone_choices()) | {known[1]: known[1].replace("_", " ")}
        self.fields["time_zone"] = forms.ChoiceField(
            label=self.fields["time_zone"].label, choices=sorted(zones.items())
        )
        self.fields["fiscal_year_first_month"] = forms.TypedChoiceField(
            label=self.fields["fiscal_year_first_month"].label, coerce=int, choices=month_choices
        )
        for name in ("defense_arr", "expansion_share"):
            kept = self.initial.get(name)
            if kept is not None and kept == int(kept):
                self.initial[name] = int(kept)  # 40000, not the 40000.00 of its column


def month_choices() -> list[tuple[int, str]]:
    """The months by name, in the reader's language."""
    return [(number, str(name).capitalize()) for number, name in MONTHS.items()]


class InvitationForm(forms.Form):
    """Whom to invite, as what, into which team."""

    email = forms.EmailField(label=_("E-mail address"), widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    role = forms.ChoiceField(label=_("Role"))
    team = forms.ChoiceField(label=_("Team"), required=False)

    def __init__(self, *args: Any, actor: Membership, teams: list[Team], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = grantable_roles(actor)  # type: ignore[attr-defined]  # a ChoiceField
        self.fields["role"].initial = "csm"
        self.fields["team"].choices = team_choices(teams)  # type: ignore[attr-defined]  # a ChoiceField


def team_choices(teams: list[Team]) -> list[tuple[str, str]]:
    """No team, then each."""
    return [("", str(_("No team"))), *((str(team.pk), team.name) for team in teams)]


class PreferencesForm(forms.ModelForm):
    """A person's own name and taste."""

    class Meta:
        model = User
        fields = ["full_name", "language", "theme", "single_key_shortcuts"]
        help_texts = {
            "single_key_shortcuts": _("J, K, E, S and other letters act outside fields. Ctrl K always works.")
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        languages = [("", _("As the browser asks")), ("en", "English"), ("fr", "Français")]
        self.fields["language"] = forms.ChoiceField(
            label=self.fields["language"].label, choices=languages, required=False
        )
