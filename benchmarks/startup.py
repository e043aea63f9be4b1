"""How long a step of ours takes before it does anything: `python benchmarks/startup.py [--rounds N] [--check]`.

Measures the launcher as a job uses it: the first step of a job, which builds the environment, and the steps after it.
Beside them, in the same run and in turns, a bare interpreter and a bare Node.js, because only ratios hold from one
machine to the next. Reads the package index for the first uses, nothing else.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

SHIPPED = ("release-actions", "requirements", "src", "actions")
"""What a step reads of the repository."""

EXAMPLE = ROOT / "examples" / "llm-d"
"""The workspace of the measured job."""

STEP = {
    "GITHUB_ACTIONS": "true",
    "INPUT_TAG": "v0.5.0",
    "INPUT_EXISTING_TAGS": "v0.3.0, v0.3.1, v0.4.0, v0.5.0-rc.1, v0.5.0-rc.2",
}
"""A validate-tag that decides without the network."""

NEXT_USE_EXTRA = 0.100
FIRST_USE = 2.5
"""Seconds: the aims. Next use: under twice the bare interpreter and this much more. First use with pip: under this."""

HEAVIEST = 12
"""Lines of the import profile."""


@dataclass
class Row:
    """One thing that is measured. `prepare` is not timed. `every`: it takes part in each n-th round."""

    name: str
    command: Sequence[str]
    environ: Mapping[str, str]
    prepare: Callable[[], None] = lambda: None
    every: int = 1
    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def measure(self) -> None:
        """Run it once and note the seconds it took. Exits when it fails: a failed run says nothing about time."""
        self.prepare()
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        began = time.perf_counter()
        ended = subprocess.run(self.command, env=dict(self.environ), cwd=EXAMPLE, capture_output=True, check=False)
        took = time.perf_counter() - began
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if ended.returncode:
            sys.exit(f"{self.name} ended with {ended.returncode}:\n{ended.stderr.decode()}")
        self.seconds.append(took)
        self.cpu.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)

    @property
    def median(self) -> float:
        """Seconds."""
        return statistics.median(self.seconds)


class Job:
    """A runner's job in a scratch folder: a downloaded action, a RUNNER_TEMP, and a PATH with one Python and no uv."""

    def __init__(self, scratch: Path) -> None:
        self.python = os.path.realpath(sys.executable)
        self.action = scratch / "action"
        self.temp = scratch / "temp"
        self.bin = scratch / "bin"
        self.temp.mkdir(parents=True)
        self.bin.mkdir()
        (self.bin / "python3").symlink_to(self.python)
        self.uv = find_uv()
        self.path = os.pathsep.join(
            folder
            for folder in [str(self.bin), *os.defpath.split(os.pathsep), "/usr/bin", "/bin"]
            if folder and not os.access(Path(folder) / "uv", os.X_OK)
        )
        files = {"GITHUB_OUTPUT": scratch / "output", "GITHUB_STEP_SUMMARY": scratch / "summary"}
        for file in files.values():
            file.touch()
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("INPUT_", "GITHUB_", "RELEASE_ACTIONS_", "PYTHON"))
        }
        self.environ = {
            **kept,
            **STEP,
            **{name: str(file) for name, file in files.items()},
            "PATH": self.path,
            "RUNNER_TEMP": str(self.temp),
            "GITHUB_WORKSPACE": str(EXAMPLE),
        }
        self.renew()

    def renew(self) -> None:
        """A new job: nothing of an earlier one is there, byte code included. What pip and uv have cached stays."""
        shutil.rmtree(self.action, ignore_errors=True)
        shutil.rmtree(self.temp)
        self.temp.mkdir()
        self.action.mkdir()
        for name in SHIPPED:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, self.action / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / name, self.action)

    def launch(self, *arguments: str) -> list[str]:
        """The launcher as the manifests call it."""
        return ["sh", str(self.action / "release-actions"), *arguments]

    def interpreter(self) -> str:
        """The environment's own interpreter, once there is one."""
        (found,) = self.temp.glob("release-actions-*/bin/python")
        return str(found)


def find_uv() -> str:
    """Path of uv, of this environment or of the PATH; empty when there is none."""
    try:
        from uv import find_uv_bin  # in the development environment
    except ImportError:
        return shutil.which("uv") or ""
    return find_uv_bin()


def with_uv(job: Job, scratch: Path) -> dict[str, str]:
    """A job's variables with uv on the PATH, which asks the same index as pip."""
    folder = scratch / "uv"
    folder.mkdir()
    (folder / "uv").symlink_to(job.uv)
    environ = {**job.environ, "PATH": f"{folder}{os.pathsep}{job.path}"}
    index = environ.pop("PIP_INDEX_URL", "")
    for name in ("PIP_FIND_LINKS", "PIP_NO_INDEX", "PIP_EXTRA_INDEX_URL", "PIP_CONFIG_FILE"):
        environ.pop(name, None)
    return {**environ, "UV_DEFAULT_INDEX": index} if index else environ


def import_profile(job: Job) -> list[str]:
    """What validate-tag imports, the costliest modules first, each with its own time and without what it imports."""
    ended = subprocess.run(
        [job.interpreter(), "-I", "-X", "importtime", str(job.action / "actions/validate-tag/main.py")],
        env=job.environ,
        cwd=EXAMPLE,
        capture_output=True,
        text=True,
        check=True,
    )
    found = re.findall(r"^import time: +([0-9]+) \| +([0-9]+) \| +(\S+)$", ended.stderr, re.MULTILINE)
    names = [name for _, _, name in found]
    rows = sorted(((int(own), name) for own, _, name in found), reverse=True)[:HEAVIEST]
    lines = [f"{own / 1000:6.1f} ms  {name}" for own, name in rows]
    total = sum(int(own) for own, _, _ in found) / 1000
    github = "yes, and it must not be" if "github" in names else "no"
    return [
        f"validate-tag imports {len(names)} modules in {total:.0f} ms (as traced, slower than untraced).",
        f"PyGithub is imported: {github}. requests: {'yes' if 'requests.api' in names else 'no'}.",
        *lines,
    ]


def machine(job: Job) -> str:
    """What the times depend on, in a line."""
    model = ""
    if Path("/proc/cpuinfo").is_file():
        found = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
        model = f" ({found[1]})" if found else ""
    shell = Path(os.path.realpath(shutil.which("sh", path=job.path) or "sh")).name
    pip = subprocess.run([job.python, "-I", "-m", "pip", "--version"], capture_output=True, text=True, check=False)
    load = f"load {os.getloadavg()[0]:.1f} at the start"
    return (
        f"{os.cpu_count()} x {platform.machine()}{model}, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, {' '.join(pip.stdout.split()[:2]) or 'no pip'}, sh is {shell}, {load}"
    )


def rows(job: Job, fresh: Job, scratch: Path, every: int) -> list[Row]:
    """All that is measured: next uses in `job`, first uses in `fresh`, which is renewed for each."""
    bare = {"PATH": job.path, "HOME": str(scratch)}
    node = shutil.which("node")
    validate = str(job.action / "actions/validate-tag/main.py")
    run = f'exec sh "{job.action}/release-actions" validate-tag'
    found = [Row("bare interpreter: python3 -c pass", [job.python, "-c", "pass"], bare)]
    if node:
        found.append(Row("bare Node.js: node -e 0", [node, "-e", "0"], bare))
    found += [
        Row("next use: validate-tag", job.launch("validate-tag"), job.environ),
        Row("  the same as a step of a workflow, with bash", ["bash", "--noprofile", "--norc", "-c", run], job.environ),
        Row("  the same without the launcher", [job.interpreter(), "-I", "-u", validate], job.environ),
        Row("next use: ghcr-cleanup --help", job.launch("ghcr-cleanup", "--help"), job.environ),
    ]
    variants = [("pip", fresh.environ)] + ([("uv", with_uv(fresh, scratch))] if fresh.uv else [])
    for installer, environ in variants:
        for arguments in (("validate-tag",), ("ghcr-cleanup", "--help")):
            name = f"first use, {installer}: {' '.join(arguments)}"
            found.append(Row(name, fresh.launch(*arguments), environ, fresh.renew, every))
    return found


def report(measured: Sequence[Row]) -> bool:
    """Print the table and the aims; whether every aim is met."""
    median = {row.name: row.median for row in measured}
    bare = measured[0].median
    print(f"{'':<46}{'median':>9}{'fastest':>10}{'CPU':>10}{'to bare':>9}{'runs':>6}")
    for row in measured:
        shown = (row.median, min(row.seconds), statistics.median(row.cpu))
        times = f"{shown[0] * 1000:>6.0f} ms{shown[1] * 1000:>7.0f} ms{shown[2] * 1000:>7.0f} ms"
        print(f"{row.name:<46}{times}{row.median / bare:>8.1f}x{len(row.seconds):>6}")
    aims = [
        ("next use of validate-tag", median["next use: validate-tag"], 2 * bare + NEXT_USE_EXTRA),
        ("first use of validate-tag with pip", median["first use, pip: validate-tag"], FIRST_USE),
    ]
    print()
    for name, took, limit in aims:
        print(f"{'met   ' if took < limit else 'MISSED'}  {name}: {took * 1000:.0f} ms, aim {limit * 1000:.0f} ms")
    return all(took < limit for _, took, limit in aims)


def main(argv: Sequence[str]) -> int:
    """Exit code: 0 measured, 1 an aim was missed and --check was given."""
    parser = argparse.ArgumentParser(description="Measure the start-up of the launcher.")
    parser.add_argument("--rounds", type=int, default=20, help="runs of each fast row (default 20)")
    parser.add_argument("--every", type=int, default=4, help="a first use takes part in every n-th round (default 4)")
    parser.add_argument("--check", action="store_true", help="exit with 1 when an aim is missed")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        job, fresh = Job(scratch / "job"), Job(scratch / "fresh")
        Row("warm-up", job.launch("validate-tag"), job.environ).measure()
        measured = rows(job, fresh, scratch, options.every)
        print(machine(job))
        print()
        for row in measured:  # fills caches and writes byte code; not counted
            row.measure()
            row.seconds.clear()
            row.cpu.clear()
        for number in range(options.rounds):
            for row in measured:
                if number % row.every == 0:
                    row.measure()
        met = report(measured)
        if shutil.which("node") is None:
            print("Node.js is not on this machine.")
        if not job.uv:
            print("uv is not on this machine.")
        print()
        print("\n".join(import_profile(job)))
    return 1 if options.check and not met else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
