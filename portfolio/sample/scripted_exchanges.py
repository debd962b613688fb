"""Exchanges that carry a story, by customer number; days count back from the night."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ScriptedExchange:
    """An exchange told in full; `people` are names at the customer, `by_am` whether the account
    manager held it instead of the CSM, `ago` below zero a planned one; it moves to a working day
    unless it is `exact`."""

    ago: int
    kind: str
    text: str
    people: tuple[str, ...] = ()
    direction: str = ""
    by_am: bool = False
    attended: bool = True
    exact: bool = False


def send(ago: int, text: str, *people: str, by_am: bool = False) -> ScriptedExchange:
    return ScriptedExchange(ago, "email", text, people, "outbound", by_am)


def receive(ago: int, text: str, *people: str) -> ScriptedExchange:
    return ScriptedExchange(ago, "email", text, people, "inbound")


def call(ago: int, text: str, *people: str, by_am: bool = False, exact: bool = False) -> ScriptedExchange:
    return ScriptedExchange(ago, "call", text, people, by_am=by_am, exact=exact)


def meet(ago: int, text: str, *people: str) -> ScriptedExchange:
    return ScriptedExchange(ago, "meeting", text, people)


def review(ago: int, text: str, *people: str) -> ScriptedExchange:
    return ScriptedExchange(ago, "qbr", text, people)


# A table: its rows stay as they are written.
# fmt: off
EXCHANGES: dict[int, tuple[ScriptedExchange, ...]] = {
    1064: (
        review(98, "QBR. Goal set: 25 vessels on one tool by June. Per Eide would like a dashboard of crew cost per"
               " vessel for the board, not before the new year. Next review in three months.", "Ingrid Moe",
               "Torgeir Aune"),
        call(17, "Ingrid wants one contact for all tablet issues, and dates she can show the board. 25 minutes.",
             "Ingrid Moe"),
        send(12, "Torgeir, the cause is found: the order in which offline entries are replayed. I ask for a date"
             " today. Camille", "Torgeir Aune"),
        receive(4, "Camille, the crews on Florø refuse the tablets now. I need the date before the steering meeting."
                " Torgeir", "Torgeir Aune"),
        ScriptedExchange(-7, "meeting", "Steering meeting, tablets first on the agenda.", ("Ingrid Moe",
                                                                                           "Torgeir Aune")),
    ),
    1027: (
        call(41, "Renewal talk with Martin and Gráinne: they want three years, Martin writes the paper for the board.",
             "Martin Hale", "Gráinne Halloran", by_am=True, exact=True),
        receive(20, "Hello Camille, Martin has told us that he leaves in a week. Nobody is named yet. Priya",
                "Priya Nair"),
        send(11, "Priya, who takes the paper for the board over? I would like to meet that person before the decision."
             " Camille", "Priya Nair"),
        receive(8, "Honestly we do not know yet. Finance has asked for last year's figures. Priya", "Priya Nair"),
    ),
    1037: (
        send(19, "Sehr geehrter Herr Ahrens, unsere Rechnung ist seit zwei Wochen fällig. Fehlt Ihnen etwas dazu?"
             " Inês Carvalho", "Jens Ahrens", by_am=True),
        send(6, "Sehr geehrter Herr Ahrens, zweite Erinnerung an die offene Rechnung. Rufen Sie mich gern an."
             " Inês Carvalho", "Jens Ahrens", by_am=True),
    ),
    1034: (
        review(21, "QBR with Lukas and Noemi. 94% of seats in use, Visp leads. Quality asks for an approval step on"
               " deviations and wants to automate the calibration jobs. Lukas would look at an offer before spring.",
               "Lukas Frey", "Noemi Zollinger", "Fabrice Rochat"),
        call(6, "Noemi confirms: three teams copy the same notes each day. She has two hours on Thursday for a demo.",
             "Noemi Zollinger"),
    ),
    1048: (
        call(7, "Claire prévoit 60 magasins d'ici l'été et veut une seule commande, pas trois.", "Claire Aubrac",
             by_am=True),
        call(19, "Trois ouvertures depuis le début du mois : Annecy, Chambéry, Valence. Hugo demande des accès chaque"
             " semaine.", "Hugo Teyssier"),
        review(30, "Point trimestriel. Objectif : 60 magasins sur un seul outil. Paul Lemoine rappelle que la remise de"
               " 2024 prend fin à l'échéance.", "Claire Aubrac", "Hugo Teyssier", "Paul Lemoine"),
    ),
    1077: (
        call(5, "Sinéad expects two more carriers on the feed next month. She knows that the calls are nearly used"
             " up and"
             " asks what the next level costs.", "Sinéad Tierney"),
        review(37, "QBR. Calls over 90% for the third month. Declan does not want overage on the invoice.",
               "Declan Mulcahy", "Sinéad Tierney"),
    ),
    1073: (
        review(29, "Quartalsgespräch. Die Personalabteilung wünscht sich Zeiterfassung für die Botenfahrer, Angebot"
               " liegt seit dem Sommer vor."),
    ),
    1092: (
        call(14, "Federica would pay for labour cost by line, if the controller agrees. Budget meeting in two weeks.",
             "Federica Tessaro"),
    ),
    1068: (
        call(214, "Short call. The season begins, no time for a review before autumn. They will come back to us.",
             exact=True),
    ),
    1070: (
        call(64, "Karin is not convinced: the maintenance teams plan on paper again in Ludvika. Emil defends us.",
             "Karin Östberg", "Emil Sandström"),
        receive(22, "Marek, the offer on recipes can wait. First the tablets must work. Emil", "Emil Sandström"),
    ),
    1088: (
        call(8, "Sanne sees the difference: one late ticket this month against nine before. She wants to see it hold.",
             "Sanne de Wit"),
        review(72, "QBR in a bad mood. Nine late tickets, two escalated. We named one person in support for"
               " Polderzicht.",
               "Sanne de Wit"),
    ),
    1093: (
        call(68, "Pau says that the group decides on one tool for all hotels in the autumn."),
        receive(12, "Dear Camille, please take this as notice for the end of the term: Grupo Almenara decided on one"
                " tool"
                " and it will be run from Sevilla. Pau"),
    ),
    1100: (
        receive(21, "Gentile Jonas, con questa mail diamo disdetta: la linea stampa chiude a fine anno. Grazie di"
                " tutto."),
    ),
    1163: (
        meet(64, "Kick-off. Goal: Örebro by the end of the first month, all units in six.", "Malin Nyström",
             "Amir Rahimi"),
        send(62, "Malin, Amir, thank you for the good start. Attached the plan with its four steps. Camille",
             "Malin Nyström"),
        receive(58, "Hello Camille, the list of our units and people is attached. Some work in two units. Amir",
                "Amir Rahimi"),
        call(55, "Went through the import. 118 people, eleven of them in two units: two entries each for now.",
             "Amir Rahimi"),
        meet(41, "Two days in Örebro. First week published by the planners themselves on the second day.",
             "Malin Nyström", "Amir Rahimi"),
        receive(36, "First schedule is out and nobody called me about it. Malin", "Malin Nyström"),
        send(29, "Amir, here are the dates for Kumla. Tell me if the middle of the month is too early. Camille",
             "Amir Rahimi"),
        receive(27, "The middle is fine, the leaders there must be trained before. Amir", "Amir Rahimi"),
        meet(20, "Workshop in Örebro with eleven planners. Good questions, slow wireless network.", "Malin Nyström",
             "Amir Rahimi"),
        call(13, "Second weekly call. Night duty is still planned beside the board. Johan wants to see it once more.",
             "Amir Rahimi"),
        call(6, "Third weekly call. Two of four steps done, Kumla starts on Monday. Payroll waits for their provider.",
             "Amir Rahimi"),
    ),
    1161: (
        call(21, "Introduction by video, half an hour. Eight people, all of them on phones. They begin with two"
             " crews."),
        send(20, "Here is how a crew gets the app. Ten minutes each are enough. Camille"),
        receive(15, "Two crews have it. The others follow after the holidays. How do we leave a person out for a"
                " week?"),
    ),
    1074: (
        call(15, "Told them of the new list prices. They know that they pay 15% under list since the pilot and expect a"
             " talk before the term ends.", by_am=True),
    ),
    1083: (
        call(33, "They cut seats last year and think of cutting again: two parks are run by a partner now."),
    ),
    1094: (
        receive(6, "Liebe Camille, am Monatsende höre ich auf der Werft auf. Wer Plan übernimmt, steht noch nicht fest."
                " Frauke", "Frauke Petersen"),
    ),
    1031: (
        call(268, "Le directeur parle d'un appel d'offres. Nous ne sommes plus seuls."),
        receive(231, "Madame, nous vous notifions la résiliation de notre contrat à son échéance."),
    ),
    1050: (receive(140, "Dear Jonas, we have chosen another supplier and give notice for the end of the term."),),
}
