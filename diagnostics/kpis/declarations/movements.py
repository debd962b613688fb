"""The ARR movements: start + movements = end, per account, group and total."""

from diagnostics.kpis.declarations.kpi import Kpi, Owner, Part, Switch, Unit, Words

SUM: Words = ("Σ movements of the kind in the period", "Σ des mouvements de ce type sur la période")


def _movement(
    name: str, label: Words, definition: Words, moved: Words, *, more: bool | None, switches: tuple[Switch, ...] = ()
) -> Kpi:
    return Kpi(
        name, Part.MOVEMENTS, Unit.CURRENCY, label, definition, SUM, moved,
        owner=Owner.START, switches=switches, more_is_better=more,
    )  # fmt: skip


KPIS = (
    Kpi(
        "arr_start",
        Part.MOVEMENTS,
        Unit.CURRENCY,
        ("ARR at the start", "ARR au début"),
        (
            "Annual recurring revenue as the period begins, before anything moves on its first day.",
            "Revenu récurrent annuel à l’ouverture de la période, avant tout mouvement de son premier jour.",
        ),
        ("Σ movements before day 1", "Σ des mouvements avant le premier jour"),
        ("It is the base: look at what moved since.", "C’est la base : regardez ce qui a bougé depuis."),
        owner=Owner.START,
        more_is_better=None,
    ),
    _movement(
        "arr_new",
        ("New", "Nouveau"),
        (
            "ARR of accounts that pay for the first time.",
            "ARR des comptes qui paient pour la première fois.",
        ),
        (
            "See that each new account has an owner and a first value milestone.",
            "Vérifiez que chaque nouveau compte a un responsable et un premier jalon de valeur.",
        ),
        more=True,
    ),
    _movement(
        "arr_expansion",
        ("Expansion", "Expansion"),
        (
            "ARR added by accounts that already paid, a second subscription included.",
            "ARR ajouté par des comptes qui payaient déjà, second abonnement compris.",
        ),
        ("Read it by lever: which one moved?", "Lisez-la par levier : lequel a bougé ?"),
        more=True,
    ),
    _movement(
        "arr_contraction",
        ("Contraction", "Contraction"),
        (
            "ARR lost by accounts that still pay, one of two subscriptions included; a negative amount.",
            "ARR perdu par des comptes qui paient encore, un abonnement sur deux compris ; montant négatif.",
        ),
        (
            "Open the accounts: fewer seats, a smaller plan or a product given up?",
            "Ouvrez les comptes : moins de sièges, un plan plus petit ou un produit abandonné ?",
        ),
        more=True,
    ),
    _movement(
        "arr_churn",
        ("Churn", "Attrition"),
        (
            "ARR of accounts whose last subscription ended, dated on the first unpaid day; a negative amount.",
            "ARR des comptes dont le dernier abonnement a pris fin, au premier jour impayé ; montant négatif.",
        ),
        (
            "Read the loss reasons, and which signal had spoken before.",
            "Lisez les raisons de perte, et quel signal avait parlé avant.",
        ),
        more=True,
        switches=(Switch.GRACE,),
    ),
    _movement(
        "arr_reactivation",
        ("Reactivation", "Réactivation"),
        (
            "ARR of accounts that pay again after they had churned.",
            "ARR des comptes qui paient de nouveau après être partis.",
        ),
        ("Ask what brought them back.", "Demandez ce qui les a fait revenir."),
        more=True,
        switches=(Switch.REACTIVATION, Switch.GRACE),
    ),
    _movement(
        "arr_transfer",
        ("Transfer", "Transfert"),
        (
            "ARR of contracts that moved between accounts of one parent: neither churn nor new, zero in total.",
            "ARR des contrats passés entre comptes d’un même groupe : ni attrition ni nouveau, zéro au total.",
        ),
        ("Nothing to do: check that the owner knows.", "Rien à faire : vérifiez que le responsable le sait."),
        more=None,
    ),
    _movement(
        "arr_fx",
        ("Re-basing", "Change"),
        (
            "What the plan rates of a new fiscal year change, outside NRR and GRR.",
            "Ce que changent les taux de plan d’un nouvel exercice, hors NRR et GRR.",
        ),
        (
            "Nothing to do: it is a matter of rates, not of customers.",
            "Rien à faire : c’est une affaire de taux, pas de clients.",
        ),
        more=None,
    ),
    Kpi(
        "arr_end",
        Part.MOVEMENTS,
        Unit.CURRENCY,
        ("ARR at the end", "ARR à la fin"),
        (
            "Annual recurring revenue at the close: the start plus every movement, to the cent.",
            "Revenu récurrent annuel à la clôture : le début plus chaque mouvement, au centime.",
        ),
        ("ARR at the start + Σ movements", "ARR au début + Σ des mouvements"),
        ("Open the movements by kind.", "Ouvrez les mouvements par type."),
        owner=Owner.START,
        switches=(Switch.GRACE,),
    ),
)
