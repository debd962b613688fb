"""Health signals from usage. An account in onboarding has no usage level: its measures are null."""

import polars as pl

from .declaration import Ramp, Records, Signal, Wording

WINDOW = Records("usage", "activity of the last 84 days")


def _against(measure: str) -> pl.Expr:
    """The account's measure divided by that of comparable accounts; null where either is unknown."""
    peer = pl.col(f"peer_{measure}")
    return pl.col(measure) / pl.when(peer > 0).then(peer)


def _beyond(trend: str) -> pl.Expr:
    """Growth beyond that of accounts of the same country in the same weeks, as a share."""
    return (pl.col(trend) - pl.col(f"peer_{trend}")).exp() - 1


def _as_share(trend: str) -> pl.Expr:
    return pl.col(trend).exp() - 1


SIGNALS = (
    Signal(
        name="usage_level",
        score="health",
        source="usage",
        label=("Activity against comparable accounts", "Activité face aux comptes comparables"),
        figures={
            "ratio": _against("level"),
            "activity": pl.col("activity_28"),
            "peers": pl.col("peer_level") * pl.when(pl.col("seats") > 0).then(pl.col("seats")).otherwise(1.0),
        },
        ramp=Ramp(neutral=0.6, worst=0.1, best=3.0, reward=0.6),
        weight=(9, 8, 8),
        en=Wording(
            "**{activity:int}** uses in 28 days, where comparable accounts show **{peers:int}**.",
            "**{activity:int}** uses in 28 days; comparable accounts show **{peers:int}**.",
        ),
        fr=Wording(
            "**{activity:int}** utilisations en 28 jours, contre **{peers:int}** chez les comptes comparables.",
            "**{activity:int}** utilisations en 28 jours ; les comptes comparables en sont à **{peers:int}**.",
        ),
        records=(WINDOW,),
    ),
    Signal(
        name="own_rhythm",
        score="health",
        source="usage",
        label=("Own rhythm: days since last use", "Rythme propre : jours depuis la dernière utilisation"),
        figures={
            "intervals": pl.when(~pl.col("onboarding")).then(
                (pl.col("idle_days") - pl.col("peer_idle_days").fill_null(0.0)).clip(0.0, None)
                / pl.col("interval_days")
            ),
            "idle": pl.col("idle_days"),
            "interval": pl.col("interval_days"),
        },
        ramp=Ramp(neutral=2.0, worst=9.0),
        weight=(10, 12, 14),
        en=Wording("Not used for **{idle:plural day|days}**; it is usually used every **{interval:decimal} days**."),
        fr=Wording(
            "Aucune utilisation depuis **{idle:plural jour|jours}**, alors que le rythme habituel est de "
            "**{interval:decimal} jours**."
        ),
        records=(WINDOW,),
    ),
    Signal(
        # In days of use: the amount of a single week is mostly chance.
        name="usage_trend_7",
        score="health",
        source="usage",
        label=("Days of use over a week", "Jours d’utilisation sur une semaine"),
        figures={
            "beyond": _beyond("trend_7"),
            "now": pl.col("active_days_7"),
            "before": (pl.col("active_days_28") - pl.col("active_days_7")) / 3,
            "peers": pl.col("peer_trend_7").exp() - 1,
        },
        ramp=Ramp(neutral=-0.1, worst=-0.8),
        weight=(2, 2, 2),
        en=Wording(
            "Used on **{now:plural day|days}** of the last week, on **{before:decimal}** a week in the three before; "
            "other accounts moved by **{peers:change}**."
        ),
        fr=Wording(
            "Utilisé **{now:plural jour|jours}** la dernière semaine, contre **{before:decimal}** par semaine "
            "les trois d’avant ; les autres comptes ont bougé de **{peers:change}**."
        ),
        records=(WINDOW,),
    ),
    Signal(
        name="usage_trend_28",
        score="health",
        source="usage",
        label=("Activity over 28 days", "Activité sur 28 jours"),
        figures={
            "beyond": _beyond("trend_28"),
            "change": _as_share("trend_28"),
            "now": pl.col("activity_28"),
            "before": pl.col("activity_29_56"),
            "peers": pl.col("peer_trend_28").exp() - 1,
        },
        ramp=Ramp(neutral=0.0, worst=-0.6, best=0.8, reward=0.6),
        weight=(8, 7, 6),
        en=Wording(
            "Activity went from **{before:int}** to **{now:int}** in 28 days; "
            "other accounts moved by **{peers:change}** in the same weeks.",
            "Activity went from **{before:int}** to **{now:int}** in 28 days; "
            "other accounts moved by **{peers:change}** in the same weeks.",
        ),
        fr=Wording(
            "L’activité est passée de **{before:int}** à **{now:int}** en 28 jours ; "
            "les autres comptes ont bougé de **{peers:change}** sur les mêmes semaines.",
            "L’activité est passée de **{before:int}** à **{now:int}** en 28 jours ; "
            "les autres comptes ont bougé de **{peers:change}** sur les mêmes semaines.",
        ),
        records=(WINDOW,),
    ),
    Signal(
        name="usage_trend_84",
        score="health",
        source="usage",
        label=("Activity over 12 weeks", "Activité sur 12 semaines"),
        figures={
            "beyond": _beyond("trend_84"),
            "now": pl.col("activity_28"),
            "before": pl.col("activity_57_84"),
            "peers": pl.col("peer_trend_84").exp() - 1,
        },
        ramp=Ramp(neutral=0.0, worst=-0.6, best=1.0, reward=0.6),
        weight=(12, 10, 8),
        en=Wording(
            "Four weeks bring **{now:int}** uses, two months earlier **{before:int}**; "
            "other accounts moved by **{peers:change}**.",
            "Four weeks bring **{now:int}** uses, two months earlier **{before:int}**; "
            "other accounts moved by **{peers:change}**.",
        ),
        fr=Wording(
            "**{now:int}** utilisations en quatre semaines, contre **{before:int}** deux mois plus tôt ; "
            "les autres comptes ont bougé de **{peers:change}**.",
            "**{now:int}** utilisations en quatre semaines, contre **{before:int}** deux mois plus tôt ; "
            "les autres comptes ont bougé de **{peers:change}**.",
        ),
        records=(WINDOW,),
    ),
    Signal(
        name="seat_activation",
        score="health",
        source="usage",
        label=("Active users against licensed seats", "Utilisateurs actifs rapportés aux sièges"),
        figures={
            "ratio": pl.when(~pl.col("onboarding")).then(_against("seat_share")),
            "share": pl.col("seat_share"),
            "users": pl.col("active_users"),
            "seats": pl.col("seats"),
            "peers": pl.col("peer_seat_share"),
        },
        ramp=Ramp(neutral=0.7, worst=0.15, best=1.6, reward=0.6),
        weight=(7, 6, 5),
        en=Wording(
            "**{users:int} of {seats:int}** seats are active (**{share:percent}**); "
            "comparable accounts reach **{peers:percent}**.",
            "**{users:int} of {seats:int}** seats are active (**{share:percent}**), "
            "comparable accounts **{peers:percent}**.",
        ),
        fr=Wording(
            "Sièges actifs : **{users:int} sur {seats:int}** (**{share:percent}**) ; "
            "les comptes comparables atteignent **{peers:percent}**.",
            "Sièges actifs : **{users:int} sur {seats:int}** (**{share:percent}**), "
            "contre **{peers:percent}** chez les comptes comparables.",
        ),
        records=(Records("usage", "active users of the last 28 days"), Records("subscriptions", "running")),
    ),
    Signal(
        name="feature_breadth",
        score="health",
        source="usage",
        label=("Breadth of features used", "Variété des fonctions utilisées"),
        figures={
            "ratio": _against("breadth"),
            "features": pl.col("features_84"),
            "peers": pl.col("peer_breadth"),
        },
        ramp=Ramp(neutral=1.0, worst=0.5, best=1.3, reward=0.7),
        weight=(8, 8, 8),
        en=Wording(
            "Uses **{features:plural feature|features}**; comparable accounts use **{peers:int}**.",
            "Uses **{features:plural feature|features}**, at least the **{peers:int}** of comparable accounts.",
        ),
        fr=Wording(
            "Utilise **{features:plural fonction|fonctions}** ; les comptes comparables en utilisent **{peers:int}**.",
            "Utilise **{features:plural fonction|fonctions}**, "
            "au moins autant que les comptes comparables (**{peers:int}**).",
        ),
        records=(Records("usage", "features of the last 84 days"),),
    ),
    Signal(
        name="key_features",
        score="health",
        source="usage",
        label=("Use of key features", "Usage des fonctions clés"),
        figures={
            "ratio": _against("key_share"),
            "share": pl.col("key_share"),
            "peers": pl.col("peer_key_share"),
        },
        ramp=Ramp(neutral=1.0, worst=0.25, best=1.75, reward=0.7),
        weight=(8, 8, 7),
        en=Wording(
            "Key features make **{share:percent}** of its use, **{peers:percent}** at comparable accounts.",
            "Key features make **{share:percent}** of its use; comparable accounts stay at **{peers:percent}**.",
        ),
        fr=Wording(
            "Les fonctions clés font **{share:percent}** de l’usage, "
            "contre **{peers:percent}** chez les comptes comparables.",
            "Les fonctions clés font **{share:percent}** de l’usage ; "
            "les comptes comparables en restent à **{peers:percent}**.",
        ),
        records=(Records("usage", "key features of the last 28 days"),),
    ),
    Signal(
        name="negative_features",
        score="health",
        source="usage",
        label=("Use that points the wrong way", "Usages défavorables"),
        figures={
            "ratio": (pl.col("negative_activity_28") + 1) / (pl.col("peer_negative_rate") * pl.col("activity_28") + 1),
            "uses": pl.col("negative_activity_28"),
            "expected": pl.col("peer_negative_rate") * pl.col("activity_28"),
        },
        ramp=Ramp(neutral=1.25, worst=4.0),
        weight=(6, 6, 6),
        en=Wording(
            "**{uses:int}** uses of features marked as negative in 28 days; "
            "its activity lets expect **{expected:int}**."
        ),
        fr=Wording(
            "**{uses:int}** usages de fonctions marquées comme défavorables en 28 jours ; "
            "son activité en laisse attendre **{expected:int}**."
        ),
        records=(Records("usage", "negative features of the last 28 days"),),
    ),
    Signal(
        name="value_for_money",
        score="health",
        source="usage",
        label=("Use for the price paid", "Usage rapporté au prix"),
        figures={
            "ratio": _against("use_per_price"),
            "use": pl.col("use_per_price") * 100,
            "peers": pl.col("peer_use_per_price") * 100,
        },
        ramp=Ramp(neutral=0.6, worst=0.1, best=3.0, reward=0.6),
        weight=(4, 4, 5),
        en=Wording(
            "Pays for more than it uses: **{use:decimal}** uses in 12 weeks per 100 of monthly price, "
            "comparable accounts **{peers:decimal}**.",
            "**{use:decimal}** uses in 12 weeks per 100 of monthly price; comparable accounts get **{peers:decimal}**.",
        ),
        fr=Wording(
            "Paie plus qu’il n’utilise : **{use:decimal}** utilisations en 12 semaines pour 100 de prix mensuel, "
            "contre **{peers:decimal}** chez les comptes comparables.",
            "**{use:decimal}** utilisations en 12 semaines pour 100 de prix mensuel ; "
            "les comptes comparables en tirent **{peers:decimal}**.",
        ),
        records=(WINDOW, Records("subscriptions", "running")),
    ),
)
