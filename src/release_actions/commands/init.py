"""init: reads what a repository publishes today, and writes what moving over takes. For the terminal.

Nothing is written before everything is planned, and no file is replaced unless the user says so. Asks nobody, runs
nothing.
"""

from __future__ import annotations

import difflib
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from release_actions.adoption.callers_text import Part, Triggers, write_callers
from release_actions.adoption.events import Filter, Occasion
from release_actions.adoption.migration_page import write_page
from release_actions.adoption.moving import Move, Surroundings, find_prefix, plan_move
from release_actions.adoption.reading import list_triggers
from release_actions.adoption.suite import Suite
from release_actions.adoption.validating import list_workflow_files
from release_actions.config import FILE
from release_actions.errors import ActionError, ExitCode, InputError
from release_actions.git.checkout import read_tags, run_git
from release_actions.main import ROOT
from release_actions.runner import inputs
from release_actions.runner.context import Context
from release_actions.runner.files import check_workspace_file, write_workspace_file
from release_actions.runner.report import Finding, Level, Output, Report, counted
from release_actions.runner.workflow import Workflow

PAGE = "MIGRATION.md"
REMOTE = re.compile(r"(?:https://|git@|ssh://git@)[^/:]+[/:](?P<name>[^/]+/[^/]+?)(?:\.git)?/?")


@dataclass(frozen=True)
class Inputs:
    """The flags of `./release-actions init`."""

    callers: tuple[str, ...] = inputs.option(
        inputs.items,
        (),
        about="Workflows to write: release, build, clean-up, protect-latest, notes. Default: release and build, as far "
        "as there is something today.",
    )
    default_branch: str = inputs.option(
        inputs.text, "", about="The repository's default branch. Default: the one that origin/HEAD names, else main."
    )
    values: tuple[str, ...] = inputs.option(
        inputs.lines, (), about="What only a run knows, one a line: vars.NAME=value or secrets.NAME=value."
    )
    dry_run: bool = inputs.option(inputs.boolean, default=False, about="Show the changes as a diff, and write nothing.")
    yes: bool = inputs.option(inputs.boolean, default=False, about="Write without asking.")
    overwrite: bool = inputs.option(inputs.boolean, default=False, about="Replace files that are there and differ.")


OUTPUTS = ("moved", "events", "complete", "files", "why-not")


def run(given: Inputs, context: Context, log: Workflow) -> Report:
    """Plan, show, and write. Raises `InputError` for what cannot be known, and for files that would be replaced."""
    move = plan_move(read_surroundings(given, context))
    if move.refusal:
        return refuse(move)
    files = make_files(given, move)
    existing = [name for name, text in files.items() if differs(context.path(name), text)]
    if given.dry_run:
        sys.stdout.write("".join(show_diff(context.path(name), name, text) for name, text in files.items()))
        return make_report(move, [])
    if existing and not given.overwrite:
        message = f"{', '.join(existing)} would be replaced, and differs from what init would write."
        raise InputError(message, hint="See the changes with --dry-run, and replace with --overwrite.")
    for line in describe(move, list(files)):
        log.info(line)
    if not given.yes and not ask(list(files)):
        return make_report(move, [])
    for name in files:
        check_workspace_file(context.path(name), name)
    for name, text in files.items():
        write_workspace_file(context.path(name), name, text)
    return make_report(move, list(files))


def read_surroundings(given: Inputs, context: Context) -> Surroundings:
    """What is known of the repository. Raises `InputError` where nobody says what it is called."""
    folder = context.workspace
    repository = context.repository or find_repository(folder)
    if not repository:
        message = "It is not known what this repository is called on GitHub."
        raise InputError(message, hint="Pass --repository owner/name.")
    try:
        tags = tuple(read_tags(folder, may_be_none=True))
    except ActionError:
        # A folder that is no checkout, or a shallow one: the workflows say what tags look like.
        tags = ()
    answers = dict(line.partition("=")[::2] for line in given.values)
    branch = given.default_branch or find_default_branch(folder)
    return Surroundings(folder, repository, branch, find_prefix(folder, tags), context.now, answers)


def find_repository(folder: Path) -> str:
    """The name on GitHub, from the address of the remote; empty without one."""
    match = REMOTE.fullmatch(run_git(folder, "config", "--get", "remote.origin.url", fails=True).strip())
    return match["name"] if match else ""


def find_default_branch(folder: Path) -> str:
    """The branch that the remote stands on, else main or master, whichever a workflow names or is checked out."""
    head = run_git(folder, "symbolic-ref", "--short", "refs/remotes/origin/HEAD", fails=True).strip()
    if head:
        return head.removeprefix("origin/")
    pushes = (list_triggers(folder, file).below("push") for file in list_workflow_files(folder))
    named = {name for push in pushes for name in Filter.read(push, "branches").patterns}
    current = run_git(folder, "symbolic-ref", "--short", "HEAD", fails=True).strip()
    usual = ("main", "master")
    return next((name for name in usual if name in named), current if current in usual else "main")


def make_files(given: Inputs, move: Move) -> dict[str, str]:
    """Path -> text, of all that is written. Raises `InputError` for a workflow that init does not know."""
    config = move.config
    assert config is not None  # noqa: S101  # a move without a refusal has one
    known = [part.value for part in Part]
    wrong = [name for name in given.callers if name not in known]
    if wrong:
        message = f"init writes no workflow {wrong[0]!r}."
        raise InputError(message, hint=f"It writes {', '.join(known)}.")
    parts = [Part(name) for name in given.callers] or choose_parts(move)
    callers = write_callers(parts, config, read_triggers(move), Suite(ROOT).interfaces)
    text = move.text
    if Part.CLEAN_UP in parts:
        if not config.packages("dev"):
            message = "Only releases are published here, so there is nothing to clean up by a rule."
            raise InputError(message, hint="Leave clean-up out of --callers.")
        text += '\ncleanup:\n  dev-images: {channel: dev, delete-tags: ["sha-*", "pr-*"], older-than: 30d}\n'
    files = {FILE: text, **callers}
    return {**files, PAGE: write_page(move, [*files, PAGE])}


def choose_parts(move: Move) -> list[Part]:
    """What the repository has today."""
    occasions = {event.occasion for event in move.happening}
    releases = {Occasion.FINAL, Occasion.CANDIDATE}
    parts = [Part.RELEASE] if occasions & releases else []
    return parts + ([Part.BUILD] if occasions - releases else [])


def read_triggers(move: Move) -> Triggers:
    """What starts builds today, from all the workflows that a move replaces."""
    occasions = {event.occasion for event in move.happening}
    surroundings = move.surroundings
    triggers = [list_triggers(surroundings.workspace, file) for file in move.files]
    pushes = [tree.below("push") for tree in triggers]
    branches = [text for push in pushes for text in Filter.read(push, "branches").patterns]
    crons = [entry.text("cron") for tree in triggers for entry in tree.below("schedule").trees()]
    pulls = [text for tree in triggers for text in tree.below("pull_request").below("branches").items()]
    return Triggers(
        branches=tuple(
            dict.fromkeys(branches or (["**"] if Occasion.BRANCH in occasions else [surroundings.default_branch]))
        )
        if occasions & {Occasion.TRUNK, Occasion.BRANCH}
        else (),
        paths=tuple(dict.fromkeys(text for push in pushes for text in push.below("paths").items())),
        ignored_paths=tuple(dict.fromkeys(text for push in pushes for text in push.below("paths-ignore").items())),
        pulls=Occasion.PULL in occasions,
        pull_branches=tuple(dict.fromkeys(pulls)),
        schedules=tuple(dict.fromkeys(crons)),
        by_hand=Occasion.BY_HAND in occasions,
    )


def differs(path: Path, text: str) -> bool:
    """Whether a file is there and is not what would be written."""
    return path.is_file() and path.read_bytes() != text.encode()


def show_diff(path: Path, name: str, text: str) -> str:
    """The change of a file, as `git apply` takes it."""
    before = path.read_bytes().decode(errors="replace") if path.is_file() else ""
    lines = difflib.unified_diff(
        before.splitlines(keepends=True),
        text.splitlines(keepends=True),
        f"a/{name}" if before else "/dev/null",
        f"b/{name}",
    )
    body = "".join(lines)
    new = "" if before else "new file mode 100644\n"
    return f"diff --git a/{name} b/{name}\n{new}{body}" if body else ""


def ask(files: list[str]) -> bool:
    """Whether the user wants the files. Raises `InputError` where there is nobody to ask."""
    if not sys.stdin.isatty():
        message = "Nothing was written, because nobody can be asked here."
        raise InputError(message, hint="Pass --yes to write, or --dry-run to see the changes.")
    answer = input(f"Write {counted(len(files), 'file')}? [y/N] ")
    return answer.strip().lower() in {"y", "yes"}


def describe(move: Move, files: list[str]) -> list[str]:
    """What was planned, in a few lines."""
    events = counted(len(move.comparisons), "event")
    return [
        f"{events} publish images, {move.complete} of them as today. {PAGE} says where others differ.",
        *(f"  {name}" for name in files),
    ]


def refuse(move: Move) -> Report:
    """A repository that is not moved, and why."""
    hint = "The actions work beside it: ghcr-cleanup and protect-latest need nothing of this."
    finding = Finding.of(
        Level.ERROR, f"Not moved. {move.refusal.replace(chr(0x27E6), '').replace(chr(0x27E7), '')}", hint=hint
    )
    outputs: dict[str, Output] = {"moved": False, "why-not": finding.problem.message}
    return Report(outputs=outputs, findings=(finding,), exit_code=ExitCode.REFUSED)


def make_report(move: Move, written: list[str]) -> Report:
    """The end of a run: what was written, and the next two commands."""
    lines = (f"Wrote {', '.join(written)}.", "Next: release-actions validate", f"Then read {PAGE}.") if written else ()
    return Report(
        outputs={
            "moved": True,
            "events": len(move.comparisons),
            "complete": move.complete,
            "files": list(written),
        },
        lines=lines,
    )
