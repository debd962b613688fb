"""Health signals from the CRM and from exchanges. Silence counts only where exchanges are recorded."""

import polars as pl

from ..measures import days_since
from .declaration import Ramp, Records, Signal, Wording

REVIEW_CADENCE_DAYS = {"enterprise": 90.0, "smb": 365.0}
USUAL_CADENCE_DAYS = 180.0

_records_exchanges = pl.col("contacts_known") & pl.col("exchanges_known")
_cadence = pl.lit(USUAL_CADENCE_DAYS)
# Chosen, not replaced: to look a text up in a mapping took a tenth of the time of all figures.
for _tier, _days in REVIEW_CADENCE_DAYS.items():
    _cadence = pl.when(pl.col("tier") == _tier).then(_days).otherwise(_cadence)

SIGNALS = (
    Signal(
        name="sponsor_left",
        score="health",
        source="crm",
        label=("Sponsor or champion left", "Départ d’un sponsor ou d’un champion"),
        figures={
            "share": pl.when(pl.col("sponsors_left") > 0).then(
                pl.col("sponsors_left") / (pl.col("sponsors_left") + pl.col("sponsors").fill_null(0))
            ),
            "left": pl.col("sponsors_left"),
            "on": pl.col("sponsor_left_on"),
            "remain": pl.col("sponsors").fill_null(0),
        },
        ramp=Ramp(neutral=0.0, worst=0.6),
        weight=(16, 14, 10),
        en=Wording(
            "A sponsor or champion left on **{on:date}**; "
            "**{remain:plural person|people}** of that standing {remain:plural_word remains|remain}."
        ),
        fr=Wording("Un sponsor ou un champion est parti le **{on:date}** ; il en reste **{remain:int}**."),
        records=(Records("contacts", "sponsors who left, 180 days"),),
    ),
    Signal(
        name="decider_silence",
        score="health",
        source="crm",
        label=("Exchange with a decision-maker", "Échange avec un décideur"),
        figures={
            # Never heard: since the relationship began, as far as it is recorded.
            "days": pl.when(_records_exchanges & (pl.col("sponsors") > 0)).then(
                pl.coalesce(days_since("last_decider_on"), pl.col("age_days").clip(0, 365))
            ),
        },
        ramp=Ramp(neutral=21.0, worst=120.0, best=0.0, reward=0.3),
        weight=(12, 10, 4),
        en=Wording(
            "No two-way exchange with a decision-maker for **{days:plural day|days}**.",
            "Last two-way exchange with a decision-maker **{days:plural day|days}** ago.",
        ),
        fr=Wording(
            "Aucun échange dans les deux sens avec un décideur depuis **{days:plural jour|jours}**.",
            "Dernier échange avec un décideur il y a **{days:plural jour|jours}**.",
        ),
        records=(Records("interactions", "two-way, with decision-makers"),),
    ),
    Signal(
        name="single_thread",
        score="health",
        source="crm",
        label=("People we hear", "Interlocuteurs entendus"),
        figures={"people": pl.when(_records_exchanges).then(pl.col("threads_90"))},
        ramp=Ramp(neutral=2.0, worst=0.0, best=5.0, reward=0.4),
        weight=(8, 6, 2),
        en=Wording(
            "**{people:plural person|people}** heard in 90 days: the account hangs on one thread.",
            "**{people:plural person|people}** heard in 90 days.",
        ),
        fr=Wording(
            "**{people:plural interlocuteur entendu|interlocuteurs entendus}** en 90 jours : le lien tient à un fil.",
            "**{people:plural interlocuteur entendu|interlocuteurs entendus}** en 90 jours.",
        ),
        records=(Records("interactions", "two-way, 90 days"),),
    ),
    Signal(
        name="stances",
        score="health",
        source="crm",
        label=("Supporters and detractors", "Soutiens et détracteurs"),
        figures={
            "balance": pl.when(pl.col("supporters") + pl.col("detractors") > 0).then(
                (pl.col("supporters") - pl.col("detractors")) / (pl.col("supporters") + pl.col("detractors") + 1)
            ),
            "for": pl.col("supporters"),
            "against": pl.col("detractors"),
        },
        ramp=Ramp(neutral=0.0, worst=-0.7, best=0.8, reward=0.5),
        weight=(6, 5, 3),
        en=Wording(
            "**{against:plural contact speaks|contacts speak}** against us, **{for:int}** for us.",
            "**{for:plural contact speaks|contacts speak}** for us, **{against:int}** against.",
        ),
        fr=Wording(
            "**{against:plural contact parle|contacts parlent}** contre nous, **{for:int}** pour nous.",
            "**{for:plural contact parle|contacts parlent}** pour nous, **{against:int}** contre.",
        ),
        records=(Records("contacts", "supporters and detractors"),),
    ),
    Signal(
        name="review_missed",
        score="health",
        source="crm",
        label=("Business review", "Revue d’affaires"),
        figures={
            "cadences": pl.when(pl.col("reviews_known") & ~pl.col("onboarding")).then(
                pl.coalesce(days_since("last_review_on"), pl.col("age_days").clip(0, 730)) / _cadence
            ),
            "days": pl.coalesce(days_since("last_review_on"), pl.col("age_days").clip(0, 730)),
            "cadence": _cadence,
        },
        ramp=Ramp(neutral=1.1, worst=3.0, best=0.0, reward=0.4),
        weight=(6, 4, 0),
        en=Wording(
            "No business review for **{days:plural day|days}**; the cadence is **{cadence:int}**.",
            "Last business review **{days:plural day|days}** ago.",
        ),
        fr=Wording(
            "Aucune revue d’affaires depuis **{days:plural jour|jours}**, pour un rythme prévu de **{cadence:int}**.",
            "Dernière revue d’affaires il y a **{days:plural jour|jours}**.",
        ),
        records=(Records("interactions", "business reviews held"),),
    ),
    Signal(
        name="meetings_cancelled",
        score="health",
        source="crm",
        label=("Meetings cancelled", "Rendez-vous annulés"),
        figures={
            "share": pl.when(pl.col("exchanges_known")).then(
                pl.col("cancelled_90") / (pl.col("cancelled_90") + pl.col("meetings_90") + 1)
            ),
            "cancelled": pl.col("cancelled_90"),
            "held": pl.col("meetings_90"),
        },
        ramp=Ramp(neutral=0.2, worst=0.75),
        weight=(6, 5, 4),
        en=Wording("**{cancelled:plural meeting|meetings}** cancelled and **{held:int}** held in 90 days."),
        fr=Wording("**{cancelled:int} rendez-vous** annulés et **{held:int}** tenus en 90 jours."),
        records=(Records("interactions", "meetings cancelled, 90 days"),),
    ),
    Signal(
        name="plan_stale",
        score="health",
        source="crm",
        label=("Account plan", "Plan de compte"),
        figures={"days": days_since("plan_updated_on")},
        ramp=Ramp(neutral=90.0, worst=270.0),
        weight=(5, 4, 2),
        en=Wording("The account plan was last updated or reviewed **{days:plural day|days}** ago."),
        fr=Wording("Le plan de compte n’a été ni mis à jour ni relu depuis **{days:plural jour|jours}**."),
        records=(Records("account_plans", "latest"),),
    ),
    Signal(
        name="onboarding_progress",
        score="health",
        source="crm",
        label=("First value milestone", "Premier jalon de valeur"),
        figures={
            "pace": pl.when(pl.col("onboarding") & pl.col("milestones_known")).then(
                pl.coalesce("days_to_first_milestone", "paid_days")
                / pl.max_horizontal("peer_days_to_first_milestone", pl.lit(7.0))
            ),
            "days": pl.coalesce("days_to_first_milestone", "paid_days"),
            "peers": pl.col("peer_days_to_first_milestone"),
        },
        ramp=Ramp(neutral=1.25, worst=3.0, best=0.25, reward=0.5),
        weight=(18, 16, 14),
        en=Wording(
            "**{days:plural day|days}** in without the pace of others, who reach "
            "the first value milestone in **{peers:int}**.",
            "**{days:plural day|days}** in; others reach the first value milestone in **{peers:int}**.",
        ),
        fr=Wording(
            "**{days:plural jour|jours}** de démarrage ; les autres atteignent "
            "le premier jalon de valeur en **{peers:int}**.",
            "**{days:plural jour|jours}** de démarrage ; les autres atteignent "
            "le premier jalon de valeur en **{peers:int}**.",
        ),
        records=(Records("milestones", "reached"),),
    ),
)
