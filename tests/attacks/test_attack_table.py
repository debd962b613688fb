"""docs/attacks.md says what is so: each attack once, with the tests that carry its number, and none that is gone."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "docs/attacks.md"
ATTACKS = 70
NUMBERS = re.compile(r"test((?:_\d+)+)_")
NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


def read_rows() -> dict[int, str]:
    """{number: what tries it}"""
    rows = re.findall(r"^\| (\d+) \|.*\| ([^|]+) \|$", TABLE.read_text(encoding="utf-8"), re.MULTILINE)
    return {int(number): tried for number, tried in rows}


def names_in(path: str) -> set[str]:
    """The names of a file's test functions."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def numbered_files() -> dict[int, set[str]]:
    """{number: the files of tests/attacks/ with a test that carries it}"""
    files: dict[int, set[str]] = {}
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        name = path.relative_to(ROOT).as_posix()
        for test in names_in(name):
            for number in re.findall(r"\d+", (NUMBERS.match(test) or [""])[0]):
                files.setdefault(int(number), set()).add(name)
    return files


def test_every_attack_stands_in_the_table_once():
    numbers = re.findall(r"^\| (\d+) \|", TABLE.read_text(encoding="utf-8"), re.MULTILINE)
    assert numbers == [str(number) for number in range(1, ATTACKS + 1)]


def test_every_row_names_tests_that_are_there_or_what_the_attack_comes_with():
    for number, tried in read_rows().items():
        named = NAMED.findall(tried)
        assert named or tried.startswith("comes with "), number
        for path, test in named:
            assert (ROOT / path).is_file(), (number, path)
            assert not test or test in names_in(path), (number, path, test)


def test_the_numbers_in_the_tests_names_are_the_tables():
    files = numbered_files()
    assert files.keys() <= read_rows().keys()
    for number, tried in read_rows().items():
        whole = {path for path, test in NAMED.findall(tried) if not test and path.startswith("tests/attacks/")}
        assert whole == files.get(number, set()), number
