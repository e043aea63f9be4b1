"""A copy of the launcher in a repository of its own: fake commands, a lock of tiny wheels, a PATH of known programs."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.launcher.wheelhouse import locked, write_wheel

ROOT = Path(__file__).resolve().parents[2]

PROGRAMS = (
    "sh", "awk", "cat", "env", "find", "id", "ls", "mkdir", "mktemp", "mv", "readlink", "rm", "sed", "sha256sum",
    "tail", "tr",
)  # fmt: skip
"""All that the launcher may need beside Python: the PATH of these tests holds nothing else."""

REPORT = """\
import json, os, sys
import yaml
print(json.dumps({
    "script": __file__, "arguments": sys.argv[1:], "yaml": yaml.SOURCE, "prefix": sys.prefix, "path": sys.path,
    "isolated": sys.flags.isolated, "unbuffered": sys.stdout.write_through,
    "cwd": os.getcwd(), "inputs": {k: v for k, v in os.environ.items() if k.startswith("INPUT_")},
}))
"""
"""A command that says how it was started."""


@dataclass
class Ended:
    """How a run of the launcher ended."""

    code: int
    out: str
    err: str

    @property
    def report(self) -> dict[str, Any]:
        """What the fake command printed. Fails with the launcher's words when it did not get that far."""
        assert self.code == 0, self.err
        found: dict[str, Any] = json.loads(self.out)
        return found


@dataclass
class House:
    """A repository with the launcher, and the environment it is called in.

    `wheels` is offered to pip and uv as their only source. `bin` is the PATH. `temp` is RUNNER_TEMP.
    """

    root: Path
    bin: Path
    temp: Path
    home: Path
    workspace: Path
    wheels: Path
    environ: dict[str, str] = field(default_factory=dict)

    @classmethod
    def build(cls, place: Path) -> House:
        """Everything under `place`, with a working Python and one wheel, which is in every lock."""
        house = cls(
            place / "repository", place / "bin", place / "temp", place / "home", place / "workspace", place / "wheels"
        )
        for folder in (house.bin, house.temp, house.home, house.workspace, house.wheels):
            folder.mkdir(parents=True)
        commands = {"src/release_actions/__main__.py": REPORT, "actions/validate-tag/main.py": REPORT}
        for path, text in commands.items():
            (house.root / path).parent.mkdir(parents=True)
            (house.root / path).write_text(text)
        shutil.copy(ROOT / "release-actions", house.root)
        wheel = write_wheel(house.wheels, "yaml", {"yaml.py": "SOURCE = 'the lock'\n"})
        for lock in ("actions", "simulator", "development"):
            house.lock(locked(wheel), lock)
        for program in PROGRAMS:
            found = shutil.which(program)
            assert found, f"{program} is not on the PATH"
            (house.bin / program).symlink_to(found)
        house.program("sleep", "exit 0")
        house.python("python3", os.path.realpath(sys.executable))
        house.environ = {
            "PATH": str(house.bin),
            "HOME": str(house.home),
            "RUNNER_TEMP": str(house.temp),
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(house.wheels),
            "PIP_NO_CACHE_DIR": "1",
            "UV_NO_CACHE": "1",
        }
        return house

    def lock(self, text: str, name: str = "actions") -> None:
        """Replace a lock."""
        file = self.root / f"requirements/{name}.lock"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)

    def python(self, name: str, target: str) -> None:
        """Put an interpreter on the PATH under a name."""
        (self.bin / name).unlink(missing_ok=True)
        (self.bin / name).symlink_to(target)

    def program(self, name: str, script: str) -> Path:
        """Put a shell script on the PATH under a name."""
        (self.bin / name).unlink(missing_ok=True)
        (self.bin / name).write_text(f"#!/bin/sh\n{script}\n")
        (self.bin / name).chmod(0o755)
        return self.bin / name

    def interpreter(self, name: str, hidden: Sequence[str]) -> Path:
        """Put a working interpreter on the PATH that does not find some modules, as distributions split Python up."""
        python = os.path.realpath(sys.executable)
        hide = self.root / "hide.py"
        hide.write_text(
            "import importlib.util, sys, sysconfig\n"
            "find = importlib.util.find_spec\n"
            f"importlib.util.find_spec = lambda name: None if name in {tuple(hidden)!r} else find(name)\n"
            "sysconfig.get_config_var = lambda name: None\n"
            "exec(sys.argv.pop(1))\n"
        )
        return self.program(
            name,
            'case "$*" in\n'
            # It says that it is itself what it runs: the launcher looks behind links.
            f"""  *sys.version_info*) exec "{python}" "$1" "$2" "$3" "import sys; sys.executable = '$0'; $4" ;;\n"""
            f"""  *find_spec*) exec "{python}" "$1" "{hide}" "$3" ;;\n"""
            f"""esac\nexec "{python}" "$@\"""",
        )

    def without_index(self) -> None:
        """Forget the wheel folder, so that a test can name an index."""
        for name in ("PIP_NO_INDEX", "PIP_FIND_LINKS"):
            self.environ.pop(name, None)

    def start(
        self,
        *arguments: str,
        shell: Sequence[str] = (),
        launcher: Path | None = None,
        environ: Mapping[str, str] | None = None,
        **more: str,
    ) -> subprocess.Popen[str]:
        """Start the launcher in the workspace, in a session of its own. `environ` and `more` are added variables."""
        return subprocess.Popen(
            [*shell, str(launcher or self.root / "release-actions"), *arguments],
            cwd=self.workspace,
            env={**self.environ, **(environ or {}), **more},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(
        self,
        *arguments: str,
        shell: Sequence[str] = (),
        launcher: Path | None = None,
        environ: Mapping[str, str] | None = None,
        **more: str,
    ) -> Ended:
        """Run the launcher to its end."""
        return ended(self.start(*arguments, shell=shell, launcher=launcher, environ=environ, **more))

    def environments(self) -> list[str]:
        """Names of the environments in RUNNER_TEMP."""
        return sorted(path.name for path in self.temp.glob("release-actions-*") if path.is_dir())

    def left_over(self) -> list[str]:
        """Names of unfinished builds in RUNNER_TEMP."""
        return sorted(path.name for path in self.temp.glob("*.building.*"))


def ended(process: subprocess.Popen[str]) -> Ended:
    """Wait for a run, at most two minutes."""
    try:
        out, err = process.communicate(timeout=120)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    return Ended(process.returncode, out, err)


def commands_in(stderr: str) -> list[str]:
    """The lines of a log that a runner takes for commands."""
    return [line for line in stderr.splitlines() if line.startswith("::")]
