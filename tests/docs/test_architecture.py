"""The walk through the code leads somewhere: every file and name it mentions exists."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "src" / "polybot"
_PLACE = re.compile(r"`([\w/]+\.py)(?::\s+([\w.]+))?`")


def _places() -> list[tuple[str, str]]:
    text = (ROOT / "docs" / "architecture.md").read_text()
    return sorted(set(_PLACE.findall(" ".join(text.split()))))


def _names(path: Path) -> set[str]:
    """Functions and classes of a module, and methods as Class.method."""
    names = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        if isinstance(node, ast.ClassDef):
            inner = (n for n in node.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))
            names |= {f"{node.name}.{method.name}" for method in inner}
            names |= {method.name for method in node.body if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef)}
    return names


def test_the_walk_names_places() -> None:
    assert len([place for place in _places() if place[1]]) >= 20


@pytest.mark.parametrize(("file", "name"), _places())
def test_a_place_exists(file: str, name: str) -> None:
    path = SOURCES / file
    assert path.is_file()
    if name:
        assert name in _names(path)
