"""Begin with a scenario: its project on Label Studio, and its files in the team's folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import label_configs
from label_configs import Scenario
from sync.errors import ConfigurationError
from sync.labelstudio import LabelStudio
from sync.records import Json


@dataclass(frozen=True, kw_only=True)
class Started:
    """What was made."""

    project_id: int
    tasks: int
    #: Files that were written, and files that were there before and stay as they are.
    written: tuple[Path, ...]
    kept: tuple[Path, ...]


def start(server: LabelStudio, scenario: Scenario, config: Path, title: str = "") -> Started:
    """Make a project with the scenario's config, instructions and examples, and write its files.

    Args:
        server: Label Studio.
        scenario: the scenario.
        config: the team's settings file; what else there is to write goes beside it. Files that
            are there stay as they are.
        title: the project's, if not the scenario's.

    Raises:
        ConfigurationError: a file cannot be written.
    """
    texts = {
        config if name == "assay.toml" else config.parent / name: text
        for name, text in scenario.files.items()
    }
    # First the files: whoever may not write them should not be left with a project.
    written = tuple(path for path, text in texts.items() if _written(path, text))
    project = server.create_project(
        title=title or scenario.title,
        label_config=scenario.xml,
        expert_instruction=scenario.html,
        show_instruction=True,
        control_weights=_control_weights(scenario),
    )
    ids = server.import_tasks(int(project["id"]), [{"data": task} for task in scenario.tasks])
    return Started(
        project_id=int(project["id"]),
        tasks=len(ids),
        written=written,
        kept=tuple(path for path in texts if path not in written),
    )


def _control_weights(scenario: Scenario) -> Json:
    """What the controls count, in Label Studio's form."""
    controls = label_configs.parse(scenario.xml).by_name
    return {
        name: {"overall": weight, "type": controls[name].tag, "labels": {}}
        for name, weight in scenario.weights.items()
    }


def _written(path: Path, text: str) -> bool:
    """Whether the file was not there, and is now.

    Raises:
        ConfigurationError: it cannot be written.
    """
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        return False
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be written ({error.strerror}): run the command in a folder that you "
            "may write to, or set ASSAY_CONFIG"
        ) from None
    return True
