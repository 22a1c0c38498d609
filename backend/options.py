"""Which engine a project has, and with which options."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from backend.engines import ENGINES
from label_configs import LabelConfig
from sync.errors import ConfigurationError, Fatal
from sync.settings import Settings
from sync.tables import build

#: Chooses the first engine that learns and serves the label config.
AUTO = "auto"
#: Keys of the table that are no engine's.
_KEYS = ("use", "train_every", "keep")


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """The engine of a project."""

    name: str
    options: Any
    #: New annotations after which a training starts by itself; 0: only when asked.
    train_every: int
    #: Versions that are kept, beside the one in use and those that frozen batches name.
    keep: int


def chosen(settings: Settings, project_id: int, config: LabelConfig) -> Chosen:
    """What the settings file says, or what serves the label config.

    Raises:
        ConfigurationError: a key or value of the file is not allowed.
        Fatal: no engine serves the label config, or not the one that is named.
    """
    table = settings.engine(project_id)
    name = table.get("use", AUTO)
    every, keep = _number(table, "train_every", 0, 0), _number(table, "keep", 5, 1)
    if name not in (AUTO, *ENGINES):
        known = ", ".join((AUTO, *ENGINES))
        raise ConfigurationError(f"engine.use is {name!r}: allowed are {known}")
    for key in table:
        if key not in (*_KEYS, *ENGINES):
            known = ", ".join((*_KEYS, *ENGINES))
            raise ConfigurationError(f"engine.{key} is no key; known here are {known}")
    engine, options = _serving(name, config, lambda engine: options_of(table, engine))
    return Chosen(name=engine, options=options, train_every=every, keep=keep)


def _number(table: dict[str, Any], key: str, default: int, least: int) -> int:
    value = table.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise ConfigurationError(
            f"engine.{key} is {value!r}: allowed is a whole number of at least {least}"
        )
    return value


def options_of(table: dict[str, Any], name: str) -> Any:
    """The options of an engine, from the table `engine`.

    Raises:
        ConfigurationError: a key or value is not allowed.
    """
    try:
        return build(ENGINES[name].options, table.get(name, {}), "engine", f"engine.{name}")
    except ValueError as error:
        raise ConfigurationError(str(error)) from None


def _serving(name: str, config: LabelConfig, options: Callable[[str], Any]) -> tuple[str, Any]:
    offered = [n for n, e in ENGINES.items() if e.learns] if name == AUTO else [name]
    for candidate in offered:
        found = options(candidate)
        if ENGINES[candidate].serves(config, found):
            return candidate, found
    tags = ", ".join(sorted({control.tag for control in config.controls}))
    what = "no engine that learns serves" if name == AUTO else f"the engine {name} does not serve"
    raise Fatal(
        f"{what} the label config (its controls: {tags}): choose another one in the table engine "
        "of assay.toml, or connect another ML backend with ASSAY_GENERATOR_URL"
    )
