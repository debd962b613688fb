"""Figures as people read them, in English and French: the format specs that the signals' sentences use.

`int`, `decimal`, `percent`, `change` (signed percent), `signed`, `money`, `date`, `plural one|many` (the
number and its word) and `plural_word one|many` (the word alone).
"""

from dataclasses import dataclass
from datetime import date, timedelta

NARROW = "\u202f"  # French thousands and units
NO_BREAK = "\u00a0"
MINUS = "\u2212"
MONTHS = {
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    # Written out: an abbreviation's point would meet the one that ends the sentence.
    "fr": (
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ),
}
SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£"}
EPOCH = date(1970, 1, 1)
METRICS = {
    "": ("volume", "volumes"),
    "seats": ("seats", "sièges"),
    "api_calls": ("API calls", "appels d’API"),
    "active_users": ("active users", "utilisateurs actifs"),
    "active_users_7d": ("active users over 7 days", "utilisateurs actifs sur 7 jours"),
    "active_users_28d": ("active users over 28 days", "utilisateurs actifs sur 28 jours"),
    "events": ("events", "événements"),
}


def format_number(value: float, language: str, decimals: int = 0) -> str:
    """1,234.5 in English, 1 234,5 in French; a true minus sign; no minus before zero."""
    text = f"{abs(value):,.{decimals}f}"
    if language == "fr":
        text = text.replace(",", NARROW).replace(".", ",")
    negative = value < 0 and any(digit in text for digit in "123456789")
    return f"{MINUS if negative else ''}{text}"


def format_percent(share: float, language: str, *, signed: bool = False) -> str:
    """0.61 as 61% or 61 %; 0.074 as 7.4%: one decimal under ten."""
    value = share * 100
    number = format_number(value, language, 0 if abs(value) >= 9.95 else 1)
    if number.endswith((".0", ",0")):
        number = number[:-2]
    plus = "+" if signed and value > 0 else ""
    return f"{plus}{number}{NARROW + '%' if language == 'fr' else '%'}"


def format_money(amount: float, language: str, currency: str) -> str:
    """€148,000 in English, 148 000 € in French; the code stands for a currency without a sign of ours."""
    number = format_number(amount, language)
    symbol = SYMBOLS.get(currency, currency)
    if language == "fr":
        return f"{number}{NO_BREAK}{symbol}"
    gap = NO_BREAK if symbol == currency else ""
    return f"{MINUS}{symbol}{gap}{number[1:]}" if number.startswith(MINUS) else f"{symbol}{gap}{number}"


def format_date(day: date, language: str, night: date | None = None) -> str:
    """6 Nov, with its year where it lies ten months or more from the night (or no night is given)."""
    first = "1er" if language == "fr" and day.day == 1 else str(day.day)
    text = f"{first}{NO_BREAK}{MONTHS[language][day.month - 1]}"
    if night is not None and abs((night - day).days) < 300:
        return text
    return f"{text}{NO_BREAK}{day.year}"


def name_metric(metric: str, language: str) -> str:
    """A metric in words: seats, API calls, `vessels_connected` as vessels connected."""
    named = metric.removeprefix("feature:").replace("_", " ")
    return METRICS.get(metric, (named, named))[language == "fr"]


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure inside a sentence; `format(figure, spec)` writes it."""

    value: float
    language: str
    currency: str = ""
    night: date | None = None

    def __format__(self, spec: str) -> str:
        kind, _, rest = spec.partition(" ")
        match kind:
            case "int":
                return format_number(self.value, self.language)
            case "decimal":
                number = format_number(self.value, self.language, 0 if abs(self.value) >= 20 else 1)
                return number.removesuffix(".0").removesuffix(",0")
            case "signed":
                plus = "+" if self.value > 0.005 else ""
                return plus + format_number(self.value, self.language, 2)
            case "percent":
                return format_percent(self.value, self.language)
            case "change":
                return format_percent(self.value, self.language, signed=True)
            case "money":
                return format_money(self.value, self.language, self.currency)
            case "date":
                return format_date(EPOCH + timedelta(days=int(self.value)), self.language, self.night)
            case "plural" | "plural_word":
                one, many = rest.split("|")
                count = round(self.value)
                # English counts zero as many, French as one.
                word = one if count == 1 or (count == 0 and self.language == "fr") else many
                return word if kind == "plural_word" else f"{format_number(count, self.language)}{NO_BREAK}{word}"
        raise ValueError(f"Unknown figure format {spec!r}.")
