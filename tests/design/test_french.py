"""French is whole: every marked text has its French, and pages in French hold no English."""

import re

import polib
import pytest
from django.test import Client
from django.utils import translation
from django.utils.translation import gettext, ngettext

from tools.messages import CATALOGUE, find_faults

PUBLIC = ("/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/nowhere/")
OWN = ("preferences/", "organizations/", "organizations/new/", "accounts/email/", "accounts/password/change/")
READ = ("today/", "today/movements/", "matrix/", "accounts/", "import/", "export/", "contract/")
RUN = ("members/", "settings/", "audit/")
# No French word is spelled like these, and no column of the contract.
ENGLISH = {"the", "your", "with", "and", "this", "that", "cannot", "nothing", "sign", "password", "save", "yet", "from"}
SPOKEN = re.compile(r'\b(?:aria-label|placeholder|title|alt)="([^"]*)"')


def read_words(page: bytes) -> set[str]:
    """The words that a page shows or reads out; code, and what is marked as English, left out."""
    text = re.sub(r"<(script|style|code)\b.*?</\1>", " ", page.decode(), flags=re.DOTALL)
    text = re.sub(r"<(\w+)[^>]*\blang=\"en\"[^>]*>.*?</\1>", " ", text, flags=re.DOTALL)
    shown = re.sub(r"<[^>]*>", " ", text)
    return set(re.findall(r"(?<![\w./_-])[a-z]+(?![\w./_-]|\.\w)", " ".join([shown, *SPOKEN.findall(text)]).lower()))


def in_french() -> Client:
    return Client(headers={"accept-language": "fr-FR,fr;q=0.9,en;q=0.5"})


def test_every_marked_text_has_compiled_french() -> None:
    assert find_faults() == []


def test_no_line_of_french_begins_with_a_colon() -> None:
    """Before : ; ? ! » and after « the space is a narrow one that does not break."""
    texts = [text for entry in polib.pofile(str(CATALOGUE)) for text in (entry.msgstr, *entry.msgstr_plural.values())]
    assert [text for text in texts if re.search(r" [:;?!»]|« ", text)] == []


def test_words_of_a_page_are_read_where_they_stand() -> None:
    page = b'<p title="Save it">the <code>from</code> accounts.csv <b lang="en">with</b></p><script>your</script>'
    assert read_words(page) & (ENGLISH | {"accounts", "csv"}) == {"save", "the"}


def test_french_writes_zero_in_the_singular() -> None:
    with translation.override("fr"):
        shown = [ngettext("%(shown)s account", "%(shown)s accounts", n) % {"shown": n} for n in (0, 1, 2)]
    assert shown == ["0 compte", "1 compte", "2 comptes"]


@pytest.mark.django_db
@pytest.mark.parametrize("path", PUBLIC)
def test_public_pages_hold_no_english(path: str) -> None:
    response = in_french().get(path)
    assert response.headers["Content-Language"] == "fr"
    assert b'<html lang="fr"' in response.content
    assert read_words(response.content) & ENGLISH == set()


@pytest.mark.django_db
def test_faults_of_a_form_are_told_in_french() -> None:
    client = in_french()
    wrong = client.post("/accounts/login/", {"login": "nobody@acme.example", "password": "wrong"})
    assert "e-mail" in wrong.content.decode()
    for response in (wrong, client.post("/accounts/login/", {})):
        assert b'role="alert"' in response.content or b'aria-invalid="true"' in response.content
        assert read_words(response.content) & ENGLISH == set()


@pytest.mark.django_db
@pytest.mark.parametrize("path", [*OWN, *(f"o/acme/{screen}" for screen in READ + RUN)])
def test_signed_in_pages_hold_no_english(cast, client_for, path: str) -> None:
    cast.alice.language = "fr"
    cast.alice.save(update_fields=["language"])
    response = client_for(cast.alice).get(f"/{path}", headers={"accept-language": "en"})
    assert response.status_code == 200
    assert b'<html lang="fr"' in response.content
    assert read_words(response.content) & ENGLISH == set()


@pytest.mark.django_db
def test_the_language_of_a_public_page_is_a_choice_that_stays() -> None:
    client = Client(headers={"accept-language": "en"})
    assert b'name="language" value="fr"' in client.get("/accounts/login/").content
    client.post("/i18n/setlang/", {"language": "fr", "next": "/accounts/login/"})
    page = client.get("/accounts/login/")
    assert b'<html lang="fr"' in page.content
    assert b'name="language" value="en"' in page.content


def test_frameworks_speak_french_too() -> None:
    with translation.override("fr"):
        assert gettext("This field is required.") == "Ce champ est obligatoire."
        assert gettext("Email") == "E-mail"
