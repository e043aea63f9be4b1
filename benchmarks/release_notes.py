"""What the notes of a release cost: `python benchmarks/release_notes.py [--pulls N ...] [--check]`.

Pull requests by 60 people between two releases, on the embedded GitHub in a process of its own, which answers every
request after 20 ms. One repository squashes them; one merges each with three commits, and half of them were also picked
to the branch of the release before. Then the notes of a long history of merges from a checkout, whose time is that of
the processor. All other times are on the wall, without Python's start.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import multiprocessing
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

from release_actions import main as command  # noqa: E402  # found by the line above

REPOSITORY = "llm-d/llm-d"
TOKEN = "ghs_benchmark"  # noqa: S105  # of the embedded GitHub
LATENCY = 0.020
PEOPLE = 60
HISTORY_SECONDS = 10
"""Seconds of CPU that the notes of 20,000 commits with 5,000 merges may take from a checkout."""

HOUR = 1_000
"""Requests that a job's own token has in an hour."""


def serve(pipe: Connection, pulls: int, *, merges: bool) -> None:
    """Serve a repository with two releases. Sends its environment, then the requests by kind when it is told to end."""
    from release_actions.simulator import Simulator, World
    from release_actions.simulator.accounts import TokenKind
    from release_actions.simulator.clock import START
    from release_actions.simulator.faults import Fault
    from release_actions.simulator.git import Target
    from release_actions.simulator.repositories import Pull

    world = World()
    world.add_account("llm-d", organization=True)
    repository = world.add_repository(REPOSITORY)
    permissions = {"contents": "read", "pull-requests": "read"}
    world.add_token(TOKEN, TokenKind.ACTIONS, repository=REPOSITORY, permissions=permissions)
    git, now = repository.git, START
    tip = patch = git.commit("Begin", now)
    git.refs["refs/tags/v0.4.0"] = Target(tip.sha, "commit")
    for number in range(1, pulls + 1):
        author, now = f"person-{number % PEOPLE}", now + timedelta(hours=1)
        side = [tip.sha]
        for part in range(3 if merges else 0):
            side.append(git.commit(f"Part {part} of {number}", now, parents=(side[-1],), login=author).sha)
        subject = f"Merge pull request #{number} from {author}/work\n\nChange {number}"
        message = subject if merges else f"Change {number} (#{number})"
        parents = (tip.sha, side[-1]) if merges else (tip.sha,)
        tip = git.commit(message, now, parents=parents, login=author)
        pull = Pull(number, number, f"Change {number}", author, "main", side[0], "work", side[-1], now, now)
        pull.state, pull.closed, pull.merged, pull.merge_commit, pull.commits = (
            "closed",
            now,
            now,
            tip.sha,
            tuple(side[1:]),
        )
        pull.labels, pull.body = ("kind/feature",), "What it does, and why. " * 40
        repository.pulls[number] = pull
        if merges and number % 2:
            picked = f"{subject}\n\n(cherry picked from commit {tip.sha})"
            patch = git.commit(picked, now, parents=(patch.sha,), login=author)
    git.refs["refs/heads/main"] = git.refs["refs/tags/v0.5.0"] = Target(tip.sha, "commit")
    git.refs["refs/tags/v0.4.1"] = Target(patch.sha, "commit")
    with Simulator(world) as simulator:
        simulator.faults.add(Fault(times=0, latency=LATENCY))
        pipe.send(simulator.environment())
        pipe.recv()
        asked = [f"{entry.method} {entry.route}" for entry in simulator.requests.entries]
        pipe.send(dict(Counter(asked)))


def measure(pulls: int, *, merges: bool) -> tuple[dict[str, int], float, int]:
    """Requests by kind, seconds, and how many changes the notes list."""
    context = multiprocessing.get_context("spawn")
    pipe, other = context.Pipe()
    server = context.Process(target=serve, args=(other, pulls), kwargs={"merges": merges})
    server.start()
    served = pipe.recv()
    previous = "v0.4.1" if merges else "v0.4.0"
    with tempfile.TemporaryDirectory() as folder:
        environ = {**served, "GITHUB_WORKSPACE": folder, "GITHUB_REPOSITORY": REPOSITORY, "GITHUB_TOKEN": TOKEN}
        flags = ["--tag", "v0.5.0", "--previous-tag", previous]
        with contextlib.redirect_stdout(io.StringIO()) as said:
            began = time.monotonic()
            code = command.main(["release-notes", *flags], environ)
            seconds = time.monotonic() - began
        if code:
            sys.exit(said.getvalue())
        listed = (Path(folder) / "release-notes.md").read_text(encoding="utf-8").count("\n* Change ")
    pipe.send(None)
    kinds = pipe.recv()
    server.join()
    return kinds, seconds, listed


def write_history(folder: Path, merges: int) -> None:
    """A repository between two tags: each merge brings three commits, and every tenth change is reverted later."""
    git = ["git", "-C", str(folder)]
    subprocess.run([*git, "init", "--quiet", "--initial-branch=main"], check=True)
    lines: list[str] = []
    mark = 0

    def commit(message: str, author: int, *parents: int) -> int:
        nonlocal mark
        mark += 1
        who = f"person-{author} <1+person-{author}@users.noreply.github.com> {1_700_000_000 + 60 * mark} +0000"
        text = message.encode()
        lines.extend(["commit refs/heads/main", f"mark :{mark}", f"author {who}", f"committer {who}"])
        lines.extend([f"data {len(text)}", message])
        lines.extend(f"{'merge' if place else 'from'} :{parent}" for place, parent in enumerate(parents))
        lines.append("")
        return mark

    tip = commit("Begin", 0)
    lines.extend(["reset refs/tags/v0.4.0", f"from :{tip}", ""])
    for number in range(1, merges + 1):
        side = tip
        for part in range(3):
            side = commit(f"Part {part} of {number}", number % PEOPLE, side)
        title = f'Revert "Change {number - 5}"' if number % 10 == 0 else f"Change {number}"
        subject = f"Merge pull request #{number} from person-{number % PEOPLE}/work"
        tip = commit(f"{subject}\n\n{title}", 0, tip, side)
    lines.extend(["reset refs/tags/v0.5.0", f"from :{tip}", ""])
    text = "\n".join(lines).encode()
    subprocess.run([*git, "fast-import", "--quiet"], input=text, check=True)


def measure_history(merges: int) -> tuple[float, int]:
    """Seconds of CPU to write the notes of a long history from a checkout, and how many changes they have."""
    with tempfile.TemporaryDirectory() as folder:
        write_history(Path(folder), merges)
        flags = ["--tag", "v0.5.0", "--history", "checkout", "--json", "--repository", REPOSITORY]
        with contextlib.redirect_stdout(io.StringIO()) as said, contextlib.redirect_stderr(io.StringIO()):
            began = time.process_time()
            code = command.main(["release-notes", *flags], {"GITHUB_WORKSPACE": folder})
            seconds = time.process_time() - began
        if code:
            sys.exit(said.getvalue())
        return seconds, int(json.loads(said.getvalue())["changes"])


def most(commits: int, behind: int, people: int) -> int:
    """The bound that docs/release-notes.md states: pages of tags and releases aside, which are one each here."""
    pages = -(-commits // 100) + -(-behind // 100) + 1
    return 2 + pages + -(-commits // 50) + -(-people // 20)


def main() -> int:
    """Measure and print. Ends with 1 when a bound is missed and `--check` is given."""
    parser = argparse.ArgumentParser(description="Measure release-notes.")
    parser.add_argument("--pulls", type=int, nargs="+", default=[30, 300])
    parser.add_argument("--merges", type=int, default=5_000)
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args()
    missed = []
    print("| pull requests | merged by | commits | requests | bound | at 20 ms | listed |")
    print("| ---: | --- | ---: | ---: | ---: | ---: | ---: |")
    details = []
    for pulls in given.pulls:
        for merges in (False, True):
            kinds, seconds, listed = measure(pulls, merges=merges)
            commits = pulls * (4 if merges else 1)
            bound = most(commits, pulls // 2 + 1 if merges else 0, min(pulls, PEOPLE))
            asked, how = sum(kinds.values()), "merge" if merges else "squash"
            print(f"| {pulls} | {how} | {commits} | {asked} | {bound} | {seconds:.2f} s | {listed} |")
            details.append(f"{pulls} {how}: {dict(sorted(kinds.items()))}")
            if asked > min(bound, HOUR):
                missed.append(f"{pulls} {how}: {asked} requests, at most {bound}")
            if listed != (pulls // 2 if merges else pulls):
                missed.append(f"{pulls} {how}: {listed} changes are listed")
    print("", *details, sep="\n")
    merges = given.merges
    seconds, listed = measure_history(merges)
    print(f"\n{4 * merges} commits with {merges} merges from a checkout: {seconds:.1f} s of CPU, {listed} changes")
    if seconds > HISTORY_SECONDS:
        missed.append(f"{4 * merges} commits from a checkout took {seconds:.1f} s, at most {HISTORY_SECONDS}")
    if listed != merges - 2 * (merges // 10):
        missed.append(f"{listed} changes of the checkout are listed")
    for line in missed:
        print(f"missed: {line}")
    return 1 if given.check and missed else 0


if __name__ == "__main__":
    sys.exit(main())
