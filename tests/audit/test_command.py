"""The command `assay audit`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from exports import CONFIG, annotation, choice, prediction, task, team

from sync.cli import root
from sync.errors import ConfigurationError


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run `assay audit` in an empty folder on these tasks."""
    monkeypatch.chdir(tmp_path)

    def run(tasks: Any, *arguments: str) -> Result:
        Path("export.json").write_text(json.dumps(tasks), encoding="utf-8")
        Path("config.xml").write_text(CONFIG, encoding="utf-8")
        return CliRunner().invoke(root.assay, ["audit", "export.json", *arguments])

    return run


def batch(right: int, wrong: int, gold: int = 60, **more: Any) -> list[dict[str, Any]]:
    """Tasks that two people label a, with predictions of a and b, and gold that they know."""
    tasks = [
        task(
            number,
            [
                annotation(10 * number + person, person, choice("ac"[number % 2]), **more)
                for person in (1, 2)
            ],
            predictions=[prediction(number, choice("ac"[number % 2] if number < right else "b"))],
        )
        for number in range(right + wrong)
    ]
    for number, one in enumerate(tasks[:gold]):
        known = annotation(100_000 + number, 3, choice("ac"[number % 2]), ground_truth=True)
        one["annotations"].append(known)
    return tasks


STATES = {"PASS": (200, 2, 0), "HOLD": (60, 60, 10), "MORE": (12, 1, 11)}


@pytest.mark.parametrize(("state", "case"), STATES.items(), ids=STATES)
def test_the_exit_code_is_the_verdict(run: Any, state: str, case: tuple[int, int, int]) -> None:
    """PASS exits with 0, HOLD with 10, MORE with 11, and the sentence begins with it."""
    right, wrong, code = case
    done = run(batch(right, wrong), "--config", "config.xml")
    assert done.output.startswith(f"{state}: ")
    assert done.exit_code == code


def test_json_has_what_it_promises(run: Any) -> None:
    """Every key of the described form is there, and nothing else is printed."""
    done = run(batch(60, 60), "--config", "config.xml", "--json")
    found = json.loads(done.stdout)
    for name in ("percent", "cohen_kappa", "fleiss_kappa", "krippendorff_alpha", "gwet_ac1"):
        figure = found["controls"][0]["agreement"][name]
        assert figure.keys() == {"value", "lower", "upper", "items", "reason"}
        assert figure["value"] == 1.0
    candidates = found["candidates"]
    assert (candidates["items"], candidates["acceptance"]) == (120, 0.5)
    assert candidates["lower"] <= 0.5 <= candidates["upper"]
    label = {row["label"]: row for row in candidates["labels"]}
    assert (label["b"]["precision"], label["a"]["precision"]) == (0.0, 1.0)
    confusion = candidates["confusions"][0]
    assert (confusion["proposed"], confusion["given"], confusion["count"]) == ("b", "a", 60)
    assert found["verdict"].keys() >= {"state", "sentence", "criteria", "labels_left"}
    assert [c["name"] for c in found["verdict"]["criteria"]] == ["acceptance", "gold", "agreement"]
    assert found["suspect_gold"] == []


def test_answers_made_from_a_prediction_decide_nothing(run: Any) -> None:
    """Where all answers were made from predictions, nothing is judged by them."""
    done = run(batch(120, 0, parent_prediction=5), "--config", "config.xml", "--json")
    found = json.loads(done.stdout)
    assert done.exit_code == 11
    assert (found["candidates"]["shown"], found["candidates"]["blind"]) == (240, 0)
    assert found["candidates"]["acceptance"] is None
    assert {c["state"] for c in found["verdict"]["criteria"]} == {"MORE"}


def test_an_audit_says_that_it_is_a_look(run: Any) -> None:
    """Whatever the state, the sentence says that an export cannot show who saw what."""
    for right, wrong, _ in STATES.values():
        done = run(batch(right, wrong), "--config", "config.xml")
        assert "an export cannot show who saw a prediction" in done.output


def test_the_order_of_the_export_changes_nothing(run: Any) -> None:
    """Tasks, annotations and predictions may stand in any order."""
    tasks = batch(40, 9)
    backwards = [
        one | {"annotations": one["annotations"][::-1], "predictions": one["predictions"][::-1]}
        for one in tasks[::-1]
    ]
    forth, back = (
        json.loads(run(given, "--config", "config.xml", "--json").stdout)
        for given in (tasks, backwards)
    )
    for key in ("candidates", "verdict", "annotators"):
        assert forth[key] == back[key]


def test_no_setting_is_needed_or_read(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong variable, which other commands refuse, does not matter."""
    monkeypatch.setenv("ASSAY_NO_SUCH_SETTING", "1")
    assert run(batch(12, 1), "--config", "config.xml").exit_code == 11


def test_without_a_config_one_is_inferred_and_told(run: Any) -> None:
    """The output says that the label config is inferred, and where to find the real one."""
    done = run(batch(12, 1))
    assert done.exit_code == 11
    assert "label config is inferred" in done.output


def test_the_policy_is_that_of_its_file(run: Any) -> None:
    """--policy, else assay.toml of the folder, else the defaults."""
    loose = "[gate.acceptance]\nmin = 0.3\n[gate.gold]\nmin = 0.5\n[gate.agreement]\nmin = 0.1\n"
    tasks = batch(60, 60)
    Path("other.toml").write_text(loose)
    assert run(tasks, "--config", "config.xml").exit_code == 10
    assert run(tasks, "--config", "config.xml", "--policy", "other.toml").exit_code == 0
    Path("assay.toml").write_text(loose)
    assert run(tasks, "--config", "config.xml").exit_code == 0


def test_gold_lines_stand_above_stars(run: Any) -> None:
    """Known answers from a file are what people are measured by."""
    lines = [{"task": n, "result": choice("b")} for n in range(60)]
    Path("gold.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    done = run(batch(60, 0), "--config", "config.xml", "--gold", "gold.jsonl", "--json")
    gold = next(c for c in json.loads(done.stdout)["verdict"]["criteria"] if c["name"] == "gold")
    assert (gold["estimate"], gold["state"]) == (0.0, "HOLD")


WRONG = {
    "no export": (["audit", "none.json"], "cannot be read"),
    "no gold": (["audit", "export.json", "--gold", "none.jsonl"], "none.jsonl"),
    "no config": (["audit", "export.json", "--config", "none.xml"], "cannot be read"),
    "no XML": (["audit", "export.json", "--config", "export.json"], "label config"),
    "no policy": (["audit", "export.json", "--policy", "none.toml"], "none.toml"),
    "no version": (["audit", "export.json", "--model-version", "v9"], "versions: 'v1'"),
}


@pytest.mark.parametrize(("arguments", "told"), WRONG.values(), ids=WRONG)
def test_a_wrong_file_is_one_sentence(
    run: Any,
    arguments: list[str],
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Each ends with code 2 and a line on stderr that names what is wrong."""
    run(batch(3, 0))
    monkeypatch.setattr("sys.argv", ["assay", *arguments])
    with pytest.raises(SystemExit) as caught:
        root.main()
    assert caught.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert told in line


def test_nothing_in_a_label_reaches_the_terminal_as_a_command(run: Any) -> None:
    """Escape sequences, bidirectional marks and lone surrogates of labels are written out."""
    hostile = "\x1b[2Jx\u202e\ud800\r"
    tasks = [task(1, [annotation(1, 1, choice(hostile)), annotation(2, 2, choice("a"))])]
    done = run(tasks, "--config", "config.xml")
    assert "\\x1b[2Jx\\u202e\\ud800" in done.output
    assert all(char.isprintable() or char == "\n" for char in done.output)


def test_people_are_called_what_the_export_calls_them(run: Any) -> None:
    """Tables, flags and suspect gold name people and tasks of the export."""
    tasks = team(wrong_gold=40)
    text = run(tasks, "--config", "config.xml").output
    assert "People: 1 of 5 have a flag." in text
    assert "  spam@example.com scores 0.3" in text
    assert "  task 40: the gold answer is 'c'" in text
    found = json.loads(run(tasks, "--config", "config.xml", "--json").stdout)
    assert {row["annotator"] for row in found["annotators"]} == {1, 2, 3, 4, "spam@example.com"}
    assert found["suspect_gold"][0]["against"] == [1, 2, 3, 4]
    flags = {row["annotator"]: row["flags"] for row in found["annotators"]}
    assert all(bool(of) == (name == "spam@example.com") for name, of in flags.items())


def test_what_cannot_be_read_is_listed_with_its_reason(run: Any) -> None:
    """The task, the annotation and what is wrong with it."""
    tasks = batch(12, 1)
    tasks[3]["annotations"][0]["result"][0]["value"]["choices"] = ["d"]
    text = run(tasks, "--config", "config.xml").output
    assert "task 3, annotation 31: control 'label'" in text
    assert "'d', which the label config does not know" in text


@pytest.mark.parametrize("command", [["audit"], ["gold", "add"]])
def test_examples_stand_in_the_help_as_they_are_typed(command: list[str]) -> None:
    """Lines of an example are not joined, and no mark for the formatter is shown."""
    text = CliRunner().invoke(root.assay, [*command, "--help"]).output
    assert "\\b" not in text
    lines = [line.strip() for line in text.splitlines()]
    assert lines.count("") > 4
    example = "assay audit export.json --gold" if command == ["audit"] else '{"data": {"text"'
    assert any(line.startswith(example) for line in lines)


def test_a_label_config_that_does_not_fit_is_refused(run: Any) -> None:
    """Another project's config exits with 2 and names the first answer, and never says HOLD."""
    Path("other.xml").write_text(CONFIG.replace("label", "verdict"), encoding="utf-8")
    done = run(batch(20, 0), "--config", "other.xml")
    assert done.exit_code != 10
    assert isinstance(done.exception, ConfigurationError)
    assert "do not fit the label config, the first in task" in str(done.exception)


def test_people_who_fail_gold_are_named_before_predictions(run: Any) -> None:
    """What they say of the predictions says little of these."""
    tasks = batch(60, 0)
    for number, one in enumerate(tasks):
        for answer in one["annotations"][:2]:
            answer["result"] = choice("ca"[number % 2])
    done = run(tasks, "--config", "config.xml")
    assert done.output.startswith("HOLD: people answer gold right at most")
    assert "says little of these" in done.output
