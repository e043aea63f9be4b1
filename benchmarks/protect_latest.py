"""What a check of floating tags costs when nothing is wrong: `python benchmarks/protect_latest.py [--check]`.

13 images with 4 floating tags each, on the embedded registry in a process of its own, which answers every request after
a fixed time. The same check with two such times gives the round trips that follow one another, whatever the machine's
own speed: what the run takes longer, divided by what one answer takes longer. Logging in counts, and so do redirects.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import multiprocessing
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

from release_actions import main as command  # noqa: E402  # found by the line above
from release_actions.runner.report import Report  # noqa: E402  # found by the line above
from release_actions.runner.workflow import Workflow  # noqa: E402  # found by the line above

IMAGES = 13
RELEASES = ("v0.4.0", "v0.4.1", "v0.5.0-rc.1", "v0.5.0-rc.2", "v0.5.0")
FLOATS = {"latest": "v0.5.0", "v0": "v0.5.0", "v0.5": "v0.5.0", "v0.4": "v0.4.1"}
BOTH = ("linux/amd64", "linux/arm64")
LATENCY = 0.020
"""Seconds that the registry takes to answer."""

SLOWER = 0.220
AIM = 4
"""Round trips that a check may take, with logging in, for all images at once."""


def serve(pipe: Connection, platforms: Sequence[str]) -> None:
    """Serve a world with nothing wrong. Takes seconds of latency, answers with the requests so far; None ends it."""
    from release_actions.simulator import Simulator, World, build_image
    from release_actions.simulator.faults import Fault

    world = World()
    world.add_account("llm-d", organization=True)
    for number in range(IMAGES):
        path = f"llm-d/image-{number}"
        world.add_package(path, visibility="public")
        for tag in RELEASES:
            world.push(path, build_image(platforms, seed=f"{number} {tag}"), [tag])
        for tag, release in FLOATS.items():
            world.tag(path, release, tag)
    with Simulator(world) as simulator:
        pipe.send(simulator.environment())
        while (latency := pipe.recv()) is not None:
            requests = len(simulator.requests.entries)
            simulator.requests.clear()
            simulator.faults.clear()
            simulator.faults.add(Fault(times=0, latency=latency))
            pipe.send(requests)


class Bench:
    """A served world and runs against it."""

    def __init__(self, folder: Path, platforms: Sequence[str]) -> None:
        self.pipe, other = multiprocessing.get_context("spawn").Pipe()
        self._process = multiprocessing.get_context("spawn").Process(target=serve, args=(other, tuple(platforms)))
        self._process.start()
        self._environ: Mapping[str, str] = self.pipe.recv()
        self._folder = folder
        images = "".join(f"  image-{number}: {{}}\n" for number in range(IMAGES))
        text = f"repository: llm-d/llm-d\ndefaults:\n  platforms: [{', '.join(platforms)}]\nimages:\n{images}"
        (folder / "release.yaml").write_text(text, encoding="utf-8")

    def close(self) -> None:
        """End the server."""
        self.pipe.send(None)
        self._process.join()

    def run(self, images: str) -> Report:
        """One check."""
        environ = {
            **self._environ,
            "GITHUB_WORKSPACE": str(self._folder),
            "INPUT_IMAGES": images,
            "INPUT_EXISTING_TAGS": ", ".join(RELEASES),
        }
        with contextlib.redirect_stdout(io.StringIO()):
            return command.main_inner(["protect-latest"], environ, Workflow({}))

    def measure(self, count: int, latency: float, rounds: int) -> tuple[float, int]:
        """Seconds of a check, the median, and its requests. Exits when the check finds anything wrong."""
        checks, requests = [], 0
        for _ in range(rounds):
            self.slow_down(latency)
            began = time.perf_counter()
            report = self.run("all" if count == IMAGES else "image-0")
            checks.append(time.perf_counter() - began)
            if report.exit_code or report.outputs["drift"]:
                sys.exit(f"the check found something wrong: {report.lines}")
            requests = self.slow_down(latency)
        return statistics.median(checks), requests

    def slow_down(self, latency: float) -> int:
        """Let every answer take so many seconds from now on; the requests since this was called last."""
        self.pipe.send(latency)
        requests: int = self.pipe.recv()
        return requests


def main(argv: Sequence[str]) -> int:
    """Exit code: 0 measured, 1 the aim was missed and --check was given."""
    parser = argparse.ArgumentParser(description="Measure a check of floating tags that are right.")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each row (default 5)")
    parser.add_argument("--check", action="store_true", help="exit with 1 when the aim is missed")
    options = parser.parse_args(argv)
    latency = f"at {LATENCY * 1000:.0f} ms"
    print(f"{'':<32}{'requests':>9}{'an image':>10}{latency:>10}{'to the aim':>12}{'in a row':>10}")
    met = True
    for what, platforms in (("an index of two platforms", BOTH), ("a single manifest", BOTH[:1])):
        with tempfile.TemporaryDirectory() as name:
            bench = Bench(Path(name), platforms)
            for count in (1, IMAGES):
                bench.measure(count, 0.0, 1)
                check, requests = bench.measure(count, LATENCY, options.rounds)
                slow_check, _ = bench.measure(count, SLOWER, options.rounds)
                trips = (slow_check - check) / (SLOWER - LATENCY)
                print(
                    f"{f'{count} x {what}':<32}{requests:>9}{requests / count:>10.1f}{check * 1000:>7.0f} ms"
                    f"{check / (AIM * LATENCY):>11.2f}x{trips:>10.1f}"
                )
                met = met and round(trips) <= AIM
            bench.close()
    print()
    print(f"{'met   ' if met else 'MISSED'}  at most {AIM} trips in a row for a check, logging in included")
    return 1 if options.check and not met else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
