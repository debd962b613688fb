"""Tickets that carry a story, by customer number; days count back from the night."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ScriptedTicket:
    """A ticket told in full; `took` is the share of its time limit after which it was solved
    (above 1: late), None while it is open; `by` is the requester's name, '' for any user."""

    ago: int
    subject: str
    body: str
    priority: str = "normal"
    took: float | None = 0.5
    by: str = ""
    escalated: bool = False
    rated: str = ""


def open_late(ago: int, subject: str, body: str, took: float | None = 1.6, priority: str = "high") -> ScriptedTicket:
    """Return a ticket that ran past its time limit."""
    return ScriptedTicket(ago, subject, body, priority, took, escalated=took is not None and took > 2)


# A table: its rows stay as they are written.
# fmt: off
TICKETS: dict[int, tuple[ScriptedTicket, ...]] = {
    1064: (
        ScriptedTicket(27, "Tablets on the Florø boats lose the evening entries",
                       "After the update of Tuesday the tablets on three boats came back without what the crews had"
                       " entered at sea. We have the paper lists, nothing else.", "high", 0.8, "Torgeir Aune",
                       rated="bad"),
        ScriptedTicket(18, "Second week of tablet sync trouble",
                       "Planners in Ålesund print the crew list again. Fourteen crews stopped using the tablets.",
                       "high", 1.4, "Torgeir Aune", True, "bad"),
        ScriptedTicket(9, "Tablet sync fails offline, crew changes lost",
                       "Crew changes made offline between Bergen and Florø are gone once the tablet is back on the"
                       " network. Twelve changes since Sunday. This stops us.", "urgent", None, "Siv Halland", True),
        ScriptedTicket(6, "Tablet sync: two versions of the same watch list",
                       "Two tablets on one ship hold different watch lists and neither wins. The mate keeps his own on"
                       " paper. Ingrid Moe wants to know by when this is mended.", "urgent", None, "Siv Halland"),
        ScriptedTicket(5, "Tablet sync fails offline in Port services too",
                       "The third of its kind. The port crews in Stavanger now see the same: finished work orders come"
                       " back as open. Please one date and one person to talk to.", "urgent", None, "Siv Halland"),
    ),
    1034: (
        ScriptedTicket(63, "Release notes copied into three systems",
                       "For each batch my team has to copy by hand what the shift wrote into our quality system and"
                       " once more into the archive. Can Plan do this when a job is closed?", by="Reto Kälin"),
        ScriptedTicket(35, "Second signature on deviations",
                       "We need an approval step before a deviation job is closed: shift lead first, then quality."
                       " Today people chase each other by phone in Visp and Stein.", by="Noemi Zollinger"),
        ScriptedTicket(13, "Can the weekly calibration jobs be made from the list?",
                       "Livia builds forty calibration jobs each Friday from a list. We would like to automate that"
                       " before the audit in spring. Lukas Frey asked me for a price.", by="Reto Kälin"),
    ),
    1048: (
        ScriptedTicket(76, "Échanger un créneau entre deux magasins",
                       "Deux vendeuses de Lyon Part-Dieu et de Valence voudraient échanger un créneau elles-mêmes."
                       " Aujourd'hui tout passe par le siège.", by="Hugo Teyssier"),
        ScriptedTicket(44, "Échange de créneaux à Annecy",
                       "L'équipe d'Annecy note les échanges sur un cahier. Un échange de créneaux dans l'outil nous"
                       " éviterait les oublis du samedi.", by="Sami Benali"),
        ScriptedTicket(22, "Nouveau magasin de Chambéry : accès pour 11 personnes",
                       "Ouverture faite, il manque 11 accès. Au rythme des ouvertures nous serons au bout de nos"
                       " licences avant les fêtes, non ?", by="Hugo Teyssier"),
        ScriptedTicket(10, "Toujours l'échange de créneaux",
                       "Quatrième demande, cette fois de Lyon Part-Dieu : l'échange de créneaux sans passer par la"
                       " responsable. Sami aimerait une démonstration.", by="Hugo Teyssier"),
    ),
    1073: (
        ScriptedTicket(51, "Stundenzettel der Fahrer",
                       "Die Fahrer füllen neben der App noch Stundenzettel aus. Lässt sich das in der App lösen?"),
    ),
    1092: (
        ScriptedTicket(39, "Where do we see labour cost per line?",
                       "Federica asks each month for the labour cost of the Fidenza lines. We add it up from the plan"
                       " in the evening."),
        ScriptedTicket(16, "Hours by line for the controller",
                       "The controller wants cost per job for the packaging lines. Is there a report that we have not"
                       " found?"),
    ),
    1022: (
        ScriptedTicket(58, "Suivi des expertises pour la direction",
                       "La direction demande un tableau de bord des délais d'expertise par région. Nous le refaisons à"
                       " la main chaque lundi.", by="Olivier Lambiotte"),
        ScriptedTicket(19, "Délais par région",
                       "Toujours pas de tableau de bord : Amandine Dufour le présente au comité de décembre. Que"
                       " proposez-vous ?", by="Olivier Lambiotte"),
    ),
    1046: (
        ScriptedTicket(46, "Drivers and their timesheet",
                       "Milk drivers fill a paper timesheet beside the app. The office types it in on Mondays."),
    ),
    1079: (
        ScriptedTicket(33, "Who is our contact now?", "Mails to the person we knew come back. We would like to talk"
                       " about"
                       " the events of spring before the budget closes.", "normal", 2.4, rated="bad"),
        ScriptedTicket(13, "Patrols without a plan on two sites", "Since the change of shift rules the night patrols of"
                       " Rotherham have no plan. Control room phones everybody.", "high", None),
    ),
    1027: (
        ScriptedTicket(26, "Reports for the board", "Martin used to pull the figures of all depots for the board. Who"
                       " can do that from now on?", "normal", 1.3, "Priya Nair", rated="bad"),
        ScriptedTicket(6, "Crews of Youghal still on the old rules", "Three crews were never moved. The open point list"
                       " was Martin's, I do not find it.", "normal", None, "Priya Nair"),
    ),
    1088: (
        open_late(99, "Planner access lost after the merge of two sites", "Five planners of Zeist cannot work since the"
                  " sites were merged. We asked on Monday, and again on Tuesday.", 3.1),
        open_late(93, "Still no answer on the merged sites", "The earlier ticket had no reply for two days. We plan on"
                  " paper in Zeist.", 1.7),
        open_late(86, "Jobs of the night shift in the wrong week", "Night jobs of Sunday stand in the week after."
                  " Crews came twice.", 1.9),
        open_late(79, "Wrong week again", "Same as last week, now in Amersfoort as well.", 4.6),
        open_late(71, "Access cards and the board disagree", "Eleven people are on the board who left in spring.", 1.3,
                  "normal"),
        open_late(64, "Import has been stuck for a day", "The contract list of our largest customer does not come in.",
                  4.8),
        open_late(57, "Import stuck, second day", "Nobody called back as promised. Sanne de Wit asks who is"
                  " responsible.", 5.5),
        open_late(48, "Signatures missing on 23 sheets", "Our customer will not pay without them.", 3.6),
        open_late(39, "Route of the cleaning vans", "The order of stops is upside down since the last release.", 1.2,
                  "normal"),
        open_late(12, "One van without a route", "Only the van of Utrecht Noord, the others are right again.", 1.1,
                  "normal"),
        ScriptedTicket(6, "Thanks, and a small question", "The merged sites work well now. How do we hide the old one"
                       " for new planners?", "low", 0.2),
    ),
    1031: (
        open_late(243, "Astreinte du week-end invisible", "Troisième week-end sans vue de l'astreinte. Nous avons loué"
                  " un autre outil pour dépanner.", 2.5),
        open_late(201, "Export complet de nos données", "Merci de nous indiquer comment récupérer toutes nos"
                  " interventions depuis 2022.", 1.2, "normal"),
    ),
    1050: (
        open_late(151, "Drivers do not see their shift in the morning", "Third time this month that the morning shifts"
                  " show only after eight. The depot calls everybody.", 2.3),
        open_late(128, "How to take our data out", "Please tell us in which form we get all shifts of the last years.",
                  1.1, "normal"),
    ),
}
