"""nektos/act as a runner: plays a workflow file on this machine, without Docker, against one simulator.

Where act is kinder than GitHub's runner, a fault of a manifest does not show here but in tests/rehearsal: it hands
every input to an action's steps as `INPUT_*`, whether the manifest has the line or not, and the outputs of an
action's steps to its caller, whether the manifest declares them or not. It knows nothing of permissions, concurrency
and filters of events. actions/checkout becomes a copy of the folder that act runs in, and nothing else is ever
fetched.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from tests.e2e import legs

ACTION = "llm-d/release-actions@v1"
"""How the examples call our actions: the part before any folder, and the ref."""

NOWHERE = "http://127.0.0.1:9"
"""A proxy that answers nobody (port 9 is `discard`): what is not on this machine is out of reach at once."""

PATIENCE = 180
"""Seconds that a workflow may take. Most take one or two, a whole release of llm-d about twenty."""


def addressed(repository: Path, copy: Path) -> Path:
    """A copy of our repository without what act does not know: `$/name` is the public address of the same, the length
    of a queue and the use of caches are left out, as act runs one workflow at a time and has no caches here, and each
    leg that fills a slot is a job of its own.
    """
    shutil.copytree(repository, copy, symlinks=True)
    for workflow in (copy / ".github" / "workflows").iterdir():
        text = workflow.read_text(encoding="utf-8")
        name, ref = ACTION.split("@")
        text = re.sub(r"uses: \$/(\S+)", rf"uses: {name}/\1@{ref}", text).replace("  queue: max\n", "")
        workflow.write_text(separated(without_cache_modes(text)), encoding="utf-8")
    return copy


def without_cache_modes(text: str) -> str:
    """A workflow without the key of jobs that act does not know yet."""
    return re.sub(r"(?m)^ +cache-mode: [a-z-]+\n", "", text)


class Dumper(yaml.SafeDumper):
    """Writes scripts as they were written, so that a test can change a line of one."""

    def represent_text(self, text: str) -> yaml.ScalarNode:
        """A text of several lines as a block."""
        return self.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


Dumper.add_representer(str, Dumper.represent_text)


def separated(text: str) -> str:
    """A workflow with a job for each leg that fills a slot; the text itself if it has no such job."""
    read = yaml.safe_load(text)
    if not any(legs.has_slots(job) for job in read["jobs"].values()):
        return text
    # YAML 1.1 takes the key `on` for a boolean.
    return yaml.dump({"on": read.pop(True), **legs.split(read)}, Dumper=Dumper, sort_keys=False, width=1_000_000)


@dataclass(frozen=True)
class Event:
    """What starts a workflow. `ref` and `sha` are the run's, `payload` is GITHUB_EVENT_PATH."""

    name: str
    ref: str
    sha: str
    payload: Mapping[str, Any]


@dataclass(frozen=True)
class Ran:
    """How a run of act ended: its exit code, and its log, an object a line."""

    code: int
    entries: tuple[Mapping[str, Any], ...] = field(repr=False)
    log: str

    @property
    def jobs(self) -> dict[str, list[str]]:
        """Job -> how it ended, once for each job of a matrix. A job that did not start is not in it."""
        found = defaultdict(list)
        for entry in self.entries:
            if "jobResult" in entry:
                found[re.sub(r"-\d+$", "", entry["jobID"])].append(entry["jobResult"])
        return dict(found)

    @property
    def errors(self) -> list[str]:
        """Texts of error annotations."""
        return [entry["arg"] for entry in self.entries if entry.get("command") == "error"]

    def slots(self, job: str) -> dict[str, str]:
        """Slot -> value of everything that the legs of a job handed on."""
        said = [entry for entry in self.entries if entry.get("command") == "set-output"]
        legs_said = [entry for entry in said if re.sub(r"-\d+$", "", entry["jobID"]) == job]
        return {entry["name"]: entry["arg"] for entry in legs_said if entry["name"].startswith("slot-")}

    def outputs(self, job: str, step: str) -> dict[str, str]:
        """Outputs of a step of a job."""
        said = [entry for entry in self.entries if entry.get("command") == "set-output"]
        return {entry["name"]: entry["arg"] for entry in said if (entry["jobID"], entry["stepID"]) == (job, [step])}


@dataclass(frozen=True)
class Act:
    """A folder in which act may write, a copy of our repository, and the variables of every job."""

    folder: Path
    repository: Path
    variables: Mapping[str, str]
    token: str = field(repr=False)
    others: Mapping[str, Path] = field(default_factory=dict)
    """What stands in for other people's actions: `owner/name@ref` -> folder. With a stand-in for actions/checkout it is
    called, in place of act's copy."""
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    programs: Path | None = None
    """Folder with programs that come before those of this machine."""

    def run(self, workflow: Path, event: Event, checkout: Path, runners: Iterable[str] = (), **variables: str) -> Ran:
        """Play all jobs of a workflow. `checkout` is what actions/checkout gives; `runners` are labels to take for this
        machine besides GitHub's; `variables` are added. Fails after `PATIENCE` seconds.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        text = workflow.read_text(encoding="utf-8")
        if without_cache_modes(text) != text:
            workflow = self.folder / workflow.name
            workflow.write_text(without_cache_modes(text), encoding="utf-8")
        payload = self.folder / "event.json"
        payload.write_text(json.dumps(event.payload), encoding="utf-8")
        # act takes the commit from SHA_REF and overwrites GITHUB_SHA with it.
        run = {"GITHUB_REF": event.ref, "SHA_REF": event.sha}
        command = ["act", event.name, "--json", "--no-cache-server", "--pull=false"]
        command += ["--workflows", str(workflow), "--directory", str(checkout), "--eventpath", str(payload)]
        command += ["--local-repository", f"{ACTION}={self.repository}"]
        for name, folder in self.others.items():
            command += ["--local-repository", f"{name}={folder}"]
        if any(name.startswith("actions/checkout@") for name in self.others):
            command.append("--no-skip-checkout")
        for name, value in {"GITHUB_TOKEN": self.token, **self.secrets}.items():
            command += ["--secret", f"{name}={value}"]
        for label in {"ubuntu-24.04", "ubuntu-24.04-arm", *runners}:
            command += ["--platform", f"{label}=-self-hosted"]
        for name, value in {**self.variables, **run, **variables}.items():
            command += ["--env", f"{name}={value}"]
        code, out, err = finish(command, self.folder, self.machine())
        assert "fatal error: " not in err, f"act itself crashed:\n{err[-4000:]}"
        return Ran(code, tuple(json.loads(line) for line in out.splitlines()), out + err)

    def machine(self) -> dict[str, str]:
        """The environment of act, which its jobs inherit: programs, an empty home, and no way out."""
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        kept = {"PATH": os.environ["PATH"], **interpreter()}
        if self.programs:
            kept["PATH"] = f"{self.programs}{os.pathsep}{kept['PATH']}"
        proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), NOWHERE)
        # act keeps its cache and its settings below the first two.
        folders = {name: str(home) for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "HOME")}
        # act reads workflows all the time, and would spend a third of it on collecting garbage. Its jobs write to the
        # same maps without a lock (nektos/act#2199), for which Go ends the program: they share a thread, and are
        # interrupted only between two calls.
        go = {"GOGC": "800", "GOMAXPROCS": "1", "GODEBUG": "asyncpreemptoff=1"}
        return {**kept, **proxies, **folders, **go, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}


def interpreter() -> dict[str, str]:
    """The Python of the actions: this one's, without a search by a version manager's script in every step."""
    return {"RELEASE_ACTIONS_PYTHON": os.environ.get("RELEASE_ACTIONS_PYTHON") or os.path.realpath(sys.executable)}


def finish(command: list[str], folder: Path, environment: Mapping[str, str]) -> tuple[int, str, str]:
    """Run in a folder to the end, at most `PATIENCE` seconds. Exit code, output and errors."""
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            out, err = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    return process.returncode, out, err
