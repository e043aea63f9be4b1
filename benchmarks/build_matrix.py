"""What planning costs beyond start-up: `python benchmarks/build_matrix.py [--rounds N] [--check]`.

60 images on 4 platforms in 3 destinations, with build arguments from a version file and paths, planned in a process
that has everything imported. Beside it a plan of 1,000 such images, which is refused. Both read their file anew in each
round.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

from release_actions import main  # noqa: E402  # the path above comes first
from release_actions.commands import build_matrix  # noqa: E402  # as above
from release_actions.errors import PolicyError  # noqa: E402  # as above
from release_actions.runner.context import Context  # noqa: E402  # as above
from release_actions.runner.workflow import Workflow  # noqa: E402  # as above

AIM = 0.3
"""Seconds for 60 images on 4 platforms in 3 destinations."""

PLATFORMS = ("linux/amd64", "linux/arm64", "linux/s390x", "linux/ppc64le")


def workspace(folder: Path, images: int) -> Context:
    """A workspace with a configuration of so many images."""
    row = "  image-N: {dockerfile: docker/Dockerfile.N, paths: [src/N/**], build-args: {KEY: '{file.KEY_N}'}}\n"
    rows = "".join(re.sub(r"(?<=[-./_])N\b", str(n), row) for n in range(images))
    runners = ", ".join(f"{platform}: builder" for platform in PLATFORMS)
    head = f"repository: acme/app\nversion-file: versions\ndefaults:\n  platforms: [{', '.join(PLATFORMS)}]\n"
    places = "hub: {registry: docker.io}, quay: {registry: quay.io}"
    head += f"  runners: {{{runners}}}\nchannels:\n  release: {{name: '{{image}}', destinations: {{{places}}}}}\n"
    (folder / "release.yaml").write_text(f"{head}images:\n{rows}")
    (folder / "versions").write_text("".join(f"KEY_{n}=value-{n} # what it maps to\n" for n in range(images)))
    return Context(repository="acme/app", ref="refs/tags/v1.2.0", sha="0" * 40, workspace=folder)


def plan(context: Context) -> int:
    """Plan a release. Returns the number of jobs, 0 if the plan is refused."""
    try:
        report = build_matrix.run(build_matrix.Inputs(), context, Workflow({}))
    except PolicyError:
        return 0
    matrix = json.loads(json.dumps(report.outputs["matrix"]))
    return len(matrix["include"])


def median(act: Callable[[], int], rounds: int) -> float:
    """Seconds of an act, the middle of several rounds after one that does not count."""
    act()
    times = []
    for _ in range(rounds):
        before = time.perf_counter()
        act()
        times.append(time.perf_counter() - before)
    return statistics.median(times)


def run() -> int:
    """Print the table. With `--check`, 1 when the aim is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--check", action="store_true", help="exit with 1 if the aim is missed")
    given = parser.parse_args()
    main.load("build-matrix")
    print("| | jobs | median |\n| --- | ---: | ---: |")
    seconds = {}
    for images in (60, 1000):
        with tempfile.TemporaryDirectory() as folder:
            context = workspace(Path(folder), images)
            jobs = plan(context)
            seconds[images] = median(lambda context=context: plan(context), given.rounds)  # type: ignore[misc]  # bound now
        what = jobs or "refused"
        print(f"| {images} images on {len(PLATFORMS)} platforms | {what} | {seconds[images] * 1000:.0f} ms |")
    met = seconds[60] < AIM
    print(f"\nAim: 60 images under {AIM * 1000:.0f} ms, {'met' if met else 'missed'}.")
    return 1 if given.check and not met else 0


if __name__ == "__main__":
    sys.exit(run())
