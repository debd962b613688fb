"""Health signals from subscriptions and invoices. No deadline is among them: the calendar is not illness."""

import polars as pl

from ..measures import days_since
from .declaration import Ramp, Records, Signal, Wording

RUNNING = Records("subscriptions", "running")
CHANGES = Records("subscriptions", "price changes of 365 days")
ON_TIME_PRIOR = (2.0, 2.5)  # as if 80 % of two and a half earlier invoices had been paid on time

_paid_enough = pl.when(pl.col("arr") > 0)

SIGNALS = (
    Signal(
        name="overdue_invoices",
        score="health",
        source="billing",
        label=("Overdue invoices", "Factures en retard"),
        figures={
            "days": pl.when(pl.col("overdue_invoices") > 0).then(pl.col("overdue_days")),
            "amount": pl.col("overdue_amount"),
            "invoices": pl.col("overdue_invoices"),
        },
        ramp=Ramp(neutral=3.0, worst=50.0),
        weight=(9, 11, 14),
        en=Wording(
            "**{amount:money}** is unpaid on **{invoices:plural invoice|invoices}**, "
            "the oldest **{days:plural day|days}** overdue."
        ),
        fr=Wording(
            "**{amount:money}** restent impayés sur **{invoices:plural facture|factures}**, "
            "la plus ancienne en retard de **{days:plural jour|jours}**."
        ),
        records=(Records("invoices", "unpaid past due"),),
    ),
    Signal(
        name="failed_payments",
        score="health",
        source="billing",
        label=("Failed payments", "Paiements échoués"),
        figures={"payments": pl.col("failed_90")},
        ramp=Ramp(neutral=0.0, worst=3.0),
        weight=(5, 7, 9),
        en=Wording("**{payments:plural payment|payments}** failed in 90 days."),
        fr=Wording("**{payments:plural paiement a échoué|paiements ont échoué}** en 90 jours."),
        records=(Records("invoices", "failed, 90 days"),),
    ),
    Signal(
        name="payment_discipline",
        score="health",
        source="billing",
        label=("Invoices paid on time", "Factures payées à temps"),
        figures={
            "share": pl.when(pl.col("invoices_365") > 0).then(
                (pl.col("paid_on_time_365") + ON_TIME_PRIOR[0]) / (pl.col("invoices_365") + ON_TIME_PRIOR[1])
            ),
            "on_time": pl.col("paid_on_time_365"),
            "invoices": pl.col("invoices_365"),
        },
        ramp=Ramp(neutral=0.8, worst=0.3, best=1.0, reward=0.6),
        weight=(4, 5, 6),
        en=Wording(
            "**{on_time:int} of {invoices:int}** invoices of the last year were paid on time.",
            "**{on_time:int} of {invoices:int}** invoices of the last year were paid on time.",
        ),
        fr=Wording(
            "Factures payées à temps sur un an : **{on_time:int} sur {invoices:int}**.",
            "Factures payées à temps sur un an : **{on_time:int} sur {invoices:int}**.",
        ),
        records=(Records("invoices", "due, 365 days"),),
    ),
    Signal(
        name="revenue_path",
        score="health",
        source="billing",
        label=("Revenue over six months", "Revenu sur six mois"),
        figures={
            "change": _paid_enough.then(
                pl.col("arr") / pl.when(pl.col("arr_180_ago") > 0).then(pl.col("arr_180_ago")) - 1
            ),
            "now": pl.col("arr"),
            "before": pl.col("arr_180_ago"),
        },
        ramp=Ramp(neutral=0.0, worst=-0.4, best=0.5, reward=0.7),
        weight=(9, 9, 9),
        en=Wording(
            "Pays **{now:money}** a year, down from **{before:money}** six months ago.",
            "Pays **{now:money}** a year, **{before:money}** six months ago.",
        ),
        fr=Wording(
            "Paie **{now:money}** par an, contre **{before:money}** il y a six mois.",
            "Paie **{now:money}** par an ; c’était **{before:money}** il y a six mois.",
        ),
        records=(CHANGES,),
    ),
    Signal(
        name="product_footing",
        score="health",
        source="billing",
        label=("Products in use together", "Produits utilisés ensemble"),
        figures={
            "beyond": pl.when(pl.col("products_sold") > 1).then(pl.col("products") - pl.col("peer_products")),
            "products": pl.col("products"),
            "sold": pl.col("products_sold"),
            "peers": pl.col("peer_products"),
        },
        ramp=Ramp(neutral=0.0, worst=-1.5, best=1.5, reward=0.7),
        weight=(7, 10, 10),
        en=Wording(
            "Pays for **{products:int} of {sold:int}** products; comparable accounts pay for **{peers:decimal}**.",
            "Pays for **{products:int} of {sold:int}** products, comparable accounts for **{peers:decimal}**.",
        ),
        fr=Wording(
            "Paie **{products:plural produit|produits} sur {sold:int}** ; les comptes comparables en paient "
            "**{peers:decimal}**.",
            "Paie **{products:plural produit|produits} sur {sold:int}**, les comptes comparables **{peers:decimal}**.",
        ),
        records=(RUNNING,),
    ),
    Signal(
        name="tenure",
        score="health",
        source="billing",
        label=("Tenure", "Ancienneté"),
        figures={"months": pl.col("paid_days") / 30.4375},
        ramp=Ramp(neutral=9.0, worst=1.0, best=24.0, reward=0.5),
        weight=(7, 8, 9),
        en=Wording(
            "Customer for **{months:plural month|months}**: young accounts leave more often.",
            "Customer for **{months:plural month|months}**.",
        ),
        fr=Wording(
            "Client depuis **{months:plural mois|mois}** : les comptes jeunes partent plus souvent.",
            "Client depuis **{months:plural mois|mois}**.",
        ),
        records=(Records("subscriptions", "first period"),),
    ),
    Signal(
        name="discount_dependence",
        score="health",
        source="billing",
        label=("Discount", "Remise"),
        figures={"percent": pl.col("discount_percent")},
        ramp=Ramp(neutral=15.0, worst=50.0),
        weight=(3, 3, 3),
        en=Wording("Stays at a discount of **{percent:int}%**."),
        fr=Wording("Reste avec une remise de **{percent:int}\N{NO-BREAK SPACE}%**."),
        records=(RUNNING,),
    ),
    Signal(
        name="price_rise",
        score="health",
        source="billing",
        label=("Price rise", "Hausse de prix"),
        figures={"rise": pl.col("price_rise"), "on": pl.col("price_rise_on")},
        ramp=Ramp(neutral=0.03, worst=0.25),
        weight=(5, 6, 7),
        en=Wording("Its unit price rose by **{rise:percent}** on {on:date}."),
        fr=Wording("Son prix unitaire a monté de **{rise:percent}** le {on:date}."),
        records=(CHANGES,),
    ),
    Signal(
        name="notice_given",
        score="health",
        source="billing",
        label=("Notice given", "Résiliation annoncée"),
        figures={
            "share": pl.when(pl.col("notice_given_on").is_not_null()).then(
                (pl.col("arr_noticed") / pl.when(pl.col("arr") > 0).then(pl.col("arr"))).fill_null(1.0)
            ),
            "amount": pl.col("arr_noticed"),
            "on": pl.col("notice_given_on"),
        },
        ramp=Ramp(neutral=0.0, worst=0.8),
        weight=(40, 40, 40),
        en=Wording("Notice was given on **{on:date}** for **{amount:money}** a year."),
        fr=Wording("Résiliation annoncée le **{on:date}** pour **{amount:money}** par an."),
        records=(Records("subscriptions", "notice given"),),
    ),
    Signal(
        name="renewal_late",
        score="health",
        source="billing",
        label=("Renewal is late", "Renouvellement en retard"),
        figures={"days": days_since("lapsed_on"), "on": pl.col("lapsed_on"), "amount": pl.col("arr")},
        ramp=Ramp(neutral=0.0, worst=21.0),
        weight=(24, 26, 28),
        en=Wording(
            "Unpaid since **{on:date}**: the subscription ended **{days:plural day|days}** ago without a renewal."
        ),
        fr=Wording(
            "Plus rien de payé depuis le **{on:date}** : "
            "l’abonnement a pris fin il y a **{days:plural jour|jours}**, sans suite."
        ),
        records=(Records("subscriptions", "last period"),),
    ),
)
