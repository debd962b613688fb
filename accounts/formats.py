"""How figures and days are written in English and French: money, numbers, percentages, short dates.

Pure: no clock, no active language; the template filters and the sentences of the diagnosis both call it.
English writes €148,000, −€245k, 107.8%; French 148 000 €, −245 k€, 107,8 %, with a narrow no-break space
between thousands and a no-break space before the unit. The minus is the sign U+2212, never a hyphen.
"""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

MINUS = "\N{MINUS SIGN}"
NO_BREAK = "\N{NO-BREAK SPACE}"
NARROW = "\N{NARROW NO-BREAK SPACE}"
NOTHING = "\N{EN DASH}"

SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥"}
MONTHS = {
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    "fr": ("janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."),
}
# From 999.5 a thousand is written as the next unit: €1M, never €1,000k.
UNITS = (
    (Decimal("999500000"), Decimal("1000000000"), {"en": "bn", "fr": "Md"}, 2),
    (Decimal("999500"), Decimal("1000000"), {"en": "M", "fr": "M"}, 2),
    (Decimal("999.5"), Decimal("1000"), {"en": "k", "fr": "k"}, 0),
)

type Amount = Decimal | int | float


def format_number(value: Amount, *, language: str, digits: int = 0, signed: bool = False) -> str:
    """A number with grouped thousands and `digits` decimals; `signed` writes + before what is above zero."""
    rounded = _round(value, digits)
    return _sign(rounded, signed=signed) + _group(abs(rounded), language)


def format_money(amount: Amount, currency: str, *, language: str, digits: int = 0, signed: bool = False) -> str:
    """An amount in full, as lists show it: €148,000 or 148 000 €."""
    rounded = _round(amount, digits)
    return _sign(rounded, signed=signed) + _with_currency(_group(abs(rounded), language), "", currency, language)


def format_money_compact(amount: Amount, currency: str, *, language: str, signed: bool = False) -> str:
    """An amount for a headline: €740, €61k, €1.17M, €2.4bn; 61 k€, 1,17 M€, 2,4 Md€ in French."""
    exact = _round(amount, 4)
    for least, divisor, names, digits in UNITS:
        if abs(exact) >= least:
            scaled = _round(exact / divisor, digits)
            number = _group(abs(scaled), language)
            if digits:
                number = number.rstrip("0").rstrip(_decimal_mark(language))
            return _sign(exact, signed=signed) + _with_currency(number, names[_known(language)], currency, language)
    return format_money(amount, currency, language=language, signed=signed)


def format_percent(ratio: Amount, *, language: str, digits: int = 0, signed: bool = False) -> str:
    """A ratio (0.31) as a percentage: 31% or 31 %."""
    number = format_number(_exact(ratio) * 100, language=language, digits=digits, signed=signed)
    return f"{number}{NO_BREAK}%" if _known(language) == "fr" else f"{number}%"


def name_month(day: date, *, language: str) -> str:
    """The month of a day as short dates write it: Nov or nov."""
    return MONTHS[_known(language)][day.month - 1]


def format_day(day: date, *, language: str, today: date | None = None) -> str:
    """A day as 27 Nov or 27 nov.; with the year where it is not that of `today`, or where `today` is None."""
    month = name_month(day, language=language)
    number = "1er" if day.day == 1 and _known(language) == "fr" else str(day.day)
    with_year = today is None or day.year != today.year
    return f"{number}{NO_BREAK}{month}{NO_BREAK}{day.year}" if with_year else f"{number}{NO_BREAK}{month}"


def end_sentence(text: str) -> str:
    """The text with one full stop: a French month at its end, bold or not, has brought one of its own."""
    return text if text.endswith((".", ".**")) else f"{text}."


def _with_currency(number: str, unit: str, currency: str, language: str) -> str:
    symbol = SYMBOLS.get(currency, currency)
    if _known(language) == "fr":
        # 61 k€ reads as one unit; 61 k CHF does not.
        joined = f"{unit}{symbol}" if currency in SYMBOLS else f"{unit}{NO_BREAK if unit else ''}{symbol}"
        return f"{number}{NO_BREAK}{joined}"
    gap = "" if currency in SYMBOLS else NO_BREAK
    return f"{symbol}{gap}{number}{unit}"


def _group(number: Decimal, language: str) -> str:
    text = f"{number:,f}"
    return text.replace(",", NARROW).replace(".", ",") if _known(language) == "fr" else text


def _sign(number: Decimal, *, signed: bool) -> str:
    if number < 0:
        return MINUS
    return "+" if signed and number > 0 else ""


def _decimal_mark(language: str) -> str:
    return "," if _known(language) == "fr" else "."


def _known(language: str) -> str:
    """`fr` for every French, `en` for everything else."""
    return "fr" if language.lower().startswith("fr") else "en"


def _round(value: Amount, digits: int) -> Decimal:
    # Adding zero turns −0 into 0, which carries no sign.
    return _exact(value).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP) + 0


def _exact(value: Amount) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(str(value))
