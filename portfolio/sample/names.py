"""Names of people by country, written as their owners would write them."""

from __future__ import annotations

import unicodedata
from functools import cache
from random import Random

# Country: given names | family names. Where family names change with gender, only the neutral
# ones (or names of one gender) are listed, so that every pair is right.
_NAMES = {
    "FR": "Camille Hugo Nadia Sami Élodie Thibault Maëlle Karim Solène Bastien Aurélie Yanis Margaux Étienne Fatou"
    " Gwenaël|Lefranc Benali Marchetti Delorme Kerhoas Ferhat Vasseur Bouchet Traoré Périgaud Monnier Lacaze Roudaut"
    " Chauvel Nguyen Astier",
    "DE": "Jens Katrin Lukas Miriam Holger Aylin Steffen Annika Torsten Svenja Mehmet Ulrike Felix Heike Jannis Petra"
    "|Ahrens Brandt Yıldız Hollmann Reuter Siebert Kowalke Voss Dreyer Lindemann Oberle Thiele Wagenknecht Stark"
    " Petersen Hartwig",
    "AT": "Johanna Matthias Verena Florian Elif Georg Theresa Andreas|Gruber Leitner Obermoser Haidinger Kirchschlager"
    " Novotny Stadlbauer Winkler",
    "CH": "Lukas Noemi Reto Céline Urs Livia Fabrice Sandra|Frey Aebischer Bianchi Zollinger Rochat Niederer Kälin"
    " Monney",
    "IT": "Giulia Matteo Chiara Davide Federica Salvatore Elena Paolo Ilaria Stefano|Barbagallo Ferrero Tessaro"
    " Colonna Vianello Marchi De Santis Gallo Pellegrini Rinaldi",
    "ES": "Marta Álvaro Lucía Joaquín Núria Sergio Carmen Iker Rocío Pau|Moraga Echeverría Vidal Serrano Puig Lozano"
    " Cabrera Olmedo Arrieta Herrero",
    "PT": "Inês Tiago Beatriz Duarte Marta Rui Catarina Nuno|Carvalho Queiroz Teixeira Lourenço Figueira Antunes"
    " Moreira Sarmento",
    "NL": "Sanne Bram Femke Joost Lotte Ruben Anouk Maarten Yasmina Thijs|de Wit Verhoeven Bakhuis El Idrissi"
    " van Rossum Dijkgraaf Postma Hoekstra Kuipers Brouwer",
    "BE": "Liesbeth Wout Charlotte Jef Amandine Koen Inge Olivier|Claes Lambiotte Vandenbroucke Peeters Dufour"
    " Goossens Mertens Wauters",
    "IE": "Aoife Declan Niamh Cathal Priya Sinéad Oisín Gráinne Tomasz Eoghan|Brennan Keogh Ní Dhomhnaill Halloran"
    " Nair Devlin Costello Mulcahy Tierney Wójcik",
    "GB": "Martin Hannah Imran Fiona Callum Priyanka Gareth Eleanor Moses Rosalind Euan Bethan|Hale Ashworth Qureshi"
    " Penrose Sinclair Okafor Trevithick Lloyd Fairbairn Bhatt Mackay Wadsworth",
    "DK": "Mette Rasmus Signe Anders Freja Jakob Pernille Søren Line Kasper|Nygaard Vestergaard Thomsen Hjelm Bundgaard"
    " Kragh Skov Dahl Mølgaard Iversen",
    "SE": "Elin Johan Sara Oskar Ingrid Emil Karin Amir Malin Viktor|Östberg Lindqvist Hedlund Sandström Åkerlund"
    " Forsberg Rahimi Wallin Nyström Ekman",
    "NO": "Ingrid Torgeir Siv Per Lene Håkon Marit Eirik Solveig Bjørn|Moe Aune Halland Eide Aas Haugen Solbakken"
    " Myhre Tveit Sandvik",
    "FI": "Aino Mikko Johanna Ville Riikka Antti Sanna Eero|Lehtonen Virtala Saarinen Koskela Heikkilä Rantanen"
    " Mäkipää Laine",
    "PL": "Agnieszka Piotr Magdalena Krzysztof Joanna Paweł Ewa Marcin|Dudek Wrzesień Sobczak Gołąb Krawczyk Szymczak"
    " Stachura Kozieł",
    "CZ": "Jana Petr Lenka Tomáš Markéta Ondřej Kateřina Jiří|Krejčí Kočí Martinů Janků Dolejší Petrů Hořejší Jirků",
    "HU": "Zsófia Gábor Eszter Balázs Réka Tamás|Kertész Szalai Varga Bognár Fekete Halász",
    "RO": "Andreea Mihai Ioana Radu Cristina Vlad|Munteanu Dobre Stoica Ardelean Pavel Luca",
    "HR": "Ivana Marko Petra Luka Ana Josip|Horvatić Babić Kovač Perković Marušić Šarić",
    "GR": "Eleni Nikos Katerina Giorgos Maria Dimitris|Economou Stavrou Ioannou Alexandrou Nikolaou Christou",
    "LT": "Rasa Eglė Jūratė Ieva|Kazlauskienė Petrauskaitė Jonaitytė Butkutė",
    "EE": "Liis Kaspar Triin Margus|Tamm Kask Saar Rebane",
    "LU": "Josée Anne Marc Nathalie Pedro|Weber Schaack Thill Da Silva Kremer",
}
# Families of two words, kept together above by this list.
_TWO_WORDS = ("de Wit", "El Idrissi", "van Rossum", "Ní Dhomhnaill", "De Santis", "Da Silva")

# Ranges that the regulators keep for fiction, so that no sample number rings anywhere.
_PHONES = {
    "GB": ("+44 20 7946 0", 3),
    "FR": ("+33 6 39 98 ", 4),
    "DE": ("+49 30 23125 ", 3),
    "IE": ("+353 20 91", 5),
}
_LETTERS = str.maketrans({"ø": "o", "Ø": "O", "æ": "ae", "Æ": "Ae", "ß": "ss", "ł": "l", "Ł": "L", "ı": "i", "’": ""})
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})


@cache
def split_names(country: str) -> tuple[list[str], list[str]]:
    """Return the given names and the family names of a country."""
    given, family = _NAMES[country].split("|")
    for name in _TWO_WORDS:
        family = family.replace(name, name.replace(" ", "\N{NO-BREAK SPACE}"))
    return given.split(" "), [name.replace("\N{NO-BREAK SPACE}", " ") for name in family.split(" ")]


def draw_name(rng: Random, country: str, taken: set[str], reserved: frozenset[str]) -> str:
    """Draw a full name that is not reserved and shares no part with one in `taken`, where it can."""
    given, family = split_names(country)
    used = {name.split(" ")[0] for name in taken}
    families = {name.split(" ", 1)[1] for name in taken}
    free = [name for name in given if name not in used] or given
    while True:
        name = f"{rng.choice(free)} {rng.choice([name for name in family if name not in families] or family)}"
        if name not in reserved:
            return name


def write_plain(text: str, country: str = "") -> str:
    """Return `text` in ASCII as an address of that country would spell it."""
    if country in {"DE", "AT", "CH"}:
        text = text.translate(_UMLAUTS)
    text = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    return text.encode("ascii", "ignore").decode()


def write_address(name: str, domain: str, country: str) -> str:
    """Return `given.family@domain`."""
    given, family = write_plain(name, country).lower().split(" ", 1)
    return f"{given}.{family.replace(' ', '')}@{domain}"


def draw_phone(rng: Random, country: str) -> str:
    """Draw a number from the range a regulator keeps for fiction; '' where none is kept."""
    if country not in _PHONES:
        return ""
    prefix, digits = _PHONES[country]
    return prefix + "".join(str(rng.randrange(10)) for _ in range(digits))
