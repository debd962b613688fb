"""What is said and written between Brindel and its customers, by language and mood.

Slots: {first} the other person, {us} Brindel's person, {site}, {site2}, {dept}, {n}, {m}, {pct},
{used} (the share of seats in use that day), {month}. No text here may hold a need phrase of the
catalogue: those are scripted.
"""

from __future__ import annotations

# A table: its rows stay as they are written.
# fmt: off
# Notes of calls and meetings, as Brindel's people write them.
TALKS = {
    "en": (
        "{first} is content with the week view. {n} planners in {site} now build their week in it alone.",
        "Went through the open points with {first}: {m} left, the skills of {dept} and the printed plan.",
        "{first} asked how other customers hand over between shifts. Sent two examples from the guide.",
        "Rollout in {site2} moves to {month}, the local lead is on leave. Nothing else changes.",
        "{first} has a new colleague in {site}. Introduction agreed, an hour, with {dept}.",
        "Talked about the peak in {month}: {m} temporary planners, within the seats they have.",
        "{dept} wants fewer notices. Showed {first} the quiet hours; they try them in {site} first.",
        "{first} compared {site} with {site2}: fewer gaps in the evening shift since the new rules.",
        "Short call. {first} is preparing the budget and needs the seats by site. Sent the same day.",
        "Reviewed how {site2} plans holidays. {first} will copy the way {site} does it.",
        "{first} showed the board in {site}: {n} crews on one screen, colour by skill.",
        "Walked {first} through the new week view. One question left about split jobs.",
        "{first} reports {pct}% of jobs closed on the phone in {site}. {site2} is behind, patchy network.",
        "Checked the rights after the reorganisation of {dept} with {first}. {m} people regrouped.",
        "{first} is happy with the answer time of support. Asked only for a list of what is coming.",
        "Agreed with {first} on one planner per site as the contact for releases. {site} starts.",
    ),
    "fr": (
        "{first} apprécie la vue semaine : {n} planificateurs de {site} ne travaillent plus que dedans.",
        "Revu les points ouverts avec {first} : il en reste {m}, dont l'impression du planning.",
        "{first} demande comment d'autres clients passent la main entre deux équipes. Deux exemples envoyés.",
        "Le démarrage de {site2} glisse en {month}, la personne sur place est en congé.",
        "Nouvelle personne à {site}. Une heure de prise en main convenue avec {first}.",
        "Pic attendu en {month} : {m} planificateurs en renfort, dans les accès existants.",
        "Moins d'alertes souhaitées. Montré les heures calmes à {first}, essai à {site} d'abord.",
        "{first} compare {site} et {site2} : moins de trous le soir depuis les nouvelles règles.",
        "Point budget : {first} voulait le nombre d'accès par site, envoyé dans la journée.",
        "{pct} % des interventions closes au téléphone à {site}. {site2} suit moins, réseau faible.",
        "Droits revus après la réorganisation, {m} personnes changées d'équipe avec {first}.",
        "{first} apprécie les délais du support et voudrait la liste de ce qui arrive.",
    ),
    "de": (
        "{first} ist mit der Wochenansicht zufrieden: {n} Leute in {site} planen nur noch darin.",
        "Offene Punkte mit {first} durchgesehen, {m} bleiben, darunter der Ausdruck.",
        "{first} fragt, wie andere Kunden die Übergabe zwischen Schichten lösen. Zwei Beispiele geschickt.",
        "Start in {site2} rückt auf {month}, die Leitung vor Ort ist im Urlaub.",
        "Neue Person in {site}. Mit {first} eine Stunde Einführung vereinbart.",
        "Spitze im {month}: {m} Aushilfen in der Planung, die Plätze reichen.",
        "Weniger Hinweise gewünscht. {first} die Ruhezeiten gezeigt, Versuch zuerst in {site}.",
        "{pct} % der Aufträge in {site} werden am Handy abgeschlossen. {site2} hat schlechtes Netz.",
        "{first} brauchte für das Budget die Plätze je Standort, am selben Tag geschickt.",
        "Rechte nach der Umstellung geprüft, {m} Personen neu zugeordnet.",
    ),
}
STRAINED_TALKS = {
    "en": (
        "{first} is short with us. {site} plans on paper again for half of the crews.",
        "Second call about the same points. {first} wants dates, not explanations.",
        "{first} says that {dept} no longer opens the board. Asked who still does: no answer.",
        "{first} mentioned that the management looks at what the group uses elsewhere.",
        "Call cut short. {first} has {m} open questions and no time for a review.",
        "{first} asked for the exact end of the contract and the notice.",
        "Budget under review. {first} cannot say who will sign next time.",
    ),
    "fr": (
        "{first} répond sèchement. {site} planifie de nouveau sur papier pour la moitié des équipes.",
        "Deuxième appel sur les mêmes points. {first} veut des dates, pas des explications.",
        "{first} dit que l'exploitation n'ouvre plus le planning. Qui l'ouvre encore : pas de réponse.",
        "{first} demande la fin exacte du contrat et le préavis.",
        "Budget à l'étude. {first} ne sait pas qui signera la prochaine fois.",
    ),
    "de": (
        "{first} ist kurz angebunden. {site} plant für die Hälfte der Trupps wieder auf Papier.",
        "Zweiter Anruf zu denselben Punkten. {first} will Termine, keine Erklärungen.",
        "{first} fragt nach dem genauen Vertragsende und der Frist.",
        "Budget wird geprüft. {first} kann nicht sagen, wer beim nächsten Mal unterschreibt.",
    ),
}
SENT = {
    "en": (
        "Hello {first}, as promised the overview by site. {site2} is the one to look at together. {us}",
        "{first}, the session for {site} is booked. An hour is enough, bring two planners. {us}",
        "Hello {first}, the {m} points of our last call are done. Tell me if one comes back. {us}",
        "Good morning {first}, a note before {month}: the seats in {site} should last. {us}",
        "{first}, attached the two-page guide on handing over between shifts. {us}",
        "Hello {first}, who will take {dept} over while you are away? I would like to say hello. {us}",
        "{first}, the answer about split jobs: yes, from the next release. I will remind you. {us}",
        "Hello {first}, would the week after next suit you for our review? An hour, with {dept}. {us}",
        "{first}, here is how {site} can show two weeks at once. It takes one setting. {us}",
        "Hello {first}, the question of your finance team is answered, copy below. {us}",
    ),
    "fr": (
        "Bonjour {first}, comme promis la vue par site. C'est {site2} qu'il faut regarder ensemble. {us}",
        "{first}, la session pour {site} est réservée : une heure, avec deux planificateurs. {us}",
        "Bonjour {first}, les {m} points de notre appel sont réglés. Dites-moi si l'un revient. {us}",
        "Bonjour {first}, un mot avant {month} : les accès de {site} devraient suffire. {us}",
        "{first}, ci-joint le guide de deux pages sur le passage d'équipe. {us}",
        "Bonjour {first}, la semaine prochaine vous convient-elle pour notre point ? {us}",
        "{first}, réponse sur les interventions en deux parties : oui, à la prochaine version. {us}",
    ),
    "de": (
        "Guten Tag {first}, wie zugesagt die Übersicht je Standort. {site2} sollten wir gemeinsam ansehen. {us}",
        "{first}, der Termin für {site} steht: eine Stunde, bitte zwei aus der Planung. {us}",
        "Guten Tag {first}, die {m} Punkte unseres Telefonats sind erledigt. {us}",
        "Guten Tag {first}, vor {month} ein Hinweis: Die Plätze in {site} sollten reichen. {us}",
        "{first}, anbei die zwei Seiten zur Übergabe zwischen Schichten. {us}",
        "Guten Tag {first}, passt Ihnen die übernächste Woche für unser Gespräch? {us}",
    ),
}
RECEIVED = {
    "en": (
        "Thank you {us}, that settles it for {site}. {site2} will follow in {month}. {first}",
        "Hello {us}, {n} people in {site} will work in shifts from {month}. Anything we must change? {first}",
        "{us}, the session went well. Could we have the same for {dept}? {first}",
        "Hello {us}, our auditor asks where your servers stand. One line is enough. {first}",
        "Fine for me, {us}. Please send the invitation to {dept} as well. {first}",
        "{us}, the overview was useful, I took it to our meeting. {site2} surprised everybody. {first}",
        "Hello {us}, I am away until the middle of {month}, {dept} knows what to do. {first}",
        "Good news from {site}: the late shift closes its jobs on the phone now. {first}",
        "Hello {us}, can the two weeks be shown side by side? {first}",
        "{us}, we merge two teams in {site} in {month}. I will need half an hour of you. {first}",
    ),
    "fr": (
        "Merci {us}, c'est réglé pour {site}. {site2} suivra en {month}. {first}",
        "Bonjour {us}, {n} personnes de {site} passent en équipes en {month}. Que faut-il changer ? {first}",
        "{us}, la session s'est bien passée. Pourrait-on faire la même à {site2} ? {first}",
        "Bonjour {us}, notre auditeur demande où sont vos serveurs. Une ligne suffit. {first}",
        "Cela me va, {us}. Merci d'inviter aussi {site2}. {first}",
        "Bonjour {us}, je m'absente jusqu'à mi-{month}, l'exploitation est au courant. {first}",
        "Bonne nouvelle de {site} : l'équipe du soir clôt tout au téléphone. {first}",
    ),
    "de": (
        "Danke {us}, für {site} ist das geklärt. {site2} folgt im {month}. {first}",
        "Guten Tag {us}, ab {month} arbeiten {n} Leute in {site} in Schichten. Müssen wir etwas ändern? {first}",
        "{us}, die Schulung war gut. Geht das auch für {site2}? {first}",
        "Guten Tag {us}, unser Prüfer fragt nach dem Standort der Server. Eine Zeile genügt. {first}",
        "Passt, {us}. Bitte laden Sie {site2} mit ein. {first}",
        "Gute Nachricht aus {site}: Die Spätschicht schließt alles am Handy ab. {first}",
    ),
}
STRAINED_RECEIVED = {
    "en": (
        "{us}, this was promised for {month}. What is the date now? {first}",
        "Hello {us}, {site} has gone back to its own lists. I cannot tell them otherwise. {first}",
        "{us}, please send me the contract with the term and the notice. {first}",
        "Hello {us}, before we plan next year I need to know what we really use. {first}",
    ),
    "fr": (
        "{us}, c'était promis pour {month}. Quelle est la date maintenant ? {first}",
        "Bonjour {us}, {site} a repris ses propres listes. Je ne peux pas leur dire le contraire. {first}",
        "{us}, merci de m'envoyer le contrat avec la durée et le préavis. {first}",
    ),
    "de": (
        "{us}, das war für {month} zugesagt. Wie lautet der Termin jetzt? {first}",
        "Guten Tag {us}, {site} führt wieder eigene Listen. Ich kann es nicht verbieten. {first}",
        "{us}, bitte schicken Sie mir den Vertrag mit Laufzeit und Frist. {first}",
    ),
}
# A business review in three sentences: where they stand, what was decided, what comes next.
REVIEWS = {
    "en": (
        ("{used}% of the seats were used in the quarter, {site} leads.",
         "Use is steady; {site2} caught up with {site}.",
         "{m} sites live, the last one since {month}.", "Jobs closed the same day: {pct}%."),
        ("Decided: one template for all sites.", "Decided: quiet hours for {dept}, review of skills by {month}.",
         "{m} decisions, owners named on both sides.", "Decided: {site2} tests the new week view first."),
        ("Next goal: {site2} without paper by {month}.", "Next: a day in {site} together with {dept}.",
         "Next: permits kept by the teams themselves.", "Next: fewer late changes, measured by site."),
    ),
    "fr": (
        ("{used} % des accès utilisés sur le trimestre, {site} en tête.", "Usage stable ; {site2} a rattrapé {site}.",
         "Interventions closes le jour même : {pct} %."),
        ("Décidé : un seul modèle pour tous les sites.", "{m} décisions, un responsable de chaque côté.",
         "Décidé : {site2} essaie d'abord la nouvelle vue semaine."),
        ("Objectif : {site2} sans papier d'ici {month}.", "Ensuite : une journée à {site} avec l'exploitation.",
         "Ensuite : moins de changements tardifs, mesurés par site."),
    ),
    "de": (
        ("{used} % der Plätze im Quartal genutzt, {site} vorn.", "Nutzung stabil, {site2} hat {site} eingeholt."),
        ("Beschlossen: eine Vorlage für alle Standorte.", "{m} Beschlüsse, auf beiden Seiten mit Namen."),
        ("Ziel: {site2} ohne Papier bis {month}.", "Danach: ein Tag gemeinsam in {site}."),
    ),
}
NOTES = (
    "Internal: {first} prefers short mails, answers early in the morning.",
    "Internal: budget of {site} is set in {month}. Terms must be out before.",
    "Internal: {dept} is the loudest voice, {first} the one that decides.",
    "Internal: ask {first} about {site2} at the next call.",
    "Internal: reference call possible with {first}, not before {month}.",
)
NEWS = {
    "en": "Product news, {month}: what changed in the last release, three short films, dates of the open sessions.",
    "fr": "Nouvelles du produit, {month} : ce qui a changé, trois films courts, dates des sessions ouvertes.",
    "de": "Neues vom Produkt, {month}: was sich geändert hat, drei kurze Filme, Termine der offenen Schulungen.",
}
MONTHS = {
    "en": (
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
        "November", "December",
    ),
    "fr": (
        "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre",
        "novembre", "décembre",
    ),
    "de": (
        "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober",
        "November", "Dezember",
    ),
}
