"""Signals of potential: what the account can still carry. By default none reads the calendar of a contract."""

import polars as pl

from ..measures import days_since
from .declaration import Ramp, Records, Signal, Wording

RUNNING = Records("subscriptions", "running")
LIMIT = Records("plan_limits", "of the main plan")

_room = pl.coalesce(pl.when(pl.col("whitespace_known")).then(pl.col("whitespace_arr")), pl.col("open_product_arr"))
_arr = pl.when(pl.col("arr") > 0).then(pl.col("arr"))
_days_to_limit = (pl.col("limit_included") - pl.col("limit_used")).clip(0.0, None) / pl.when(
    pl.col("limit_growth") > 0
).then(pl.col("limit_growth"))

SIGNALS = (
    Signal(
        name="limit_used",
        score="potential",
        source="usage",
        label=("Use of the plan’s limit", "Limite du forfait utilisée"),
        figures={
            "share": pl.col("limit_share"),
            "used": pl.col("limit_used"),
            "included": pl.col("limit_included"),
        },
        ramp=Ramp(neutral=0.6, worst=0.1, best=1.0),
        weight=(14, 14, 14),
        en=Wording(
            "**{share:percent}** of the included {limit_metric} used: **{used:int} of {included:int}**.",
            "**{share:percent}** of the included {limit_metric} used: **{used:int} of {included:int}**.",
        ),
        fr=Wording(
            "**{share:percent}** des {limit_metric} inclus sont utilisés : **{used:int} sur {included:int}**.",
            "**{share:percent}** des {limit_metric} inclus sont utilisés : **{used:int} sur {included:int}**.",
        ),
        records=(LIMIT, Records("usage", "of the limited metric, 84 days")),
    ),
    Signal(
        name="limit_ahead",
        score="potential",
        source="usage",
        label=("Limit about to be reached", "Limite bientôt atteinte"),
        figures={
            "days": pl.when(pl.col("limit_share") >= 0.5).then(_days_to_limit),
            "used": pl.col("limit_used"),
            "included": pl.col("limit_included"),
        },
        ramp=Ramp(neutral=150.0, best=0.0),
        weight=(10, 10, 10),
        en=Wording(
            raises="At this pace nothing is left of the included {limit_metric} in **{days:plural day|days}** "
            "(**{used:int} of {included:int}**)."
        ),
        fr=Wording(
            raises="À ce rythme, il ne reste rien des {limit_metric} inclus dans **{days:plural jour|jours}** "
            "(**{used:int} sur {included:int}**)."
        ),
        records=(LIMIT, Records("usage", "of the limited metric, 84 days")),
    ),
    Signal(
        name="seats_taken",
        score="potential",
        source="usage",
        label=("Seats taken", "Sièges occupés"),
        figures={
            # Where the plan limits seats, the limit above says the same.
            "share": pl.when(pl.col("limit_metric").fill_null("") != "seats").then(pl.col("seat_share")),
            "users": pl.col("active_users"),
            "seats": pl.col("seats"),
        },
        ramp=Ramp(neutral=0.6, worst=0.2, best=0.95),
        weight=(16, 16, 16),
        en=Wording(
            "**{users:int} of {seats:int}** seats are active (**{share:percent}**).",
            "**{users:int} of {seats:int}** seats are taken (**{share:percent}**).",
        ),
        fr=Wording(
            "Sièges actifs : **{users:int} sur {seats:int}** (**{share:percent}**).",
            "Sièges occupés : **{users:int} sur {seats:int}** (**{share:percent}**).",
        ),
        records=(Records("usage", "active users of the last 28 days"), RUNNING),
    ),
    Signal(
        name="usage_growth",
        score="potential",
        source="usage",
        label=("Growth over 12 weeks", "Croissance sur 12 semaines"),
        figures={
            "beyond": (pl.col("trend_84") - pl.col("peer_trend_84")).exp() - 1,
            "now": pl.col("activity_28"),
            "before": pl.col("activity_57_84"),
            "peers": pl.col("peer_trend_84").exp() - 1,
        },
        ramp=Ramp(neutral=0.0, worst=-0.5, best=1.0),
        weight=(7, 7, 7),
        en=Wording(
            "Use went from **{before:int}** to **{now:int}** over 12 weeks; "
            "other accounts moved by **{peers:change}**.",
            "Use went from **{before:int}** to **{now:int}** over 12 weeks; "
            "other accounts moved by **{peers:change}**.",
        ),
        fr=Wording(
            "L’usage est passé de **{before:int}** à **{now:int}** en 12 semaines ; "
            "les autres comptes ont bougé de **{peers:change}**.",
            "L’usage est passé de **{before:int}** à **{now:int}** en 12 semaines ; "
            "les autres comptes ont bougé de **{peers:change}**.",
        ),
        records=(Records("usage", "activity of the last 84 days"),),
    ),
    Signal(
        name="core_adoption",
        score="potential",
        source="usage",
        label=("Adoption of the main product", "Adoption du produit principal"),
        figures={
            "ratio": pl.col("breadth") / pl.when(pl.col("peer_breadth") > 0).then(pl.col("peer_breadth")),
            "features": pl.col("features_84"),
            "peers": pl.col("peer_breadth"),
        },
        ramp=Ramp(neutral=0.8, worst=0.3, best=1.4),
        weight=(6, 6, 5),
        en=Wording(
            "Uses **{features:plural feature|features}**; comparable accounts **{peers:int}**.",
            "Uses **{features:plural feature|features}**; comparable accounts **{peers:int}**.",
        ),
        fr=Wording(
            "Utilise **{features:plural fonction|fonctions}** ; comptes comparables : **{peers:int}**.",
            "Utilise **{features:plural fonction|fonctions}** ; comptes comparables : **{peers:int}**.",
        ),
        records=(Records("usage", "features of the last 84 days"),),
    ),
    Signal(
        name="opening_features",
        score="potential",
        source="usage",
        label=("Features that open expansion", "Fonctions qui ouvrent une expansion"),
        figures={
            "growth": (pl.col("opening_activity_28") + 1) / (pl.col("opening_activity_29_84") / 2 + 1),
            "now": pl.col("opening_activity_28"),
            "before": pl.col("opening_activity_29_84") / 2,
        },
        ramp=Ramp(neutral=1.0, best=4.0),
        weight=(8, 8, 8),
        en=Wording(raises="**{now:int}** uses of features that open an expansion in 28 days, **{before:int}** before."),
        fr=Wording(
            raises="**{now:int}** usages de fonctions qui ouvrent une expansion en 28 jours, **{before:int}** avant."
        ),
        records=(Records("usage", "opening features of the last 84 days"),),
    ),
    Signal(
        name="room_left",
        score="potential",
        source="crm",
        label=("Room beside what it pays", "Place à prendre"),
        figures={"share": _room / _arr, "room": _room},
        ramp=Ramp(neutral=0.15, worst=-0.15, best=2.0),
        weight=(12, 12, 12),
        en=Wording(
            "**{room:money}** of products it does not have yet, **{share:percent}** of what it pays.",
            "**{room:money}** of products it does not have yet, **{share:percent}** of what it pays.",
        ),
        fr=Wording(
            "**{room:money}** de produits qu’il n’a pas encore, **{share:percent}** de ce qu’il paie.",
            "**{room:money}** de produits qu’il n’a pas encore, **{share:percent}** de ce qu’il paie.",
        ),
        records=(Records("whitespace", "open"), RUNNING),
    ),
    Signal(
        name="next_plan",
        score="potential",
        source="billing",
        label=("Step to the next plan", "Marche vers le forfait suivant"),
        figures={
            "step": pl.when(pl.col("main_plan_id").is_not_null() & (pl.col("main_mrr") > 0)).then(
                (pl.col("next_plan_mrr") / pl.col("main_mrr") - 1).fill_null(0.0).clip(0.0, None)
            ),
            "now": pl.col("main_mrr"),
            "next": pl.col("next_plan_mrr").fill_null(pl.col("main_mrr")),
        },
        ramp=Ramp(neutral=0.15, worst=-0.15, best=0.8),
        weight=(10, 10, 10),
        en=Wording(
            "Little is left above its plan: **{now:money}** a month now, **{next:money}** at the next step.",
            "A plan stands above: **{now:money}** a month now, **{next:money}** there.",
        ),
        fr=Wording(
            "Il reste peu au-dessus de son forfait : **{now:money}** par mois, **{next:money}** au cran suivant.",
            "Un forfait existe au-dessus : **{now:money}** par mois aujourd’hui, **{next:money}** là-haut.",
        ),
        records=(Records("plans", "next"), RUNNING),
    ),
    Signal(
        name="growth_phase",
        score="potential",
        source="billing",
        label=("Time since the first contract", "Temps depuis le premier contrat"),
        figures={"months": pl.col("paid_days") / 30.4375},
        ramp=Ramp(neutral=12.0, worst=42.0, best=2.0),
        weight=(14, 14, 14),
        en=Wording(
            "Customer for **{months:plural month|months}**: most expansions come earlier.",
            "Customer for **{months:plural month|months}**: most expansions come in the first year.",
        ),
        fr=Wording(
            "Client depuis **{months:plural mois|mois}** : la plupart des expansions viennent plus tôt.",
            "Client depuis **{months:plural mois|mois}** : la plupart des expansions viennent la première année.",
        ),
        records=(Records("subscriptions", "first period"),),
    ),
    Signal(
        name="past_expansion",
        score="potential",
        source="billing",
        label=("Expansions of the last year", "Expansions de l’année"),
        figures={
            "expansions": pl.col("expansions_365"),
            "days": days_since("last_expansion_on"),
        },
        ramp=Ramp(neutral=0.0, best=3.0),
        weight=(8, 8, 8),
        en=Wording(raises="**{expansions:plural expansion|expansions}** in the last year."),
        fr=Wording(raises="**{expansions:plural expansion|expansions}** sur un an."),
        records=(Records("subscriptions", "price changes of 365 days"),),
    ),
    Signal(
        name="need_voiced",
        score="potential",
        source="support",
        label=("Need voiced", "Besoin exprimé"),
        figures={"needs": pl.col("needs_voiced"), "on": pl.col("need_on")},
        ramp=Ramp(neutral=0.0, best=2.0),
        weight=(14, 14, 14),
        en=Wording(raises="**{needs:plural need|needs}** for another product voiced, the last on **{on:date}**."),
        fr=Wording(
            raises="**{needs:plural besoin exprimé|besoins exprimés}** pour un autre produit, "
            "le dernier le **{on:date}**."
        ),
        records=(Records("interactions", "needs voiced"), Records("tickets", "needs voiced")),
    ),
    Signal(
        name="intent",
        score="potential",
        source="crm",
        label=("Third-party intent", "Signaux d’intention"),
        figures={"strength": pl.col("intent_strength"), "on": pl.col("intent_on")},
        ramp=Ramp(neutral=20.0, best=85.0),
        weight=(6, 6, 6),
        en=Wording(raises="Third-party intent at **{strength:int} of 100** on {on:date}."),
        fr=Wording(raises="Intention observée à **{strength:int} sur 100** le {on:date}."),
        records=(Records("intent_signals", "90 days"),),
    ),
    Signal(
        # The moment, not the room: without weight by default. Only an organization's own outcomes can say that its
        # customers change their contracts when these come up.
        name="decision_ahead",
        score="potential",
        source="billing",
        label=("Contract up for decision", "Contrat à décider"),
        figures={
            "share": (pl.col("arr_due_90") / _arr).clip(0.0, 1.0),
            "amount": pl.col("arr_due_90"),
        },
        ramp=Ramp(neutral=0.0, best=1.0),
        weight=(0, 0, 0),
        en=Wording(
            raises="**{amount:money}** a year is decided within 90 days: here, contracts change when they come up."
        ),
        fr=Wording(
            raises="**{amount:money}** par an se décident sous 90 jours : ici, les contrats changent à l’échéance."
        ),
        records=(RUNNING,),
    ),
)
