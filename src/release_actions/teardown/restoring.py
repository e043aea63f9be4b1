"""Mode restore: bring back what an undo file names, as far as GitHub lets anybody, and say what it does not.

Images come first, then git tags, then releases: a release that is published without its tag makes one, of something
else. It must never move a tag that was moved since, never replace what is there, and say before what cannot come back.
"""

from __future__ import annotations

import contextlib
import functools
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from release_actions.cleanup import restoring as packages
from release_actions.cleanup.pace import Limits
from release_actions.cleanup.store import Store
from release_actions.errors import ActionError, ExitCode, Problem
from release_actions.github.assets import Assets
from release_actions.github.refs import NO_OBJECT, GitRefs
from release_actions.github.releases import Release, Releases
from release_actions.registry.names import PackagePath
from release_actions.runner import markdown
from release_actions.runner.event_log import EventLog
from release_actions.runner.report import Finding, Level, Report, counted
from release_actions.runner.workflow import Workflow
from release_actions.teardown.events import (
    Event,
    Failed,
    Interrupted,
    NotRestored,
    RefRestored,
    ReleaseRestored,
    Stopped,
)
from release_actions.teardown.instructions import fetch
from release_actions.teardown.model import Ref
from release_actions.teardown.release_files import add_files
from release_actions.teardown.undo import Undo

RULE = "restore"


@dataclass(frozen=True)
class Back:
    """A restoration. `images`: full name of a package -> its part; `events`: about git tags, releases and the run."""

    images: Mapping[str, packages.Back]
    events: EventLog[Event] = field(default_factory=EventLog)

    @property
    def versions(self) -> int:
        """Package versions that are there again, or never went."""
        return sum(len(back.outcome.restored) for back in self.images.values())

    @property
    def refs(self) -> tuple[Ref, ...]:
        """Git tags that name again what they named."""
        return tuple(event.ref for event in self.events.select(RefRestored))

    @property
    def releases(self) -> tuple[Release, ...]:
        """Releases that are there again."""
        return tuple(event.release for event in self.events.select(ReleaseRestored))

    @property
    def lost(self) -> tuple[Problem, ...]:
        """Problems of git tags and releases that are not there again."""
        return tuple(event.problem for event in self.events.select(NotRestored))

    @property
    def unknown(self) -> tuple[Problem, ...]:
        """Problems of git tags and releases of which nobody knows whether they are there again."""
        return tuple(problem for event in self.events.select(Failed) for problem in event.error.problems)

    @property
    def stopped(self) -> str:
        """Why the others were not tried, as a sentence; empty when all were."""
        return next((event.reason for event in self.events.select(Stopped)), "")

    @property
    def is_interrupted(self) -> bool:
        """Whether a signal ended the run."""
        return bool(self.events.select(Interrupted))


@dataclass(frozen=True)
class Restorer:
    """One run of the mode. `stores`: full name of a package -> its store."""

    record: Undo
    stores: Mapping[PackagePath, Store]
    refs: GitRefs
    releases: Releases
    assets: Assets
    log: Workflow
    limits: Limits

    @functools.cached_property
    def back(self) -> Back:
        """What is there again so far."""
        return Back({path: packages.Back(packages.versions_of(known)) for path, known in self.record.packages.items()})

    def run(self) -> Back:
        """Bring back everything, the parts of images first. What fails is kept, and the rest goes on."""
        try:
            for path, entries in self.record.packages.items():
                back = self.back.images[path]
                with self.log.group(f"Restore {path}"):
                    packages.restore_package(self.stores[PackagePath(path)], entries, back, self.limits)
            with self.log.group("Restore git tags and releases"):
                self.names()
        except KeyboardInterrupt:
            self.back.events.add(Interrupted())
        return self.back

    def names(self) -> None:
        """Git tags, then releases."""
        for ref in reversed(self.record.refs):
            with self.kept():
                if self.out_of_time():
                    return
                self.ref(ref)
        with self.kept():
            there = self.releases.all() if self.record.releases else ()
            for release in reversed(self.record.releases):
                # Of a candidate that was torn down twice the later release comes back.
                with self.kept():
                    if self.out_of_time():
                        return
                    known = (*there, *self.back.releases)
                    self.release(
                        release,
                        next((release_now for release_now in known if is_same_release(release_now, release)), None),
                    )

    def out_of_time(self) -> bool:
        """Whether nothing further may begin."""
        stop = self.limits.stop(1)
        if stop:
            self.back.events.add(Stopped(stop))
        return bool(stop)

    @contextlib.contextmanager
    def kept(self) -> Iterator[None]:
        """Keep an error of one thing with the others."""
        try:
            yield
        except ActionError as error:
            self.back.events.add(Failed(error))

    def ref(self, ref: Ref) -> None:
        """A git tag, unless something else was done to it since."""
        now = self.refs.get(ref.tag)
        refusal = None
        if not now:
            refusal = self.refs.create(ref.tag, ref.before)
        elif now == ref.after:
            refusal = self.refs.move(ref.tag, ref.before)
        elif now != ref.before:
            message = f"The git tag {ref.tag} now names {now}, so it was not put back on {ref.before}."
            hint = (
                f"If {ref.before[:12]} is right: git push --force origin "
                f"{shlex.quote(f'{ref.before}:refs/tags/{ref.tag}')}"
            )
            self.back.events.add(NotRestored(Problem(message, hint)))
            return
        if refusal:
            hint = refusal.hint
            if NO_OBJECT in refusal.message:
                hint += (
                    " GitHub drops objects that nothing names. A clone that still has it can push it: "
                    f"git push origin {shlex.quote(f'{ref.before}:refs/tags/{ref.tag}')}"
                )
            self.back.events.add(
                NotRestored(Problem(f"The git tag {ref.tag} could not be restored. {refusal}.", hint.strip()))
            )
            return
        self.back.events.add(RefRestored(ref))
        self.log.info(f"the git tag {ref.tag} names {ref.before[:12]} again")

    def release(self, release: Release, existing: Release | None) -> None:
        """A release, once its git tag is there, with the files that the undo file holds."""
        files = self.record.files.get(release.id, {})
        if existing is None:
            if not release.draft and not self.refs.get(release.tag):
                message = f"The release {release.tag} was not restored: its git tag does not exist."
                hint = "GitHub would make the tag from a branch. Restore the tag first, then run this again."
                self.back.events.add(NotRestored(Problem(message, hint)))
                return
            refusal = self.releases.again(release)
            if refusal:
                message = f"The release {release.tag} could not be restored. {refusal}."
                self.back.events.add(NotRestored(Problem(message, refusal.hint)))
                return
            self.log.info(f"made the release {release.tag} again")
        if files:
            # Only GitHub's list says where the files of the new release go.
            made = existing or next(
                (candidate for candidate in self.releases.all() if is_same_release(candidate, release)), None
            )
            if made is None:
                message = f"GitHub does not list the release {release.tag}, which was just made, so it has no files."
                self.back.events.add(NotRestored(Problem(message, packages.AGAIN)))
                return
            add_files(made, files, self.assets)
        self.back.events.add(ReleaseRestored(release))


def is_same_release(there: Release, release: Release) -> bool:
    """Whether a release need not be made anew: GitHub has one published release of a tag, and any number of drafts."""
    if there.draft or release.draft:
        return (there.tag, there.name, there.body) == (release.tag, release.name, release.body)
    return there.tag == release.tag


def report(record: Undo, back: Back, undo_file: str, address: str, *, dry_run: bool) -> Report:
    """Outputs, summary and findings of the mode. A dry run only says what would come back.

    `address`: of the repository, for clones.
    """
    findings = [finding for path, package in back.images.items() for finding in packages.list_findings(path, package)]
    findings += [Finding(Level.ERROR, problem, RULE) for problem in (*back.lost, *back.unknown)]
    findings += [Finding.of(Level.WARNING, sentence, rule=RULE) for sentence in describe_losses(record)]
    if back.is_interrupted or back.stopped:
        why = "Stopped by a signal." if back.is_interrupted else f"Stopped. {back.stopped}"
        findings.append(
            Finding.of(Level.ERROR, f"{why} {describe_counts(record, back)}", hint=packages.AGAIN, rule="stopped")
        )
    code = max((packages.exit_code(package) for package in back.images.values()), default=ExitCode.PASS)
    if back.is_interrupted:
        code = ExitCode.INTERRUPTED
    elif back.unknown or back.stopped:
        code = ExitCode.UNKNOWN
    elif back.lost:
        code = max(code, ExitCode.REFUSED)
    tags = sorted(ref.tag for ref in (record.refs if dry_run else back.refs))
    commands = (fetch(tags, address),) if tags else ()
    return Report(
        outputs={
            "restored": {
                "versions": back.versions,
                "git": [ref.tag for ref in back.refs],
                "releases": [release.tag for release in back.releases],
            },
            "undo-file": undo_file,
            "local-commands": "\n".join(commands),
        },
        summary=write_summary(record, back, dry_run=dry_run),
        lines=(
            *(describe_plan(record) if dry_run else ()),
            *(f"In every clone: {command}" for command in commands),
            write_verdict(record, back, dry_run=dry_run),
        ),
        findings=tuple(findings),
        exit_code=code,
    )


def describe_losses(record: Undo) -> Iterator[str]:
    """Sentences about what nobody can bring back."""
    for release in record.releases:
        lost = [name for name in release.files if name not in record.files.get(release.id, {})]
        files = f" The files that it had are lost: {', '.join(lost)}." if lost else ""
        yield f"The release {release.tag} is restored as a new one, with a new date and another author.{files}"


def describe_plan(record: Undo) -> Iterator[str]:
    """What would come back, in sentences."""
    for path, entries in record.packages.items():
        tags = ", ".join(sorted(tag for entry in entries for tag in entry.tags)) or "none"
        yield f"{path}: {counted(len(entries), 'version')} would be restored, with the tags {tags}."
    for ref in record.refs:
        yield f"git tag {ref.tag} would name {ref.before[:12]} again."
    for release in record.releases:
        yield f"release {release.tag} would be restored."


def describe_counts(record: Undo, back: Back) -> str:
    """What is there of how much, in one sentence."""
    total = sum(len(entries) for entries in record.packages.values())
    return (
        f"{back.versions} of {counted(total, 'version')}, {len(back.refs)} of {counted(len(record.refs), 'git tag')} "
        f"and {len(back.releases)} of {counted(len(record.releases), 'release')} were restored."
    )


def write_verdict(record: Undo, back: Back, *, dry_run: bool) -> str:
    """The run in one sentence."""
    if record.is_empty:
        return "The undo file lists nothing, so there is nothing to restore."
    if not dry_run:
        return describe_counts(record, back)
    total = sum(len(entries) for entries in record.packages.values())
    tags, pages = counted(len(record.refs), "git tag"), counted(len(record.releases), "release")
    return f"{counted(total, 'version')}, {tags} and {pages} would be restored. Nothing was changed."


def write_summary(record: Undo, back: Back, *, dry_run: bool) -> str:
    """The job summary: what came back in each system, and what did not."""
    head = "## Restored from the undo file" + (" (dry run: nothing was changed)" if dry_run else "") + "\n\n"
    text = head + markdown.plain(write_verdict(record, back, dry_run=dry_run)) + "\n\n"
    lost = [package.problem for path, there in back.images.items() for package in packages.list_findings(path, there)]
    text += "".join(
        f"**Not restored.** {markdown.plain(str(problem))}\n\n" for problem in (*lost, *back.lost, *back.unknown)
    )
    rows = []
    for path, entries in record.packages.items():
        there = back.images[path].outcome.restored
        rows.append(["registry", markdown.code(path), f"{len(there)} of {counted(len(entries), 'version')}"])
    rows += [["git", markdown.code(ref.tag), "yes" if ref in back.refs else "no"] for ref in record.refs]
    rows += [
        ["release", markdown.code(release.tag), "yes" if release in back.releases else "no"]
        for release in record.releases
    ]
    return text + markdown.table(["System", "What", "Restored"], rows)
