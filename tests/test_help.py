"""`assay --help` is the page from which an operator finds everything."""

from __future__ import annotations

import re

import click
from click.testing import CliRunner

from sync.cli.root import assay


def test_help_sums_up_every_command_in_whole_words() -> None:
    """Each stands below a heading, in 80 columns, with nothing cut off."""
    text = CliRunner().invoke(assay, ["--help"]).output
    for name in assay.list_commands(click.Context(assay)):
        assert re.search(rf"^  {name}  +[A-Z]", text, re.MULTILINE), name
    assert "..." not in text.partition("Options:")[2]
    assert max(map(len, text.splitlines())) <= 80


def test_help_names_the_order_of_the_first_day_and_the_exit_codes() -> None:
    """Every command that the first lines name is there."""
    text = " ".join(CliRunner().invoke(assay, ["--help"]).output.split())
    order = re.search(r"In this order: (.*?)\.", text)
    assert order
    named = [step.split()[0] for step in order[1].split("›")]
    assert set(named) <= set(assay.list_commands(click.Context(assay)))
    assert "10 HOLD, 11 MORE, 2 usage or configuration" in text
