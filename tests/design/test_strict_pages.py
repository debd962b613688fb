"""What the content policy forbids never gets into a template, a style sheet or a script."""

import hashlib
import json
import re

import pytest
from django.template import engines
from django.template.loader import get_template

from accounts.icons import ICONS
from tests.design.stylesheet import ROOT, TEMPLATES, all_styles, all_templates

PATHS = all_templates()
SCRIPTS = sorted((ROOT / "static" / "js").glob("*.js"))
# Mail is read by mail programmes, which know no style sheet of ours.
PAGES = [path for path in PATHS if "letters" not in path.parts and "mail" not in path.parts]


def relative(path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", PAGES, ids=relative)
def test_no_inline_style_handler_or_script(path) -> None:
    text = re.sub(r"{#.*?#}", "", path.read_text())
    assert not re.search(r"\sstyle\s*=", text)
    assert not re.search(r"\son[a-z]+\s*=\s*[\"']", text)
    assert not re.search(r"\shx-on", text)
    assert "<style" not in text
    for attributes, code in re.findall(r"<script\b([^>]*)>(.*?)</script>", text, re.DOTALL):
        # Data blocks are not run; code comes from a file of ours.
        assert ("src=" in attributes and not code.strip()) or 'type="application/json"' in attributes
    assert "http://" not in text.replace("http://www.w3.org", "")
    assert "https://" not in text


@pytest.mark.parametrize("path", PATHS, ids=relative)
def test_every_template_compiles(path) -> None:
    # An icon that is not drawn, an unknown tag or filter: said here and not to a visitor.
    engines["django"].from_string(path.read_text())


def test_htmx_may_not_evaluate_inject_or_store() -> None:
    head = (TEMPLATES / "components" / "head.html").read_text()
    config = json.loads(re.search(r"name=\"htmx-config\" content='(.*?)'", head).group(1))
    assert {key: config[key] for key in ("includeIndicatorStyles", "allowEval", "allowScriptTags")} == {
        "includeIndicatorStyles": False,
        "allowEval": False,
        "allowScriptTags": False,
    }
    assert config["selfRequestsOnly"] is True
    assert config["historyCacheSize"] == 0


@pytest.mark.parametrize("path", SCRIPTS, ids=relative)
def test_scripts_build_no_code_style_or_markup_from_text(path) -> None:
    text = path.read_text()
    for forbidden in (
        "eval(",
        "new Function",
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        ".style.",
        "document.write",
    ):
        assert forbidden not in text


def test_every_style_sheet_is_linked_and_every_linked_file_exists() -> None:
    # The frame links the common ones, a screen its own.
    linked = set(re.findall(r"'((?:css|js)/[\w-]+\.(?:css|js))'", "".join(path.read_text() for path in PATHS)))
    static = ROOT / "static"
    there = {str(path.relative_to(static)) for kind in ("css", "js") for path in (static / kind).glob("*")}
    assert linked - there == set()
    assert {name for name in there - linked if name.endswith(".css")} == set()


def test_every_token_that_is_used_is_declared() -> None:
    styles = all_styles()
    declared = set(re.findall(r"(--[\w-]+)\s*:", styles))
    assert set(re.findall(r"var\((--[\w-]+)", styles)) - declared == set()


@pytest.mark.parametrize("path", PAGES, ids=relative)
def test_every_class_has_a_rule(path) -> None:
    rules = set(re.findall(r"\.([a-zA-Z][\w-]*)", all_styles()))
    text = re.sub(r"{[%#].*?[%#]}|{{.*?}}", " ", path.read_text())
    used = {name for names in re.findall(r'class="([^"]*)"', text) for name in names.split()}
    # A name that ends in -- is finished by the template.
    assert {name for name in used if not name.endswith("--")} - rules == set()


def test_vendored_files_are_what_versions_md_says() -> None:
    vendor = ROOT / "static" / "vendor"
    listed = dict(re.findall(r"\| `([\w./-]+)` \|.*`([0-9a-f]{64})`", (vendor / "VERSIONS.md").read_text()))
    found = {
        str(path.relative_to(vendor)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in vendor.rglob("*")
        if path.suffix in {".js", ".css", ".woff2"}
    }
    assert found == listed
    assert all((vendor / name).with_name("LICENSE").exists() for name in found)


def test_no_icon_is_drawn_twice_under_one_screen_name() -> None:
    assert all(paths.startswith("<") and "style" not in paths and "fill=" not in paths for paths in ICONS.values())


def test_error_pages_need_nothing_from_the_request() -> None:
    # Django shows 500 without a request: a page that asks for one would fail while failing.
    for code in ("400", "403", "404", "429", "500", "403_csrf"):
        page = get_template(f"{code}.html").render({})
        assert page.count("<h1>") == 1
        assert 'id="main"' in page
