"""Health signals from support. Counts are set against activity: who uses more asks more."""

import polars as pl

from ..measures import days_since
from .declaration import Ramp, Records, Signal, Wording

SATISFACTION_PRIOR = (3.0, 4.0)  # as if three of four earlier answers had been good
USUAL_SURVEY = 0.2

_answers = pl.col("good_180") + pl.col("bad_180")
# Of an account whose use nobody knows, what so many tickets let expect.
_severe_expected = pl.coalesce(
    pl.col("peer_severe_rate") * pl.col("activity_84"), pl.col("peer_severe_share") * pl.col("tickets_90")
)
_reopened_expected = pl.col("peer_reopened_rate") * pl.col("tickets_90")
_complained = days_since("last_complaint_on")

SIGNALS = (
    Signal(
        name="tickets_past_due",
        score="health",
        source="support",
        label=("Tickets past due", "Tickets en retard"),
        figures={
            "days": pl.when(pl.col("tickets_overdue") > 0).then(pl.col("overdue_ticket_days")),
            "tickets": pl.col("tickets_overdue"),
            "severe": pl.col("severe_open"),
        },
        ramp=Ramp(neutral=0.0, worst=14.0),
        weight=(12, 10, 8),
        en=Wording(
            "**{tickets:plural ticket|tickets}** open past the promised time, the oldest by **{days:plural day|days}**."
        ),
        fr=Wording(
            "**{tickets:plural ticket ouvert|tickets ouverts}** au-delà du délai promis, "
            "le plus ancien de **{days:plural jour|jours}**."
        ),
        records=(Records("tickets", "open and past due"),),
    ),
    Signal(
        name="severe_tickets",
        score="health",
        source="support",
        label=("Severe tickets for its activity", "Tickets graves rapportés à l’activité"),
        figures={
            "ratio": (pl.col("severe_90") + 1) / (_severe_expected + 1),
            "tickets": pl.col("severe_90"),
            "expected": _severe_expected,
        },
        ramp=Ramp(neutral=1.3, worst=4.0),
        weight=(10, 9, 7),
        en=Wording(
            "**{tickets:plural high or urgent ticket|high or urgent tickets}** in 90 days; "
            "its activity lets expect **{expected:decimal}**."
        ),
        fr=Wording(
            "**{tickets:plural ticket grave|tickets graves}** en 90 jours ; "
            "son activité en laisse attendre **{expected:decimal}**."
        ),
        records=(Records("tickets", "high or urgent, 90 days"),),
    ),
    Signal(
        name="tickets_reopened",
        score="health",
        source="support",
        label=("Tickets reopened or escalated", "Tickets rouverts ou escaladés"),
        figures={
            "ratio": (pl.col("reopened_90") + 1) / (_reopened_expected + 1),
            "tickets": pl.col("reopened_90"),
            "all": pl.col("tickets_90"),
        },
        ramp=Ramp(neutral=1.3, worst=3.5),
        weight=(7, 6, 5),
        en=Wording("**{tickets:int} of {all:int}** tickets of the last 90 days were reopened or escalated."),
        fr=Wording("Tickets rouverts ou escaladés en 90 jours : **{tickets:int} sur {all:int}**."),
        records=(Records("tickets", "reopened or escalated, 90 days"),),
    ),
    Signal(
        name="ticket_satisfaction",
        score="health",
        source="support",
        label=("Satisfaction with support", "Satisfaction du support"),
        figures={
            "share": pl.when(_answers > 0).then(
                (pl.col("good_180") + SATISFACTION_PRIOR[0]) / (_answers + SATISFACTION_PRIOR[1])
            ),
            "good": pl.col("good_180"),
            "bad": pl.col("bad_180"),
            "answers": _answers,
        },
        ramp=Ramp(neutral=0.75, worst=0.35, best=0.95, reward=0.5),
        weight=(7, 6, 6),
        en=Wording(
            "**{bad:int} of {answers:int}** answers about support were bad in 180 days.",
            "**{good:int} of {answers:int}** answers about support were good in 180 days.",
        ),
        fr=Wording(
            "Mauvais avis sur le support en 180 jours : **{bad:int} sur {answers:int}**.",
            "Bons avis sur le support en 180 jours : **{good:int} sur {answers:int}**.",
        ),
        records=(Records("tickets", "answered about satisfaction, 180 days"),),
    ),
    Signal(
        name="surveys",
        score="health",
        source="support",
        label=("Survey answers", "Réponses aux enquêtes"),
        figures={
            # One answer is half believed: drawn to the usual 0.2 as one more answer would.
            "balance": (pl.col("survey_score") * pl.col("survey_answers") + USUAL_SURVEY)
            / (pl.col("survey_answers") + 1),
            "score": pl.col("survey_score"),
            "answers": pl.col("survey_answers"),
            "on": pl.col("survey_on"),
        },
        ramp=Ramp(neutral=0.2, worst=-0.6, best=0.8, reward=0.5),
        weight=(8, 8, 7),
        en=Wording(
            "Survey answers stand at **{score:signed}** on a scale from −1 to 1 "
            "(**{answers:plural answer|answers}**, the last on {on:date}).",
            "Survey answers stand at **{score:signed}** on a scale from −1 to 1 "
            "(**{answers:plural answer|answers}**, the last on {on:date}).",
        ),
        fr=Wording(
            "Les enquêtes donnent **{score:signed}** sur une échelle de −1 à 1 "
            "(**{answers:plural réponse|réponses}**, la dernière le {on:date}).",
            "Les enquêtes donnent **{score:signed}** sur une échelle de −1 à 1 "
            "(**{answers:plural réponse|réponses}**, la dernière le {on:date}).",
        ),
        records=(Records("surveys", "answered, 270 days"),),
    ),
    Signal(
        name="silence_after_complaint",
        score="health",
        source="support",
        label=("Silence after a complaint", "Silence après une plainte"),
        figures={
            # Five months on, the complaint is history and no longer a cause.
            "days": pl.when(
                (_complained <= 150)
                & (days_since("last_ticket_on") >= _complained)
                & (days_since("last_exchange_on").fill_null(9999) >= _complained)
            ).then(_complained),
            "on": pl.col("last_complaint_on"),
        },
        ramp=Ramp(neutral=10.0, worst=60.0),
        weight=(8, 8, 6),
        en=Wording(
            "A complaint on **{on:date}**, and neither a ticket nor an exchange "
            "in the **{days:plural day|days}** since."
        ),
        fr=Wording("Une plainte le **{on:date}**, puis ni ticket ni échange depuis **{days:plural jour|jours}**."),
        records=(Records("tickets", "complaints, 150 days"),),
    ),
)
