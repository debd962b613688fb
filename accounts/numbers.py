"""Reading numbers as people write them, in both languages."""

BLANKS = dict.fromkeys(map(ord, " \t\u00a0\u202f\u2009"))
LARGEST = 1e15  # beyond it a float no longer holds every whole number: nan, inf and 1e300 are no setting


def read_number(text: str, *, language: str) -> float | None:
    """The number that is meant, None where none is.

    "15,000" is fifteen thousand in English and fifteen in French; "12,5" is twelve and a half in both.
    """
    plain = text.translate(BLANKS).replace("\u2212", "-")
    if "," in plain and "." in plain:
        plain = plain.replace(",", "")
    elif "," in plain:
        head, *groups = plain.split(",")
        is_grouped = head.lstrip("-").isdigit() and all(len(group) == 3 and group.isdigit() for group in groups)
        plain = plain.replace(",", "" if is_grouped and not language.startswith("fr") else ".")
    try:
        value = float(plain)
    except ValueError:
        return None
    return value if abs(value) < LARGEST else None
