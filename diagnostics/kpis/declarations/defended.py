"""Revenue defended."""

from diagnostics.kpis.declarations.kpi import Benchmark, Kpi, Owner, Part, Switch, Unit

SAAS_CAPITAL = "SaaS Capital, B2B SaaS Retention Benchmarks"
COHORT_MONTHS = {f"m{n}": (f"month {n} of the cohorts", f"mois {n} des cohortes") for n in (3, 6, 12, 24, 36)}
FOUR_QUARTERS = {"4q": ("the four quarters to the close", "les quatre trimestres jusqu’à la clôture")}
WINDOWS = {f"{days}d": (f"window of {days} days", f"fenêtre de {days} jours") for days in (30, 60, 90, 180)}
SHARES = {
    f"share_{days}d": (f"share of the ARR due in {days} days", f"part de l’ARR à échéance sous {days} jours")
    for days in (30, 60, 90, 180)
}

KPIS = (
    Kpi(
        "renewal_rate",
        Part.DEFENDED,
        Unit.RATIO,
        ("Renewal rate", "Taux de renouvellement"),
        (
            "Of the ARR whose term of three months or more ended in the period, the share that was renewed.",
            "Part de l’ARR renouvelée, parmi les contrats de trois mois ou plus arrivés à terme dans la période.",
        ),
        ("Σ min(ARR after, ARR due) ÷ Σ ARR due", "Σ min(ARR après, ARR dû) ÷ Σ ARR dû"),
        (
            "When it falls, open the contracts lost and see how early each was prepared.",
            "S’il baisse, ouvrez les contrats perdus et voyez quand chacun a été préparé.",
        ),
        owner=Owner.DECISION,
        switches=(Switch.GRACE,),
        details={"monthly": ("terms under three months", "termes de moins de trois mois")},
    ),
    Kpi(
        "renewal_rate_accounts",
        Part.DEFENDED,
        Unit.RATIO,
        ("Renewal rate by number", "Taux de renouvellement en nombre"),
        (
            "Of the contracts whose term of three months or more ended in the period, the share that was renewed.",
            "Part des contrats de trois mois ou plus arrivés à terme dans la période qui ont été renouvelés.",
        ),
        ("contracts renewed ÷ contracts due", "contrats renouvelés ÷ contrats dus"),
        (
            "Far above the rate in value: large contracts are lost. Far below: small ones are.",
            "Bien au-dessus du taux en valeur : de grands contrats se perdent. Bien au-dessous : des petits.",
        ),
        owner=Owner.DECISION,
        switches=(Switch.GRACE,),
        details={"monthly": ("terms under three months", "termes de moins de trois mois")},
    ),
    Kpi(
        "grr",
        Part.DEFENDED,
        Unit.RATIO,
        ("GRR", "GRR"),
        (
            "What stays of the ARR of day 1 when nothing that grew is counted: never above 100 %.",
            "Ce qui reste de l’ARR du premier jour sans compter ce qui a grandi : jamais plus de 100 %.",
        ),
        ("Σ min(ARR end, ARR start) ÷ Σ ARR start", "Σ min(ARR fin, ARR début) ÷ Σ ARR début"),
        (
            "When it falls, look at churn and contraction by segment before anything else.",
            "Si elle baisse, regardez attrition et contraction par segment avant toute chose.",
        ),
        owner=Owner.START,
        switches=(Switch.REACTIVATION, Switch.GRACE),
        benchmark=Benchmark(
            (
                "medians over twelve months from 90 % to 93 %, by contract value",
                "médianes sur douze mois de 90 % à 93 %, selon la valeur du contrat",
            ),
            SAAS_CAPITAL,
            2023,
        ),
        details=FOUR_QUARTERS | COHORT_MONTHS,
    ),
    Kpi(
        "value_at_risk",
        Part.DEFENDED,
        Unit.CURRENCY,
        ("Value at risk", "Valeur à risque"),
        (
            "ARR of contracts decided in the window, of accounts whose health is below the fragile threshold.",
            "ARR des contrats décidés dans la fenêtre, pour les comptes dont la santé est sous le seuil de fragilité.",
        ),
        ("Σ ARR decided in the window, health fragile", "Σ ARR décidé dans la fenêtre, santé fragile"),
        (
            "Two periods of rise in a row are a flag: open the accounts by decision date.",
            "Deux hausses de suite sont un drapeau : ouvrez les comptes par date de décision.",
        ),
        owner=Owner.DECISION,
        details=WINDOWS | SHARES | {"share_portfolio": ("share of the portfolio", "part du portefeuille")},
        detail_units=dict.fromkeys([*SHARES, "share_portfolio"], Unit.RATIO),
        more_is_better=False,
    ),
    Kpi(
        "confirmed_loss",
        Part.DEFENDED,
        Unit.CURRENCY,
        ("Confirmed loss", "Perte confirmée"),
        (
            "ARR under notice that ends in the window: beside the value at risk, never in it.",
            "ARR sous préavis qui prend fin dans la fenêtre : à côté de la valeur à risque, jamais dedans.",
        ),
        ("Σ ARR under notice, ending in the window", "Σ ARR sous préavis, à échéance dans la fenêtre"),
        (
            "Write the loss reason down while the customer still answers.",
            "Notez la raison de la perte tant que le client répond encore.",
        ),
        owner=Owner.DECISION,
        details=WINDOWS | {"all": ("all that is under notice", "tout ce qui est sous préavis")},
        more_is_better=False,
    ),
    Kpi(
        "expected_loss",
        Part.DEFENDED,
        Unit.CURRENCY,
        ("Expected loss", "Perte attendue"),
        (
            "What the decisions of 90 days lose on average, each weighed by its renewal risk.",
            "Ce que les décisions des 90 jours perdent en moyenne, chacune pesée par son risque.",
        ),
        ("Σ ARR due × renewal risk", "Σ ARR dû × risque de non-renouvellement"),
        (
            "Plan with the 90th percentile, not with the mean.",
            "Planifiez avec le 90e centile, pas avec la moyenne.",
        ),
        owner=Owner.DECISION,
        details={
            "p10": ("10th percentile of 10,000 draws", "10e centile de 10 000 tirages"),
            "p90": ("90th percentile of 10,000 draws", "90e centile de 10 000 tirages"),
        },
        more_is_better=False,
    ),
    Kpi(
        "logo_retention",
        Part.DEFENDED,
        Unit.RATIO,
        ("Accounts kept", "Comptes gardés"),
        (
            "Of the accounts that paid on day 1, the share that still pays at the close: customers, not revenue.",
            "Part des comptes payants du premier jour qui paient encore à la clôture : des clients, pas du revenu.",
        ),
        ("accounts kept ÷ accounts at the start", "comptes gardés ÷ comptes au début"),
        (
            "Beside GRR: falling alone, it is small accounts that leave.",
            "À côté de la GRR : si elle baisse seule, ce sont de petits comptes qui partent.",
        ),
        owner=Owner.START,
        switches=(Switch.REACTIVATION, Switch.GRACE),
    ),
    Kpi(
        "arr_secured",
        Part.DEFENDED,
        Unit.CURRENCY,
        ("ARR secured", "ARR sécurisé"),
        (
            "ARR renewed by accounts that had entered defense and had a recorded act: association, not proof.",
            "ARR renouvelé de comptes entrés en défense et sur lesquels un acte est noté : association, non preuve.",
        ),
        ("Σ min(ARR after, ARR due) with an act", "Σ min(ARR après, ARR dû) avec un acte"),
        (
            "Hold it against the renewal rate of defended accounts without an act.",
            "Comparez-le au taux de renouvellement des comptes défendus sans acte.",
        ),
        owner=Owner.DECISION,
        details={
            "without_act": (
                "renewal rate of defended accounts without an act",
                "taux de renouvellement des comptes défendus sans acte",
            )
        },
        detail_units={"without_act": Unit.RATIO},
    ),
)
