"""The French catalogue: collect what the code marks for translation, check it, compile it.

    python -m tools.messages update    # add new texts to locale/fr, drop those no longer used, compile
    python -m tools.messages check     # exit 1 and name each text that is untranslated, stale or broken

GNU gettext, which Django's makemessages needs, is not on every machine; Babel reads the same marks.
"""

import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import polib
from babel.messages.extract import extract_python
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
CATALOGUE = ROOT / "locale/fr/LC_MESSAGES/django.po"
ROOMS = ("accounts", "portfolio", "integrations", "diagnostics", "phano")
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]")

Key = tuple[str, str, str]


def read_marked_texts() -> dict[Key, str]:
    """{(context, text, plural): first place} of everything marked in templates and rooms."""
    found: dict[Key, str] = {}
    for path in sources():
        for key, line in read_marks(path):
            found.setdefault(key, f"{path.relative_to(ROOT)}:{line}")
    return found


def sources() -> Iterator[Path]:
    """Templates and the rooms' Python files, in a fixed order."""
    yield from sorted(p for p in (ROOT / "templates").rglob("*") if p.suffix in {".html", ".txt"})
    for room in ROOMS:
        yield from sorted(p for p in (ROOT / room).rglob("*.py") if "migrations" not in p.parts)


def read_marks(path: Path) -> Iterator[tuple[Key, int]]:
    """The marked texts of one file with their lines."""
    source = path.read_text()
    if path.suffix != ".py":
        # A template becomes lines of gettext calls between X's; their indentation means nothing to Python.
        source = "\n".join(line.strip() for line in templatize(source).splitlines())
    options = {"encoding": "utf-8"}
    for line, function, arguments, _comments in extract_python(io.BytesIO(source.encode()), KEYWORDS, (), options):
        texts = [text for text in (arguments if isinstance(arguments, tuple) else (arguments,)) if text]
        if not texts or not all(isinstance(text, str) for text in texts):
            continue
        context = texts.pop(0) if function.startswith(("pgettext", "npgettext")) else ""
        plural = texts[1] if "ngettext" in function or function.startswith("npgettext") else ""
        yield (context, texts[0], plural), line


def key_of(entry: polib.POEntry) -> Key:
    """How an entry is found again."""
    return entry.msgctxt or "", entry.msgid, entry.msgid_plural or ""


def update() -> None:
    """Bring the catalogue to what the code marks and compile it; translations that are still used stay."""
    catalogue = polib.pofile(str(CATALOGUE), wrapwidth=110) if CATALOGUE.exists() else polib.POFile(wrapwidth=110)
    catalogue.metadata = {
        "Content-Type": "text/plain; charset=UTF-8",
        "Language": "fr",
        "Plural-Forms": "nplurals=2; plural=(n > 1);",
    }
    kept = {key_of(entry): entry for entry in catalogue}
    catalogue.clear()
    for key in sorted(read_marked_texts(), key=lambda k: (k[1].lower(), k)):
        context, text, plural = key
        entry = kept.get(key) or polib.POEntry(msgid=text, msgctxt=context or None)
        if plural and not entry.msgid_plural:
            entry.msgid_plural, entry.msgstr_plural = plural, {0: "", 1: ""}
        entry.occurrences = []
        catalogue.append(entry)
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    catalogue.save(str(CATALOGUE))
    catalogue.save_as_mofile(str(CATALOGUE.with_suffix(".mo")))


def find_faults() -> list[str]:
    """One sentence for each text without French, with other placeholders, or not in the compiled file."""
    if not CATALOGUE.exists():
        return [f"{CATALOGUE.relative_to(ROOT)} is missing: run `make messages`."]
    entries = {key_of(entry): entry for entry in polib.pofile(str(CATALOGUE))}
    compiled = {key_of(entry): entry for entry in polib.mofile(str(CATALOGUE.with_suffix(".mo")))}
    faults = []
    for key, place in read_marked_texts().items():
        entry = entries.get(key)
        translations = [] if entry is None else list(entry.msgstr_plural.values()) or [entry.msgstr]
        if not translations or not all(translations):
            faults.append(f"{place}: no French for {key[1]!r}.")
            continue
        wanted = set(PLACEHOLDER.findall(key[1])) | set(PLACEHOLDER.findall(key[2]))
        if not all(set(PLACEHOLDER.findall(text)) <= wanted for text in translations):
            faults.append(f"{place}: the French of {key[1]!r} has other placeholders.")
        other = compiled.get(key)
        if other is None or (other.msgstr, other.msgstr_plural) != (entry.msgstr, entry.msgstr_plural):
            faults.append(f"{place}: {key[1]!r} is not in the compiled catalogue: run `make messages`.")
    return faults


def main() -> int:
    if sys.argv[1:] == ["update"]:
        update()
        return 0
    if sys.argv[1:] == ["check"]:
        faults = find_faults()
        sys.stderr.write("".join(f"{fault}\n" for fault in faults))
        return 1 if faults else 0
    sys.stderr.write(__doc__ or "")
    return 2


if __name__ == "__main__":
    raise SystemExit(main())
