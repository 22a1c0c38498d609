"""Runs a Dockerfile's own steps where there is no engine.

Each stage is a folder that its processes take for the root of all files: this machine's system
folders stand in it read-only, and `/usr/local` is a fresh environment of this Python, which takes
the place of the base image. Needs root, since only root may mount and change the root.
"""

from __future__ import annotations

import ast
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

#: How this machine reaches package indexes; an engine hands such settings on as well.
_NETWORK = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "PIP_CERT")
#: Of the machine, what every stage sees; /usr stands apart, since /usr/local is the stage's own.
_SYSTEM = (
    "/dev",
    "/proc",
    "/etc/ssl",
    "/etc/resolv.conf",
    "/etc/hosts",
    "/usr/share/ca-certificates",
)

_ENTER = """
set -e
root=$1; writable=$2; user=$3; shift 3
mount --bind "$root" "$root"
mount --bind /usr "$root/usr"
mount -o remount,bind,ro "$root/usr"
mount --bind "$root.local" "$root/usr/local"
while [ "$1" != -- ]; do
  mount --rbind "$1" "$root$2"
  shift 2
done
shift
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
if [ "$writable" = no ]; then
  mount -o remount,bind,ro "$root"
  mount -o remount,bind,ro "$root/usr/local"
fi
exec chroot --userspec="$user" "$root" /usr/bin/env -i "$@"
"""


def possible() -> str | None:
    """Why nothing can be run here; None where it can."""
    tried = subprocess.run(["unshare", "--mount", "true"], check=False, capture_output=True)
    if os.geteuid() == 0 and tried.returncode == 0:
        return None
    return "only root may mount and change the root, which takes the place of an engine here"


@dataclass(frozen=True)
class Step:
    """One instruction of a Dockerfile."""

    name: str
    text: str

    @property
    def flags(self) -> dict[str, str]:
        found = re.match(r"(?:--\S+\s+)*", self.text)
        return dict(flag[2:].split("=", 1) for flag in (found[0] if found else "").split())

    @property
    def rest(self) -> str:
        return re.sub(r"^(?:--\S+\s+)*", "", self.text)

    @property
    def words(self) -> list[str]:
        """The exec form, or the words of a line."""
        return json.loads(self.rest) if self.rest.startswith("[") else shlex.split(self.rest)


def read(dockerfile: Path) -> list[Step]:
    """The instructions, without comments, each on one line."""
    lines = [line for line in dockerfile.read_text().splitlines() if not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [Step(*line.split(None, 1)) for line in joined.splitlines() if line.strip()]


def context(source: Path, target: Path) -> Path:
    """What a build is given of a folder by its .dockerignore, which names what is let in."""
    rules = [
        line for line in (source / ".dockerignore").read_text().splitlines() if line[:1] != "#"
    ]
    if rules[0] != "*":
        raise ValueError(".dockerignore must first leave everything out")
    target.mkdir()
    for name in (rule[1:] for rule in rules if rule.startswith("!")):
        if (source / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source / name, target / name, ignore=ignored)
        else:
            shutil.copy(source / name, target / name)
    return target


def _link(source: Path, target: Path) -> None:
    """Copy by hard links, since installers replace files and never write into them."""
    subprocess.run(["cp", "--archive", "--link", source, target], check=True)


@dataclass
class Stage:
    """A stage of the image: its files, and how a process starts in it."""

    root: Path
    env: dict[str, str] = field(default_factory=dict)
    workdir: str = "/"
    user: str = "0:0"
    volumes: list[str] = field(default_factory=list)
    healthcheck: list[str] = field(default_factory=list)
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)

    @classmethod
    def begin(cls, root: Path, base: Path) -> Stage:
        """A base image with Python, which is made at `base` when it is first asked for."""
        stage = cls(root, {"PATH": "/usr/local/bin:/usr/bin:/bin"})
        for folder in ("usr", "tmp", "root", "etc"):
            (root / folder).mkdir(parents=True)
        local = root.with_name(f"{root.name}.local")
        for name in ("bin", "sbin", "lib", "lib64"):
            if Path("/", name).is_symlink():
                (root / name).symlink_to(os.readlink(f"/{name}"))
        if base.exists():
            _link(base, local)
        else:
            local.mkdir()
            stage.run([os.path.realpath(sys.executable), "-m", "venv", "/usr/local"])
            shutil.copytree(local, base, symlinks=True)
        return stage

    def inside(self, path: str) -> Path:
        """A path of the stage, as it is called outside of it."""
        return self.root / path.lstrip("/")

    def entered(
        self,
        command: Iterable[str],
        *,
        env: Mapping[str, str] | None = None,
        binds: Mapping[str, str] | None = None,
        user: str | None = None,
        writable: bool = False,
    ) -> list[str]:
        """The command that runs a command in here; `binds`: paths of ours by those in here."""
        mounts = {path: path for path in _SYSTEM if Path(path).exists()} | dict(binds or {})
        if sys.base_prefix != "/usr":
            mounts[sys.base_prefix] = sys.base_prefix
        for there, ours in mounts.items():
            place = self.inside(there)
            if Path(ours).is_dir():
                place.mkdir(parents=True, exist_ok=True)
            elif not there.startswith("/usr/"):
                place.parent.mkdir(parents=True, exist_ok=True)
                place.touch()
        pairs = [word for there, ours in mounts.items() for word in (ours, there)]
        values = [f"{name}={value}" for name, value in {**self.env, **(env or {})}.items()]
        return [
            *("unshare", "--mount", "--propagation", "private", "sh", "-c", _ENTER, "enter"),
            *(str(self.root), "yes" if writable else "no", user or self.user, *pairs, "--"),
            *(f"--chdir={self.workdir}", *values, *command),
        ]

    def run(self, command: list[str], binds: Mapping[str, str] | None = None) -> None:
        """A step of the build."""
        env = {name: os.environ[name] for name in _NETWORK if name in os.environ}
        entered = self.entered(command, env=env, binds=binds, writable=True)
        done = subprocess.run(entered, check=False, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{command} failed: {done.stdout}{done.stderr}")


class Build:
    """A Dockerfile carried out, stage by stage; `stage` is the last one when all is done."""

    def __init__(
        self,
        steps: list[Step],
        source: Path,
        folder: Path,
        caches: Mapping[str, Path],
        instead: Mapping[str, str],
    ) -> None:
        """Do the steps; `instead` are values that take the place of some that ENV sets."""
        self.source, self.folder, self.caches, self.instead = source, folder, caches, instead
        self.stages: dict[str, Stage] = {}
        for step in steps:
            getattr(self, f"_{step.name.lower()}")(step)

    def _from(self, step: Step) -> None:
        name = step.words[2] if step.words[1:2] == ["AS"] else "final"
        self.stage = self.stages[name] = Stage.begin(self.folder / name, self.folder / "base")

    def _env(self, step: Step) -> None:
        for word in step.words:
            name, value = word.split("=", 1)
            value = self.instead.get(name, value)
            self.stage.env[name] = value.replace("$PATH", self.stage.env["PATH"])

    def _run(self, step: Step) -> None:
        binds = {}
        for flag, value in step.flags.items():
            options = dict(option.split("=") for option in value.split(","))
            if (flag, options["type"]) != ("mount", "cache"):
                raise ValueError(f"cannot do --{flag}={value}")
            binds[options["target"]] = str(self.caches[options["target"]])
        self.stage.run(["/bin/sh", "-c", f"cd {self.stage.workdir} && {step.rest}"], binds)

    def _copy(self, step: Step) -> None:
        *sources, target = step.words
        origin = step.flags.get("from")
        place = self.stage.inside(os.path.join(self.stage.workdir, target))
        for source in sources:
            path = self.stages[origin].inside(source) if origin else self.source / source
            into = place / path.name if target.endswith("/") else place
            into.parent.mkdir(parents=True, exist_ok=True)
            if origin:
                # Taken, not copied, which saves time: nothing needs it where it was.
                path.rename(into)
            else:
                _link(path, into)

    def _workdir(self, step: Step) -> None:
        self.stage.workdir = step.rest
        self.stage.inside(step.rest).mkdir(parents=True, exist_ok=True)

    def _user(self, step: Step) -> None:
        self.stage.user = step.rest

    def _volume(self, step: Step) -> None:
        self.stage.volumes += step.words

    def _healthcheck(self, step: Step) -> None:
        self.stage.healthcheck = ast.literal_eval(step.rest.removeprefix("CMD").strip())

    def _entrypoint(self, step: Step) -> None:
        self.stage.entrypoint = step.words

    def _cmd(self, step: Step) -> None:
        self.stage.command = step.words

    def _label(self, step: Step) -> None:
        pass

    def _expose(self, step: Step) -> None:
        pass
