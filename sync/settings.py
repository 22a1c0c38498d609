"""Settings: secrets and addresses from the environment, the policy from `assay.toml`."""

from __future__ import annotations

import difflib
import os
import tomllib
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from sync.errors import ConfigurationError
from sync.gating.policy import GatePolicy, from_dict

PREFIX = "ASSAY_"

#: Labelled tasks without which nothing is learned.
FEWEST_EXAMPLES = 10
#: Webhook actions that wake the worker. Not PROJECT_UPDATED: our own verdicts would wake us.
WAKING_ACTIONS = (
    "ANNOTATION_CREATED",
    "ANNOTATIONS_CREATED",
    "ANNOTATION_UPDATED",
    "ANNOTATIONS_DELETED",
    "TASKS_CREATED",
    "TASKS_DELETED",
)


#: How an address of Redis begins.
_REDIS = ("redis://", "rediss://", "unix://")

#: Tables of the settings file that say how candidates are made, and not how they are judged.
ENGINE_TABLES = ("engine", "project")


def model_version(project_id: int) -> str:
    """The one version string of a project: predictions, `/setup` and the backend's title."""
    return f"assay-{project_id}"


def _tables(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def read_policy(path: Path) -> GatePolicy:
    """The policy in a settings file.

    Raises:
        ConfigurationError: it is no TOML, or a key or value in it is not allowed.
    """
    try:
        return from_dict({k: v for k, v in _tables(path).items() if k not in ENGINE_TABLES})
    except (tomllib.TOMLDecodeError, ValueError, OSError) as error:
        raise ConfigurationError(f"{path}: {error}") from None


class Settings(BaseSettings):
    """What Assay is told from outside; each field is the variable ASSAY_<FIELD>."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    label_studio_url: str = Field("http://localhost:8080", description="Label Studio's address")
    label_studio_api_key: SecretStr = Field(
        SecretStr(""), description="a personal access token or a legacy token of Label Studio"
    )
    project: int | None = Field(None, description="default of --project")
    home: Path = Field(
        Path("~/.local/share/assay"), description="folder of the store and of the models"
    )
    database_url: str = Field("", description="SQLAlchemy URL; default: assay.db in ASSAY_HOME")
    redis_url: SecretStr = Field(
        SecretStr(""), description="the Redis that wakes the workers of jobs"
    )
    config: Path = Field(Path("assay.toml"), description="the policy file; may be absent")
    backend_url: str = Field(
        "http://127.0.0.1:9090", description="the ML backend as Label Studio reaches it"
    )
    backend_user: str = "assay"
    backend_password: SecretStr = Field(
        SecretStr(""), description="password that Label Studio gives the ML backend"
    )
    generator_url: str = Field("", description="the ML backend that makes candidates, if not ours")
    generator_user: str = ""
    generator_password: SecretStr = SecretStr("")
    llm_api_key: SecretStr = Field(SecretStr(""), description="key of the LLM endpoint")
    upstream_user: str = Field("", description="user of the ML backend behind ours")
    upstream_password: SecretStr = SecretStr("")
    batch_field: str = Field("batch", description="task-data field that names the batch")
    queue_field: str = Field("queue_id", description="task-data field that orders the queue")
    poll_seconds: float = Field(5.0, gt=0, le=3600, description="pause between two passes")
    sweep_seconds: float = Field(
        3600.0, gt=0, description="pause between two looks at every task for untold changes"
    )
    passes_at_once: int = Field(
        4, ge=1, le=10, description="projects that one worker works on at the same time"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["auto", "json", "text"] = Field(
        "auto", description="of logs; auto: text in a terminal, else JSON"
    )
    metrics_port: int | None = Field(
        None, ge=1, le=65535, description="port of the worker's /metrics; none by default"
    )
    metrics_host: str = Field("127.0.0.1", description="address of the worker's /metrics")

    @field_validator("label_studio_url", "backend_url", "generator_url")
    @classmethod
    def _address(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return value.rstrip("/")

    @field_validator("redis_url")
    @classmethod
    def _redis(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value() and not value.get_secret_value().startswith(_REDIS):
            raise ValueError(f"must start with {', '.join(_REDIS)}")
        return value

    @field_validator("home", "config")
    @classmethod
    def _expand(cls, value: Path) -> Path:
        return value.expanduser()

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @field_validator("log_format", mode="before")
    @classmethod
    def _lower(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @field_validator("metrics_port", mode="before")
    @classmethod
    def _none(cls, value: object) -> object:
        # What an environment file leaves empty is not set.
        return None if value == "" else value

    @classmethod
    def load(cls) -> Settings:
        """Read the environment.

        Raises:
            ConfigurationError: a variable is unknown or its value is not allowed.
        """
        _refuse_unknown_variables()
        try:
            return cls()
        except ValidationError as error:
            raise ConfigurationError(_explain(error)) from None

    @cached_property
    def policy(self) -> GatePolicy:
        """The gate's policy, from the settings file or the defaults.

        Raises:
            ConfigurationError: the file is no TOML, or a key or value in it is not allowed.
        """
        if not self.config.exists():
            if "config" in self.model_fields_set:
                raise ConfigurationError(
                    f"ASSAY_CONFIG names {self.config}, which does not exist; "
                    "create it or unset the variable"
                )
            return GatePolicy()
        return read_policy(self.config)

    def engine(self, project_id: int) -> dict[str, Any]:
        """The raw table `engine` of the settings file, as changed by `project.<id>.engine`.

        Raises:
            ConfigurationError: the file is no TOML, or one of the two is no table.
        """
        if not self.config.exists():
            return {}
        try:
            tables = _tables(self.config)
        except (tomllib.TOMLDecodeError, OSError) as error:
            raise ConfigurationError(f"{self.config}: {error}") from None
        own = tables.get("project", {})
        own = own.get(str(project_id), {}) if isinstance(own, dict) else own
        own = own.get("engine", {}) if isinstance(own, dict) else own
        shared = tables.get("engine", {})
        for name, table in (("engine", shared), (f"project.{project_id}.engine", own)):
            if not isinstance(table, dict):
                raise ConfigurationError(f"{self.config}: {name} is {table!r}: it must be a table")
        return _merged(shared, own)

    @property
    def store_url(self) -> str:
        """SQLAlchemy URL of the store."""
        return self.database_url or f"sqlite:///{self.home / 'assay.db'}"

    def require(self, field: str) -> str:
        """The value of a setting that this command cannot do without.

        Raises:
            ConfigurationError: it is not set.
        """
        value = getattr(self, field)
        plain = value.get_secret_value() if isinstance(value, SecretStr) else value
        if plain in ("", None):
            what = type(self).model_fields[field].description or field
            raise ConfigurationError(f"{PREFIX}{field.upper()} is not set: it is {what}, so set it")
        return str(plain)


def _merged(shared: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """One table over another, table by table."""
    found = dict(shared)
    for name, value in own.items():
        both = isinstance(value, dict) and isinstance(found.get(name), dict)
        found[name] = _merged(found[name], value) if both else value
    return found


def _refuse_unknown_variables() -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    for name in sorted(os.environ):
        if name.startswith(PREFIX) and name not in known:
            near = difflib.get_close_matches(name, sorted(known), n=1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(known))}"
            raise ConfigurationError(f"{name} is no setting of Assay; {hint}")


def _explain(error: ValidationError) -> str:
    first: Any = error.errors()[0]
    name = PREFIX + str(first["loc"][0]).upper()
    secret = Settings.model_fields[str(first["loc"][0])].annotation is SecretStr
    shown = "" if secret else f" is {first['input']!r}"
    return f"{name}{shown}: {first['msg'].removeprefix('Value error, ')}"
