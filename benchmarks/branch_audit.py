"""What an audit of a branch of vLLM's size costs: `python benchmarks/branch_audit.py [--check]`.

Makes a history with 17,000 commits on trunk and 60 on the branch: picks with and without trailers, adapted ones, and
reverts on trunk since the cut, with promised picks that the branch lacks. Prints processor seconds and the most memory
of the audit and of the git processes that it starts.

    --check     end with 1 when an aim is missed
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

from release_actions.branches.auditing import AuditRequest, audit_branch  # noqa: E402  # found by the line above

TRUNK, SINCE, PICKS, PROMISED = 17_000, 3_000, 60, 20
SECONDS, MEGABYTES = 10, 300
"""The aims: half of the commits' processor seconds may be git's."""

START = 1_700_000_000
FILES = 500


def write_commit(mark: int, branch: str, message: str, file: str, content: str, parent: str = "") -> Iterator[str]:
    """A commit as `git fast-import` takes it."""
    yield f"commit refs/heads/{branch}\nmark :{mark}\n"
    yield f"committer Ada <ada@example.org> {START + 60 * mark} +0000\n"
    yield f"data {len(message)}\n{message}\n"
    yield f"from {parent}\n" if parent else ""
    yield f"M 100644 inline {file}\ndata {len(content)}\n{content}\n"


def write_history() -> Iterator[str]:
    """Trunk and a branch. A commit of trunk changes a file of its own and one of five hundred that are shared."""
    for mark in range(1, TRUNK + 1):
        message = f"[Core] Improve part {mark} of the engine (#{mark})"
        if mark > TRUNK - SINCE and mark % 100 == 0:
            message = f'Revert "[Core] Improve part {mark - 50} of the engine" (#{mark})'
        yield from write_commit(mark, "main", message, f"src/{mark % FILES}.py", f"part {mark}\n" * 20)
    cut = TRUNK - SINCE
    for index in range(PICKS):
        mark, trunk = TRUNK + 1 + index, cut + 1 + index * 10
        number = f"(#{trunk}) (#{mark})" if index % 2 else f"(#{mark})"
        message = f"[Core] Improve part {trunk} of the engine {number}"
        content = f"part {trunk}\n" * (20 if index % 3 else 19)
        parent = f":{cut}" if not index else ""
        yield from write_commit(mark, "release", message, f"src/{trunk % FILES}.py", content, parent)


def main() -> int:
    """Measure, print, and judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        git = ("git", "-C", folder)
        subprocess.run((*git, "init", "--quiet", "--initial-branch=main"), check=True)
        stream = "".join(write_history()).encode()
        subprocess.run((*git, "fast-import", "--quiet"), input=stream, check=True)
        del stream
        promised = tuple(TRUNK - SINCE + 5 + 10 * index for index in range(PROMISED))
        before = spent()
        audited = audit_branch(AuditRequest(Path(folder), "release", "main", promised=promised), None, lambda _: None)
        seconds = spent() - before
    memory = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024
    print(f"{len(audited.explained)} commits explained, {len(audited.missing)} missing, {len(audited.reverts)} reverts")
    print(f"{seconds:.1f} s of a processor (aim {SECONDS}), {memory:.0f} MB (aim {MEGABYTES})")
    return int(asked.check and (seconds > SECONDS or memory > MEGABYTES))


def spent() -> float:
    """Processor seconds of this process and of those that it started."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


if __name__ == "__main__":
    sys.exit(main())
