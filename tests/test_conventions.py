"""Facts about the tests and the packaging."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TESTS = sorted((ROOT / "tests").rglob("test_*.py"))


@pytest.mark.parametrize("path", TESTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_test_states_its_fact(path: Path) -> None:
    """Each test has a docstring of one line."""
    found = [n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.FunctionDef)]
    facts = {n.name: ast.get_docstring(n) or "" for n in found if n.name.startswith("test_")}
    assert [name for name, fact in facts.items() if len(fact.splitlines()) != 1] == []


def test_one_uv_is_used_everywhere() -> None:
    """The image and the Makefile bring the same version."""
    makefile, image = (
        re.findall(r"uv==(\S+)", (ROOT / name).read_text()) for name in ("Makefile", "Dockerfile")
    )
    assert makefile == image
    assert len(makefile) == 1
