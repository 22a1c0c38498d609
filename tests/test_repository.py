"""Facts about the project itself."""

from __future__ import annotations

import ast
import re
import statistics
import tomllib
from importlib.metadata import distribution, requires
from pathlib import Path

import click
import pytest
from packaging.requirements import Requirement

from sync.cli.root import assay

ROOT = Path(__file__).parent.parent
PACKAGES = ("backend", "sync", "label_configs")
MODULES = [path for folder in PACKAGES for path in (ROOT / folder).rglob("*.py")]
CONTEXT = click.Context(assay)
COMMANDS = {name: assay.get_command(CONTEXT, name) for name in assay.list_commands(CONTEXT)}


def functions() -> list[int]:
    """Length of every function in lines, its docstring not counted."""
    trees = [ast.parse(path.read_text()) for path in MODULES]
    found = [n for tree in trees for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]
    return [_lines(node) for node in found]


def _lines(node: ast.FunctionDef) -> int:
    text = ast.get_docstring(node)
    return (node.end_lineno or 0) - node.lineno + 1 - (len(text.splitlines()) if text else 0)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_module_is_short_and_explains_itself(path: Path) -> None:
    """At most 300 lines, a docstring, and no assert."""
    text = path.read_text()
    tree = ast.parse(text)
    assert len(text.splitlines()) <= 300
    assert ast.get_docstring(tree)
    assert not any(isinstance(node, ast.Assert) for node in ast.walk(tree))


def test_functions_are_short() -> None:
    """The median has at most 10 lines, none more than 50."""
    assert statistics.median(functions()) <= 10
    assert max(functions()) <= 50


def test_no_backend_module_hides_another() -> None:
    """label-studio-ml puts backend/ first on the path, so no name may clash."""
    import sys

    names = {path.stem for path in (ROOT / "backend").glob("*.py")} - {"__init__"}
    names |= {path.name for path in (ROOT / "backend").iterdir() if path.is_dir()}
    assert not names & (set(sys.stdlib_module_names) | {"flask", "numpy", "sklearn", "skops"})


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_explained(name: str) -> None:
    """It has help, and the README names it."""
    command = COMMANDS[name]
    assert command is not None
    assert command.help
    assert f"`assay {name}" in (ROOT / "README.md").read_text()


def test_every_setting_is_in_the_readme() -> None:
    """The README's table has each variable."""
    from sync.settings import Settings

    text = (ROOT / "README.md").read_text()
    assert [n for n in Settings.model_fields if f"ASSAY_{n.upper()}" not in text] == []


def test_every_make_target_is_explained() -> None:
    """`make help` shows each target."""
    text = (ROOT / "Makefile").read_text()
    declared = re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    assert declared
    for name in declared[1].split():
        assert re.search(rf"^{name}:.*## \S", text, re.MULTILINE), name


def test_the_readme_names_targets_that_exist() -> None:
    """Each `make x` in README and CONTRIBUTING is a target."""
    targets = re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for name in ("README.md", "CONTRIBUTING.md"):
        named = re.findall(r"(?:^|`)make ([a-z-]+)", (ROOT / name).read_text(), re.MULTILINE)
        assert named
        assert set(named) <= set(targets), name


def test_every_module_has_its_layer() -> None:
    """Nothing in sync/ escapes the rule of who may import whom."""
    rules = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = [n.strip() for line in rules["contracts"][0]["layers"] for n in line.split("|")]
    found = {f"sync.{path.stem}" for path in (ROOT / "sync").iterdir() if path.stem[0] != "_"}
    assert found == {name for name in layers if name.startswith("sync.")}


def test_no_file_names_the_machine_it_was_written_on() -> None:
    """No path of somebody's home or scratch folder."""
    personal = re.compile(r"/(root|work|Users/\w+|home/(?!assay)\w+|tmp)/\w")
    named = ("Makefile", "Dockerfile", "compose.yaml", "pyproject.toml", ".ci/run", "tests")
    files = [ROOT / name for name in (*named, *PACKAGES, "docs", "benchmarks")]
    files += ROOT.glob("*.md")
    for path in files:
        for file in path.rglob("*") if path.is_dir() else [path]:
            if file.suffix in ("", ".md", ".py", ".toml", ".xml", ".yaml") and file.is_file():
                assert not personal.search(file.read_text()), file


def test_the_changelog_has_the_version() -> None:
    """The newest entry is the version of the package."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest
    assert newest[1] == version


def test_nothing_copyleft_runs() -> None:
    """Each distribution needed at run time names a licence, and none is GPL, LGPL or AGPL."""
    licences = {name: licence(name) for name in running()}
    assert len(licences) > 30
    # Apache-2.0, as its repository says; its metadata say nothing.
    assert {name for name, text in licences.items() if not text} <= {"label-studio-sdk"}
    assert {name: text for name, text in licences.items() if "GPL" in text.upper()} == {}


def test_the_image_holds_nothing_of_the_tests() -> None:
    """Oracles may be copyleft, so the image is made without any group."""
    assert "uv sync --locked --no-default-groups" in (ROOT / "Dockerfile").read_text()


def running() -> set[str]:
    """All that Assay's installation brings, with the extras that are asked for."""
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting: list[tuple[str, frozenset[str]]] = [("label-studio-assay", frozenset())]
    while waiting:
        name, extras = waiting.pop()
        # `attr` is declared by label-studio-ml and overridden away: it is not installed.
        if (name, extras) in seen or name == "attr":
            continue
        seen.add((name, extras))
        for text in requires(name) or []:
            needed = Requirement(text)
            asked = [{"extra": extra} for extra in extras or {""}]
            if needed.marker is None or any(needed.marker.evaluate(one) for one in asked):
                waiting.append((needed.name.lower().replace("_", "-"), frozenset(needed.extras)))
    return {name for name, _ in seen}


def licence(name: str) -> str:
    """What a distribution says of its licence, short of the text of the licence itself."""
    meta = distribution(name).metadata
    classifiers = [c for c in meta.get_all("Classifier") or [] if c.startswith("License")]
    told = [meta.get("License-Expression") or "", *classifiers]
    told.append((meta.get("License") or "").partition("\n")[0])
    return " ".join(told).strip()
