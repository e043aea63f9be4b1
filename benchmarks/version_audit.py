"""What an audit of versions in files costs: `python benchmarks/version_audit.py [--files N ...] [--check]`.

Trees of manifests, values, guides, scripts and source files, a tenth of which name the project's image. Each is audited
by a process of its own, without the network. Its processor seconds and its memory are counted beyond those of a tree
of ten files, which is Python's start and that of git.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FILES = (3_000, 30_000)
START = 10
AIMED_FILES, AIM_SECONDS, AIM_MEGABYTES = 3_000, 1.0, 100.0
NAMING = 10
"""Of so many files, one names the image."""

ROUNDS = 3
MEGABYTE = 1024 * 1024
KILOBYTES_IN_MEGABYTE = 1024
CONFIG = "repository: acme/engine\nimages:\n  engine: {platforms: [linux/amd64]}\n"
IMAGE = "ghcr.io/acme/engine"
FILLING = (
    "  - name: PORT\n    value: '8080'  # what the probe asks\n    description: nothing that names a version\n" * 60
)

FORMS = (
    ("manifests/{}.yaml", f"apiVersion: v1\nspec:\n  image: {IMAGE}:v0.4.0\n"),
    ("charts/{}/values.yaml", f"image:\n  repository: {IMAGE}\n  tag: v0.4.0\n"),
    ("overlays/{}/kustomization.yaml", f"images:\n  - name: {IMAGE}\n    newTag: v0.4.0\n"),
    ("guides/{}.md", f"# Guide\n\n```sh\ndocker pull {IMAGE}:v0.4.0\n```\n"),
    ("scripts/{}.sh", f"export ENGINE_TAG=${{ENGINE_TAG:-v0.4.0}}\ndocker run {IMAGE}:${{ENGINE_TAG}}\n"),
)


@dataclass(frozen=True)
class Cost:
    """What a process needed."""

    seconds: float
    megabytes: float


def write_tree(folder: Path, files: int) -> None:
    """A tracked tree of about 6 KiB a file."""
    (folder / "release.yaml").write_text(CONFIG, encoding="utf-8")
    for number in range(files):
        name, content = FORMS[number % len(FORMS)]
        path = folder / name.format(number)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text((content if number % NAMING < 1 else "") + FILLING, encoding="utf-8")
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)  # noqa: S607  # git of this machine
    subprocess.run(["git", "add", "--all"], cwd=folder, check=True)  # noqa: S607  # as above


def measure(folder: Path) -> Cost:
    """Audit a tree in a process of its own."""
    command = [sys.executable, "-I", str(ROOT / "src" / "release_actions"), "version-audit"]
    command += ["--tag", "v0.5.0", "--preflight", "false", "--levels", "release"]
    environ = {"PATH": os.environ["PATH"], "HOME": str(folder), "GITHUB_WORKSPACE": str(folder)}
    with subprocess.Popen(command, cwd=folder, env=environ, stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        message = f"version-audit ended with {process.returncode}"
        raise SystemExit(message)
    unit = MEGABYTE if sys.platform == "darwin" else KILOBYTES_IN_MEGABYTE
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / unit)


def measure_best(files: int) -> Cost:
    """The least of some rounds: others on the machine only add."""
    with tempfile.TemporaryDirectory(prefix="release-actions-benchmark-") as name:
        folder = Path(name)
        write_tree(folder, files)
        costs = [measure(folder) for _ in range(ROUNDS)]
    return Cost(min(cost.seconds for cost in costs), min(cost.megabytes for cost in costs))


def main(arguments: list[str]) -> int:
    """Print a table. With --check, 1 when an aim is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, nargs="+", default=FILES)
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args(arguments)
    start = measure_best(START)
    print(f"Beyond {start.seconds:.2f} s and {start.megabytes:.0f} MB, which {START} files need:")
    print(f"{'files':>7} {'CPU s':>7} {'MB':>6} {'ms a file':>10}")
    is_missed = False
    for files in given.files:
        whole = measure_best(files)
        beyond = Cost(whole.seconds - start.seconds, whole.megabytes - start.megabytes)
        each = beyond.seconds * 1000 / files
        print(f"{files:>7} {beyond.seconds:>7.2f} {beyond.megabytes:>6.0f} {each:>10.3f}")
        if files == AIMED_FILES and (beyond.seconds > AIM_SECONDS or beyond.megabytes > AIM_MEGABYTES):
            is_missed = True
    print(f"Aim for {AIMED_FILES} files: {AIM_SECONDS} s and {AIM_MEGABYTES} MB {'missed' if is_missed else 'met'}.")
    return 1 if given.check and is_missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
