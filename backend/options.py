"""Which engine a project has, and with which options."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from backend.engines import ENGINES
from backend.engines.ensemble import EnsembleOptions, Gathered, Member, gathered
from label_configs import LabelConfig
from sync.errors import ConfigurationError, Fatal
from sync.settings import Settings
from sync.tables import build

#: Chooses the engine that learns and serves the label config, or several of them together.
AUTO = "auto"
#: Keys of the table that are no engine's.
_KEYS = ("use", "train_every", "keep")
_TOGETHER = "ensemble"


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """The engine of a project."""

    name: str
    options: Any
    #: Whether it answers before the first training.
    starts: bool
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
    if name == AUTO:
        name, options = _automatic(table, config)
    else:
        options = options_of(table, name)
    if not name or not ENGINES[name].serves(config, options):
        raise _unserved(name, config)
    return Chosen(
        name=name,
        options=options,
        starts=not all(ENGINES[part].learns for part in _parts(name, options)),
        train_every=every,
        keep=keep,
    )


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
        found = build(ENGINES[name].options, table.get(name, {}), "engine", f"engine.{name}")
    except ValueError as error:
        raise ConfigurationError(str(error)) from None
    return _gathered(table, found) if isinstance(found, EnsembleOptions) else found


def _gathered(table: dict[str, Any], options: EnsembleOptions) -> Gathered:
    known = [name for name in ENGINES if name != _TOGETHER]
    return gathered(options, lambda name: options_of(table, name), known)


def _parts(name: str, options: Any) -> list[str]:
    """The engines that an engine is made of."""
    together = isinstance(options, EnsembleOptions)
    return [member.engine for member in options.member] if together else [name]


def _automatic(table: dict[str, Any], config: LabelConfig) -> tuple[str, Any]:
    """The first engine that learns and serves, with those for the controls that are left."""
    filled: set[str] = set()
    members = []
    for name, engine in ENGINES.items():
        if engine.learns and name != _TOGETHER:
            serves = engine.serves(config, options_of(table, name))
            more = tuple(control for control in serves if control not in filled)
            if more:
                members.append(Member(engine=name, controls=more))
                filled.update(more)
    if len(members) > 1:
        return _TOGETHER, _gathered(table, EnsembleOptions(member=tuple(members)))
    return (members[0].engine, options_of(table, members[0].engine)) if members else ("", None)


def _unserved(name: str, config: LabelConfig) -> Fatal:
    tags = ", ".join(sorted({control.tag for control in config.controls}))
    what = f"the engine {name} does not serve" if name else "no engine that learns serves"
    return Fatal(
        f"{what} the label config (its controls: {tags}): choose another one in the table engine "
        "of assay.toml, or connect another ML backend with ASSAY_GENERATOR_URL"
    )
