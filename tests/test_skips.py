"""Where everything must be there, nothing may be skipped."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

ABSENT = """
import pytest

def test_that_lacks_something_of_this_machine():
    pytest.skip("no such browser")
"""


@pytest.mark.parametrize(("demanded", "code"), [("", 0), ("1", 1)])
def test_a_skip_fails_the_run_where_all_is_demanded(
    tmp_path: Path, demanded: str, code: int
) -> None:
    """REQUIRE_ALL turns a skipped test into a failed run that names it; else it passes."""
    file = tmp_path / "test_absent.py"
    file.write_text(ABSENT)
    # The neighbour brings our conftest along; none of its tests is chosen.
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-k", "lacks_something"]
    command += ["-c", str(ROOT / "pyproject.toml"), str(file), str(ROOT / "tests/push")]
    environment = os.environ | {"REQUIRE_ALL": demanded}
    done = subprocess.run(
        command, env=environment, cwd=tmp_path, check=False, capture_output=True, text=True
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert "1 skipped" in done.stdout
    assert ("skipped, but REQUIRE_ALL is set" in done.stdout) == bool(demanded)
