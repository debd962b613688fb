"""What customers write to support, by language: (product it needs, priority, subjects,
bodies); a subject belongs to the body in the same place.

Slots: {site}, {site2}, {colleague}, {dept}, {n}, {ref}, {hour}, {weekday}. No text here may hold
a need phrase of the catalogue: those stand in scripted tickets alone.
"""

from __future__ import annotations

Texts = tuple[tuple[str, str, tuple[str, ...], tuple[str, ...]], ...]

# A table: its rows stay as they are written.
# fmt: off
ENGLISH: Texts = (
    ("plan", "high", ("{n} planners cannot sign in since this morning", "Sign-in loop after the company login"),
     ("{colleague} and {n} others at {site} are sent back to the sign-in page. It began around {hour}. People on the"
      " same floor with older laptops are fine.",
      "After our password change on {weekday} the company login sends people round in a circle. {site} first, now"
      " {site2} as well.")),
    ("plan", "low", ("Printed week plan cuts off the last column", "Week plan does not fit A3 any more"),
     ("When {colleague} prints the week for the board in {site}, Sunday is missing. It fitted before.",
      "The printed plan loses the last column on the printer in {site}. On screen everything is there.")),
    ("plan", "high", ("Notices arrive {n} hours late", "Crew told of a change after the job had begun"),
     ("A change made at {hour} reached the crew in {site} {n} hours later. They had already driven to the old address.",
      "{dept} moved job {ref} and the two people on it were told when they stood in front of a closed gate.")),
    ("plan", "normal", ("Import of the job list stops at line {ref}", "Job import rejects half of the file"),
     ("The file is the same as every Monday. It stops at line {ref} and says nothing about why. {colleague} sends it"
      " attached.",
      "{n}0 lines come in, the rest is rejected with 'unknown site', but {site2} exists and has for years.")),
    ("plan", "normal", ("Team lead in {site} cannot see the second shift",
                        "Rights of {colleague} after the move to {dept}"),
     ("{colleague} leads both shifts since the first of the month and sees only the early one. Which right is missing?",
      "Since {colleague} moved to {dept} the old team still shows and the new one does not.")),
    ("plan", "low", ("Map sends the van to the wrong end of the street", "Wrong pin for our yard in {site}"),
     ("The address of job {ref} is right, the pin is about two kilometres off. The driver called us twice.",
      "Our yard in {site} has a new gate. The map still leads to the old one and vans cannot turn there.")),
    ("plan", "normal", ("The same job shows twice in {site}", "Duplicate jobs after moving a week"),
     ("Job {ref} stands on {weekday} and on the day after, with the same crew. If we delete one, both go.",
      "{colleague} moved the whole week of {site} by a day. {n} jobs are now there twice.")),
    ("plan", "normal", ("Board takes half a minute to open on {weekday}s", "Slow week view for large teams"),
     ("With everybody shown, the week view of {site} takes about thirty seconds. In the afternoon it is fine.",
      "{dept} has given up opening the full board before nine. One team at a time works.")),
    ("plan", "normal", ("Photos from the job do not arrive", "Pictures rotated in job reports"),
     ("{n} photos from job {ref} were taken on site and never showed up in the report for our customer.",
      "Pictures taken upright lie on their side in the report. {colleague} turns each one before it goes out.")),
    ("plan", "normal", ("Skill list: certificate expired but still matched", "Expired permits are not flagged"),
     ("{colleague}'s permit ran out on the first. The board still proposed the person for job {ref}.",
      "We set an expiry date on all driving permits in {site}. Nothing turned red when the first {n} ran out.")),
    ("plan", "normal", ("Public holiday missing for {site}", "Regional holiday not in the calendar"),
     ("Our region has a day off that {site2} does not. The board planned {n} people on it.",
      "Can the regional holidays be switched on for {site}? {colleague} blocks the days one person at a time now.")),
    ("plan", "high", ("Recurring jobs one hour late since the update", "Series shifted by an hour"),
     ("All series made before the update start an hour late in {site}. New ones are right.",
      "Job series {ref} moved by an hour over the weekend. Night crews noticed first.")),
    ("plan", "low", ("Saved view of {dept} is gone", "Filters do not stay"),
     ("{colleague}'s saved view for {dept} vanished after the last sign-out. The shared ones are still there.",
      "The filter on {site} jumps back to all sites when I open a job and return.")),
    ("plan", "high", ("Customer's signature missing on {n} job sheets", "Signed sheets show an empty box"),
     ("Customers signed on the phone, the sheet shows an empty box. Jobs {ref} and the two after it.",
      "Our customer in {site} refuses {n} sheets because the signature is not on them. The crews swear that it was"
      " given.")),
    ("plan", "urgent", ("Phone app closes after the system update", "App crashes when opening the day"),
     ("Since the phones updated on {weekday} the app closes when {dept} opens the day. {n} phones so far.",
      "Opens, shows the logo, closes. Only on the older phones we gave to {site}.")),
    ("plan", "low", ("Leaver still shows on the board", "How do we remove a person and keep the history?"),
     ("{colleague} left at the end of the month and is still offered for jobs in {site}.",
      "We want to free the seat of somebody who left and keep what that person did. What is the right order?")),
    ("plan", "low", ("Question about the last invoice", "Purchase order number missing on the invoice"),
     ("There are {n} seats more on the invoice than I expected. Did {colleague} order them?",
      "Our purchasing asks for the order number on each invoice. Could you send the last one again with it?")),
    ("plan", "normal", ("Feed returns an empty crew", "Field missing in the job feed"),
     ("The feed for job {ref} has no crew although two people are on it. Our own system shows it as open.",
      "Since the last release the planned end is missing in the feed for split jobs. Is that on purpose?")),
    ("plan", "low", ("Short training for {n} new planners", "Who trains new people in {site}?"),
     ("We have {n} new planners in {site} from the first of next month. Is there a date for a short session?",
      "{colleague} trained everybody so far and is away until spring. What do you offer?")),
    ("plan", "low", ("Attachment of 30 MB is refused", "Drawing too large for a job"),
     ("The drawing for job {ref} has 34 MB and is refused. We split it in three, which nobody on site likes.",
      "Is there a way to raise the limit for attachments? Plans for {site} are always larger.")),
    ("plan", "normal", ("Shared calendar stopped on {weekday}", "Crew calendar does not reach our mail calendars in"
                        " time"),
     ("The calendar feed of {dept} stands still since {weekday}. Making a new link did not help.",
      "Jobs show in the mail calendar with a day's delay. For {site} that is too late.")),
    ("time", "urgent", ("Terminal in {site} shows yesterday's date", "Clock terminal does not start"),
     ("The terminal at the gate in {site} is a day behind since the power cut. People sign in on paper today.",
      "After the restart the terminal asks for a code nobody here has. {n} people are waiting at it each morning.")),
    ("time", "high", ("Payroll file lacks the night allowance", "Hours of {site} doubled in the payroll file"),
     ("The file for last month has no night allowance for {dept}. Pay day is in {n} days.",
      "Hours of people who worked in {site} and {site2} are in the file twice.")),
    ("flow", "high", ("Recipe did not run on {weekday}", "Recipe ran twice for job {ref}"),
     ("The recipe that tells the warehouse about tomorrow's parts did not run on {weekday}. Nothing in the log.",
      "Our customer received the same message twice for job {ref}. It is the recipe for finished jobs.")),
    ("insight", "normal", ("Report by site leaves out {site}", "Scheduled report arrives empty"),
     ("The monthly report by site has no line for {site}, although {n}00 jobs were done there.",
      "The report of {weekday} morning came with headers only. {colleague} ran it by hand at ten and it was"
      " complete.")),
    ("connect", "normal", ("Partner cannot open the link", "Partner's answer does not come back"),
     ("A partner firm in {site2} gets 'link expired' for job {ref} one hour after we sent it.",
      "Our partner accepted {n} jobs by mail. They still show as offered.")),
)

FRENCH: Texts = (
    ("plan", "high", ("Connexion impossible pour {n} planificateurs", "Retour en boucle sur la page de connexion"),
     ("Depuis {hour}, {colleague} et {n} collègues de {site} reviennent sans cesse à la page de connexion.",
      "Après le changement de mot de passe de {weekday}, plus personne n'entre à {site}. {site2} n'est pas touché.")),
    ("plan", "low", ("Le planning imprimé coupe la dernière colonne", "Impression A3 : dimanche manque"),
     ("{colleague} imprime la semaine pour l'atelier de {site} : le dimanche n'y est plus.",
      "À l'écran tout est là, sur le papier la dernière colonne disparaît.")),
    ("plan", "high", ("Alertes reçues avec {n} heures de retard", "Équipe prévenue trop tard d'un changement"),
     ("Le changement de {hour} est arrivé sur les téléphones {n} heures plus tard. L'équipe était déjà en route.",
      "{dept} a déplacé l'intervention {ref}, les deux techniciens l'ont appris devant une porte fermée.")),
    ("plan", "normal", ("Import des interventions arrêté à la ligne {ref}",
                        "La moitié du fichier est refusée à l'import"),
     ("Même fichier que d'habitude, il s'arrête à la ligne {ref} sans explication. {colleague} vous l'envoie.",
      "« Site inconnu » pour {site2}, alors que le site existe depuis des années.")),
    ("plan", "normal", ("Droits de {colleague} après son passage à {dept}", "Une équipe n'est plus visible à {site}"),
     ("{colleague} suit maintenant les deux équipes et n'en voit qu'une. Quel droit manque ?",
      "Depuis la réorganisation, l'ancienne équipe s'affiche encore et la nouvelle non.")),
    ("plan", "low", ("Adresse juste, épingle fausse", "La carte envoie les camions à l'ancien portail"),
     ("Pour l'intervention {ref}, l'épingle tombe à deux kilomètres. Le conducteur a appelé deux fois.",
      "Le dépôt de {site} a un nouveau portail, la carte mène encore à l'ancien.")),
    ("plan", "normal", ("Interventions en double après un décalage de semaine",
                        "La même intervention apparaît deux fois"),
     ("{colleague} a décalé la semaine de {site} d'un jour : {n} interventions sont là deux fois.",
      "L'intervention {ref} figure deux jours de suite. Si j'en supprime une, les deux partent.")),
    ("plan", "normal", ("Vue semaine très lente le {weekday} matin", "Le planning de {site} met trente secondes à"
                        " s'ouvrir"),
     ("Avant neuf heures, la vue complète de {site} met une demi-minute. L'après-midi tout va bien.",
      "{dept} n'ouvre plus qu'une équipe à la fois, sinon l'attente est trop longue.")),
    ("plan", "normal", ("Photos absentes des rapports", "Photos couchées dans le rapport d'intervention"),
     ("Les {n} photos de l'intervention {ref} ne sont jamais arrivées dans le rapport.",
      "{colleague} redresse chaque photo avant l'envoi au client. Un réglage nous échappe ?")),
    ("plan", "normal", ("Habilitation expirée toujours proposée", "Dates d'expiration sans effet"),
     ("L'habilitation de {colleague} a pris fin le 1er et le planning propose encore cette personne.",
      "Nous avons saisi les dates pour {site}, rien ne passe au rouge.")),
    ("plan", "high", ("Bon signé, case vide", "Signature du client absente sur {n} bons"),
     ("Le client a signé sur le téléphone, le bon {ref} montre une case vide.",
      "Notre client de {site} refuse {n} bons : la signature n'y est pas.")),
    ("plan", "low", ("Question sur la dernière facture", "Numéro de commande absent de la facture"),
     ("La facture compte {n} accès de plus que prévu. Est-ce {colleague} qui les a demandés ?",
      "La comptabilité demande le numéro de commande sur chaque facture. Pouvez-vous renvoyer la dernière ?")),
    ("plan", "low", ("Formation courte pour {n} nouveaux planificateurs", "Qui forme les nouveaux à {site} ?"),
     ("Nous accueillons {n} personnes à {site} le mois prochain. Avez-vous une date pour une session ?",
      "{colleague} formait tout le monde et s'absente jusqu'au printemps. Que proposez-vous ?")),
    ("plan", "normal", ("Le calendrier partagé ne bouge plus depuis {weekday}",
                        "Calendrier des équipes en retard d'un jour"),
     ("Le lien de {dept} est figé depuis {weekday}. En créer un autre n'a rien changé.",
      "Les interventions arrivent dans la messagerie avec un jour de retard. Pour {site}, c'est trop.")),
    ("time", "high", ("Borne de {site} bloquée sur la veille", "Fichier de paie sans les heures de nuit"),
     ("Depuis la coupure de courant, la borne de {site} affiche la date d'hier. On note sur papier.",
      "Le fichier du mois n'a pas les majorations de nuit pour {dept}. La paie part dans {n} jours.")),
    ("connect", "normal", ("Le partenaire ne peut pas ouvrir le lien", "Réponse d'un partenaire non reçue"),
     ("Une heure après l'envoi, le partenaire de {site2} lit « lien expiré » pour l'intervention {ref}.",
      "{n} interventions acceptées par mail restent affichées comme proposées.")),
)

GERMAN: Texts = (
    ("plan", "high", ("Anmeldung bei {n} Disponenten gestört", "Anmeldung läuft im Kreis"),
     ("Seit {hour} landen {colleague} und {n} weitere in {site} immer wieder auf der Anmeldeseite.",
      "Nach der Kennwortänderung am {weekday} kommt in {site} niemand mehr hinein, in {site2} geht es.")),
    ("plan", "low", ("Wochenplan: letzte Spalte fehlt im Ausdruck", "Ausdruck passt nicht mehr auf A3"),
     ("Beim Druck für das Brett in {site} fehlt der Sonntag. Vorher hat es gepasst.",
      "Am Bildschirm ist alles da, auf Papier fehlt die letzte Spalte.")),
    ("plan", "high", ("Änderung kam {n} Stunden zu spät an", "Trupp erfuhr erst vor Ort von der Verschiebung"),
     ("Die Änderung von {hour} kam {n} Stunden später auf den Handys an. Der Trupp war schon unterwegs.",
      "Die {dept} hat Auftrag {ref} verschoben, die beiden standen vor verschlossenem Tor.")),
    ("plan", "normal", ("Auftragsimport bricht bei Zeile {ref} ab", "Import lehnt die halbe Datei ab"),
     ("Dieselbe Datei wie jeden Montag, Abbruch bei Zeile {ref} ohne Grund. {colleague} schickt sie mit.",
      "'Standort unbekannt' für {site2}, den gibt es seit Jahren.")),
    ("plan", "normal", ("Zweite Schicht in {site} nicht sichtbar", "Rechte von {colleague} nach dem Teamwechsel"),
     ("{colleague} leitet beide Schichten und sieht nur die frühe. Welches Recht fehlt?",
      "Nach der Umstellung wird das alte Team gezeigt, das neue nicht.")),
    ("plan", "low", ("Karte führt zum alten Tor", "Adresse richtig, Nadel falsch"),
     ("Unser Hof in {site} hat eine neue Einfahrt. Die Karte führt zur alten, dort kann kein Lkw wenden.",
      "Bei Auftrag {ref} sitzt die Nadel zwei Kilometer daneben. Der Fahrer hat zweimal angerufen.")),
    ("plan", "normal", ("Aufträge nach Verschieben doppelt", "Derselbe Auftrag steht zweimal in {site}"),
     ("{colleague} hat die Woche von {site} um einen Tag verschoben, {n} Aufträge stehen jetzt doppelt da.",
      "Auftrag {ref} steht an zwei Tagen. Lösche ich einen, sind beide weg.")),
    ("plan", "normal", ("Wochenansicht am {weekday} sehr langsam", "Plantafel von {site} braucht eine halbe Minute"),
     ("Vor neun Uhr dauert die volle Ansicht von {site} etwa dreißig Sekunden. Nachmittags ist alles gut.",
      "Die {dept} öffnet nur noch ein Team auf einmal, sonst wartet man zu lange.")),
    ("plan", "normal", ("Abgelaufene Nachweise werden noch vorgeschlagen", "Kranschein abgelaufen, keine Warnung"),
     ("Der Nachweis von {colleague} ist zum Ersten abgelaufen, die Tafel schlägt die Person weiter vor.",
      "Wir haben für {site} alle Ablaufdaten gepflegt, rot wird nichts.")),
    ("plan", "high", ("Unterschriftsfeld leer", "Unterschrift fehlt auf {n} Arbeitsscheinen"),
     ("Der Kunde hat auf dem Handy unterschrieben, auf Schein {ref} ist das Feld leer.",
      "Unser Kunde in {site} nimmt {n} Scheine nicht an, weil die Unterschrift fehlt.")),
    ("plan", "low", ("Frage zur letzten Rechnung", "Bestellnummer fehlt auf der Rechnung"),
     ("Auf der Rechnung stehen {n} Plätze mehr als erwartet. Hat {colleague} sie bestellt?",
      "Die Buchhaltung braucht die Bestellnummer auf jeder Rechnung. Können Sie die letzte neu schicken?")),
    ("plan", "low", ("Kurze Schulung für {n} neue Kolleginnen und Kollegen", "Wer schult in {site}?"),
     ("Zum Ersten fangen in {site} {n} Leute in der Disposition an. Gibt es einen Termin für eine kurze Schulung?",
      "Bisher hat {colleague} alle geschult und ist bis zum Frühjahr weg. Was bieten Sie an?")),
    ("time", "high", ("Terminal in {site} zeigt das Datum von gestern", "Lohndatei ohne Nachtzuschlag"),
     ("Seit dem Stromausfall hängt das Terminal in {site} einen Tag zurück. Heute schreiben alle auf Papier.",
      "In der Lohndatei fehlen die Nachtzuschläge für die {dept}. Zahltag ist in {n} Tagen.")),
    ("connect", "normal", ("Partnerfirma kann den Link nicht öffnen", "Antwort der Partnerfirma kommt nicht zurück"),
     ("Eine Stunde nach dem Versand liest die Partnerfirma in {site2} 'Link abgelaufen', Auftrag {ref}.",
      "{n} per Mail angenommene Aufträge stehen weiter auf 'angeboten'.")),
)

TICKETS = {"en": ENGLISH, "fr": FRENCH, "de": GERMAN}

# The broken release, as the fourteen accounts tell it.
RELEASE = {
    "en": (
        ("Tablet sync fails offline since the release", "Tablets in {site} lose what was entered offline",
         "Jobs finished offline come back as open", "Sync stops when a tablet leaves the network, {site2}"),
        ("Since 8.2 a tablet that was offline does not send its jobs any more. In {site} they are typed in again at"
         " night, from paper.",
         "{n} tablets in {site} finished their jobs without a network and show them as open again once they are back."
         " Crews have gone back to phone calls.",
         "Sync stops as soon as the tablet is offline for more than a few minutes. {colleague} sees the same in"
         " {site2}. We need a date for a fix.",
         "After the update the tablets ask which version to keep, and both choices lose the times. {n} jobs so far this"
         " week, job {ref} with a customer's signature on it."),
    ),
    "fr": (
        ("Synchronisation des tablettes en panne depuis la 8.2", "Saisies hors ligne perdues à {site}",
         "Interventions terminées qui redeviennent ouvertes"),
        ("Depuis la 8.2, une tablette restée hors ligne n'envoie plus rien. À {site}, {dept} ressaisit tout le soir"
         " d'après le papier.",
         "{n} tablettes de {site} ont terminé leurs interventions hors réseau et les montrent de nouveau ouvertes.",
         "La synchronisation s'arrête au bout de quelques minutes hors ligne. {colleague} voit la même chose à {site2}."
         " Il nous faut une date de correctif."),
    ),
    "de": (
        ("Tablet-Abgleich seit 8.2 defekt", "Offline erfasste Aufträge gehen verloren, {site}",
         "Erledigte Aufträge stehen wieder auf offen"),
        ("Seit 8.2 sendet ein Tablet, das offline war, nichts mehr. Die {dept} in {site} trägt abends alles vom"
         " Papier nach.",
         "{n} Tablets in {site} haben Aufträge ohne Netz abgeschlossen, jetzt stehen sie wieder auf offen.",
         "Der Abgleich bricht ab, sobald ein Tablet länger offline ist. {colleague} sieht dasselbe in {site2}. Wir"
         " brauchen einen Termin."),
    ),
}

CLOSERS: dict[str, dict[str, tuple[str, ...]]] = {
    "en": {
        "low": ("", "", "Next week is early enough.", "No hurry from our side.", "{colleague} asked me to pass it on."),
        "normal": ("", "", "We work around it for now.", "Screenshots attached.", "{colleague} can show it on a call."),
        "high": ("", "", "It happens every day, so sooner is better.", "Please call {colleague} if you need more.",
                 "Screenshots attached."),
    },
    "fr": {
        "low": ("", "", "Rien d'urgent, la semaine prochaine suffit.", "Pas de hâte de notre côté."),
        "normal": ("", "", "Nous contournons pour l'instant.", "Captures jointes.", "{colleague} peut vous montrer."),
        "high": ("", "", "Cela se produit chaque jour.", "Appelez {colleague} si besoin.", "Captures jointes."),
    },
    "de": {
        "low": ("", "", "Nächste Woche reicht.", "Eilt nicht."),
        "normal": ("", "", "Wir behelfen uns vorerst.", "Bildschirmfotos anbei.", "{colleague} kann es gern zeigen."),
        "high": ("", "", "Es passiert täglich.", "Bei Fragen bitte {colleague} anrufen.", "Bildschirmfotos anbei."),
    },
}
WEEKDAYS = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday"),
    "fr": ("lundi", "mardi", "mercredi", "jeudi", "vendredi"),
    "de": ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag"),
}
# How a language names the teams of a customer in running text; English uses the departments.
TEAMS = {
    "fr": ("l'exploitation", "l'atelier", "l'astreinte", "l'équipe de nuit"),
    "de": ("Disposition", "Werkstatt", "Nachtschicht", "Tagschicht"),
}
HOURS = {"en": "{}:{:02d}", "fr": "{} h {:02d}", "de": "{}:{:02d} Uhr"}
