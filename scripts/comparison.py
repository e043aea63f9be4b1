"""Write docs/comparison.md, or say that it is stale: `comparison.py [--check]`.

What llm-d's workflows measure is given in llm_d_today.yaml. What this suite needs for the same is counted here, in
examples/llm-d, at every run; what a change of the list of images costs is tried on a copy of its release.yaml.
"""

from __future__ import annotations

import difflib
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

from generated_page import write_or_check  # noqa: E402  # the path above comes first
from release_actions.config import load_text  # noqa: E402  # as above
from release_actions.runner.markdown import code, codes, plain, table  # noqa: E402  # as above

DATA = ROOT / "scripts/llm_d_today.yaml"
PAGE = ROOT / "docs/comparison.md"
EXAMPLE = ROOT / "examples/llm-d"
OTHER_SUBJECTS = ("components.yaml", "rehearsal.yaml", "rehearsal-cut-tags.yaml")
"""Files of the example that say nothing about how images are built."""

CHANNELS = ("release", "dev", "pull-request")


@dataclass(frozen=True)
class Size:
    """What is counted of some files together. `repeated`: the share of the lines of code that repeat another one."""

    lines: int
    repeated: str
    jobs: int
    steps: int
    copies: int


def measured(*texts: str) -> Size:
    """The size of some files. A line of code is one that is neither blank nor a comment alone."""
    lines = [line.strip() for text in texts for line in text.splitlines()]
    code_lines = [line for line in lines if line and not line.startswith("#")]
    documents = [yaml.safe_load(text) for text in texts]
    jobs = [job for document in documents for job in document.get("jobs", {}).values()]
    steps = [yaml.safe_dump(step, sort_keys=True) for job in jobs for step in job.get("steps", ())]
    share = f"{100 * repeats(code_lines) / len(code_lines):.0f} %"
    return Size(len(lines), share, len(jobs), len(steps), repeats(steps))


def size_of(*paths: Path) -> Size:
    """The size of files."""
    return measured(*(path.read_text(encoding="utf-8") for path in paths))


def repeats(items: Iterable[str]) -> int:
    """How many items repeat another one."""
    return sum(count - 1 for count in Counter(items).values())


def own_files() -> list[Path]:
    """What a project like llm-d keeps: its release.yaml, and its workflows once they are there."""
    found = [*EXAMPLE.rglob("*.yaml"), *EXAMPLE.rglob("*.yml")]
    return sorted(path for path in found if path.name not in OTHER_SUBJECTS)


def shared_files() -> list[Path]:
    """The workflows that this suite keeps for all projects."""
    found = [*(ROOT / ".github/workflows").glob("*.yaml"), *(ROOT / ".github/workflows").glob("*.yml")]
    return sorted(path for path in found if "workflow_call:" in path.read_text(encoding="utf-8"))


def sizes(data: Mapping[str, Any]) -> str:
    """The table of sizes: llm-d by date, and what is here."""
    head = ["", "lines", "repeated lines of code", "jobs", "steps", "steps that are copies"]
    rows = []
    for each in data["sizes"]:
        lines, (exact, near) = each["build-image"] + each["ci-release"], each["copies"]
        copied = f"{exact}, and {near} but for names"
        name = f"llm-d, {each['date']} (`{each['commit']}`)"
        rows.append([name, f"{lines:,}", f"{each['repeated']} %", str(each["jobs"]), str(each["steps"]), copied])
    for name, paths in (("llm-d with this suite", own_files()), ("kept here, once for all projects", shared_files())):
        if paths:
            total = size_of(*paths)
            rows.append([name, str(total.lines), total.repeated, str(total.jobs), str(total.steps), str(total.copies)])
    return table(head, rows)


def files(paths: Sequence[Path]) -> str:
    """A table of files with their sizes."""
    measures = [(path.relative_to(ROOT).as_posix(), size_of(path)) for path in paths]
    rows = [[code(name), str(size.lines), size.repeated] for name, size in measures]
    return table(["File", "lines", "repeated lines of code"], rows)


def changed_lines(before: str, after: str) -> int:
    """Lines that were added or removed."""
    matcher = difflib.SequenceMatcher(None, before.splitlines(), after.splitlines(), autojunk=False)
    return sum(
        old + new for old, new in ((b - a, d - c) for tag, a, b, c, d in matcher.get_opcodes() if tag != "equal")
    )


def tried(change: Mapping[str, Any]) -> int:
    """Make a change on a copy of the example. Returns the changed lines.

    Raises `ValueError` when the changed file does not publish what it should.
    """
    before = (EXAMPLE / "release.yaml").read_text(encoding="utf-8")
    after, here = before, change["here"]
    if "add" in here:
        after = after.replace("\ncleanup:", f"\n{here['add']}\ncleanup:", 1)
    for old, new in here.get("replace", ()):
        after = after.replace(old, new, 1)
    published = [{each.reference for each in load_text(after).packages(channel)} for channel in CHANNELS]
    known = [{each.reference for each in load_text(before).packages(channel)} for channel in CHANNELS]
    more = [reference for new, old in zip(published, known, strict=True) for reference in sorted(new - old)]
    if more != here["packages"]:
        message = f"to {change['what']} publishes {more}, and not {here['packages']}"
        raise ValueError(message)
    return changed_lines(before, after)


def costs(data: Mapping[str, Any]) -> str:
    """The table of changes."""
    head = ["Change of the list of images", "changed lines in llm-d's two workflows", "changed lines here"]
    rows = []
    for change in data["changes"]:
        pull = f"[#{change['pull']}]({data['source']['repository']}/pull/{change['pull']})"
        how = "the change that took it away" if change.get("removed") else "the change that added it"
        one, other = change["lines"]
        rows.append([plain(change["what"]), f"{one} + {other}, {how}: {pull}", str(tried(change))])
    return table(head, rows)


def page(data: Mapping[str, Any]) -> str:
    """The page."""
    own, shared = own_files(), shared_files()
    workflows = codes(data["source"]["files"][:2])
    return (
        "# How much there is to maintain\n\n"
        "<!-- Generated by scripts/comparison.py. Do not edit. -->\n\n"
        f"llm-d's numbers are of {workflows} in [llm-d/llm-d]({data['source']['repository']}), read at the commits "
        "named. The others are counted in this repository whenever this page is made. A line of code is one that is "
        "neither blank nor a comment alone; it is repeated when the same line, without blanks at its ends, was "
        "there before.\n\n"
        f"{sizes(data)}\n"
        "What llm-d keeps with this suite builds the same images for the same events "
        "([event by event](llm-d-differences.md)):\n\n"
        f"{files(own)}\n"
        + (f"And what is kept here, for every project that uses it:\n\n{files(shared)}\n" if shared else "")
        + "## What a change costs\n\n"
        "llm-d's list of images changes with every release. Here the same change was made to a copy of "
        "[release.yaml](../examples/llm-d/release.yaml), which then publishes the image in all three channels.\n\n"
        f"{costs(data)}"
    )


def current() -> str:
    """The page as it has to be now."""
    return page(yaml.safe_load(DATA.read_text(encoding="utf-8")))


def main(argv: Sequence[str] | None = None) -> int:
    """Write or check. 1 when the page is stale, or cannot be made."""
    return write_or_check(PAGE, current, "comparison", argv)


if __name__ == "__main__":
    sys.exit(main())
