"""Mode restore: bring back what an undo file names, as far as GitHub lets anybody, and say what it does not.

Images come first, then git tags, then releases: a release that is published without its tag makes one, of something
else. It must never move a tag that was moved since, never replace what is there, and say before what cannot come back.
"""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from release_actions import markdown
from release_actions.cleanup import mending
from release_actions.cleanup.restoring import lost_tags, versions_of
from release_actions.cleanup.store import Outcome, Store, title
from release_actions.cleanup.undo import Entry
from release_actions.errors import ActionError, ExitCode, Problem
from release_actions.git_refs import GitRefs
from release_actions.releases import Release, Releases
from release_actions.report import Finding, Level, Report, counted
from release_actions.teardown.instructions import fetch
from release_actions.teardown.undo import Ref, Undo
from release_actions.workflow import Workflow

RULE = "restore"


@dataclass
class Back:
    """What is there again so far. Written as it happens.

    `lost`: problems about what is not; `unknown`: about what nobody knows.
    """

    images: dict[str, Outcome] = field(default_factory=dict)
    refs: list[Ref] = field(default_factory=list)
    releases: list[Release] = field(default_factory=list)
    lost: list[Problem] = field(default_factory=list)
    unknown: list[Problem] = field(default_factory=list)
    interrupted: bool = False

    @property
    def versions(self) -> int:
        """Package versions that are there again, or never went."""
        return sum(len(outcome.restored) for outcome in self.images.values())


@dataclass(frozen=True)
class Restorer:
    """One run of the mode. `stores`: full name of a package -> its store."""

    found: Undo
    stores: Mapping[str, Store]
    refs: GitRefs
    releases: Releases
    log: Workflow
    back: Back = field(default_factory=Back)

    def run(self) -> Back:
        """Bring back everything, the parts of images first. What fails is kept, and the rest goes on."""
        try:
            for path, entries in self.found.packages.items():
                with self.log.group(f"Restore {path}"), self.kept():
                    self.image(path, entries)
            with self.log.group("Restore git tags and releases"):
                for ref in reversed(self.found.refs):
                    with self.kept():
                        self.ref(ref)
                with self.kept():
                    there = self.releases.all() if self.found.releases else ()
                    for release in reversed(self.found.releases):
                        # Of a candidate that was torn down twice the later release comes back.
                        with self.kept():
                            known = (*there, *self.back.releases)
                            self.release(release, any(stands_for(one, release) for one in known))
        except KeyboardInterrupt:
            self.back.interrupted = True
        return self.back

    @contextlib.contextmanager
    def kept(self) -> Iterator[None]:
        """Keep an error of one thing with the others."""
        try:
            yield
        except ActionError as error:
            self.back.unknown += error.problems

    def image(self, path: str, entries: Iterable[Entry]) -> None:
        """The versions of one package, and every tag that they had."""
        entries = tuple(entries)
        store, outcome = self.stores[path], Outcome()
        self.back.images[path] = outcome
        for item in mending.bring_back(store, versions_of(entries), outcome):
            message = f"{path}: {title(item.version)} could not be restored. {item.message}"
            self.back.lost.append(Problem(message, item.hint))
        wanted = {tag: one.digest for one in entries for tag in one.tags}
        self.back.lost += [Problem(f"{path}: {sentence}") for sentence in lost_tags(store, wanted)]

    def ref(self, ref: Ref) -> None:
        """A git tag, unless something else was done to it since."""
        now = self.refs.get(ref.tag)
        refusal = None
        if not now:
            refusal = self.refs.create(ref.tag, ref.before)
        elif now == ref.after:
            refusal = self.refs.move(ref.tag, ref.before)
        elif now != ref.before:
            message = f"The git tag {ref.tag} names {now} by now, so it was not put back on {ref.before}."
            hint = f"If it belongs there: git push --force origin {shlex.quote(f'{ref.before}:refs/tags/{ref.tag}')}"
            self.back.lost.append(Problem(message, hint))
            return
        if refusal:
            hint = (
                f"{refusal.hint} GitHub drops objects that nothing names. A clone that still has it can push it: "
                f"git push origin {shlex.quote(f'{ref.before}:refs/tags/{ref.tag}')}"
            )
            self.back.lost.append(Problem(f"The git tag {ref.tag} could not be restored. {refusal}.", hint.strip()))
            return
        self.back.refs.append(ref)
        self.log.info(f"the git tag {ref.tag} names {ref.before[:12]} again")

    def release(self, release: Release, there: bool) -> None:  # noqa: FBT001  # what was looked up for all at once
        """A release, once its git tag is there."""
        if not there:
            if not release.draft and not self.refs.get(release.tag):
                message = f"The release {release.tag} was not made anew: its git tag is not there."
                hint = "GitHub would make the tag from a branch. Put the tag back first, then run this again."
                self.back.lost.append(Problem(message, hint))
                return
            refusal = self.releases.again(release)
            if refusal:
                message = f"The release {release.tag} could not be made anew. {refusal}."
                self.back.lost.append(Problem(message, refusal.hint))
                return
            self.log.info(f"made the release {release.tag} anew")
        self.back.releases.append(release)


def stands_for(there: Release, release: Release) -> bool:
    """Whether a release need not be made anew: GitHub has one published release of a tag, and any number of drafts."""
    if there.draft or release.draft:
        return (there.tag, there.name, there.body) == (release.tag, release.name, release.body)
    return there.tag == release.tag


def report(found: Undo, back: Back, undo_file: str, address: str, *, dry_run: bool) -> Report:
    """Outputs, summary and findings of the mode. A dry run only says what would come back.

    `address`: of the repository, for clones.
    """
    findings = [Finding(Level.ERROR, problem, RULE) for problem in (*back.lost, *back.unknown)]
    findings += [Finding.of(Level.WARNING, sentence, rule=RULE) for sentence in forever(found)]
    if back.interrupted:
        message = f"Stopped by a signal. {counts(found, back)}"
        hint = "Run it again with the same undo file: what is there again is left as it is."
        findings.append(Finding.of(Level.ERROR, message, hint=hint, rule="stopped"))
    code = ExitCode.PASS
    if back.interrupted:
        code = ExitCode.INTERRUPTED
    elif back.unknown:
        code = ExitCode.UNKNOWN
    elif back.lost:
        code = ExitCode.REFUSED
    tags = sorted(ref.tag for ref in (found.refs if dry_run else back.refs))
    commands = (fetch(tags, address),) if tags else ()
    return Report(
        outputs={
            "restored": {
                "versions": back.versions,
                "git": [ref.tag for ref in back.refs],
                "releases": [one.tag for one in back.releases],
            },
            "undo-file": undo_file,
            "local-commands": "\n".join(commands),
        },
        summary=summary(found, back, dry_run=dry_run),
        lines=(
            *(would(found) if dry_run else ()),
            *(f"In every clone: {command}" for command in commands),
            verdict(found, back, dry_run=dry_run),
        ),
        findings=tuple(findings),
        exit_code=code,
    )


def forever(found: Undo) -> Iterator[str]:
    """Sentences about what nobody can bring back."""
    for release in found.releases:
        files = f" The files that it had are lost: {', '.join(release.files)}." if release.files else ""
        yield f"The release {release.tag} comes back as a new one, with a new date and by another author.{files}"


def would(found: Undo) -> Iterator[str]:
    """What would come back, in sentences."""
    for path, entries in found.packages.items():
        tags = ", ".join(sorted(tag for entry in entries for tag in entry.tags)) or "none"
        yield f"{path}: {counted(len(entries), 'version')} would come back, with the tags {tags}."
    for ref in found.refs:
        yield f"git tag {ref.tag} would name {ref.before[:12]} again."
    for release in found.releases:
        yield f"release {release.tag} would be made anew."


def counts(found: Undo, back: Back) -> str:
    """What is there of how much, in one sentence."""
    total = sum(len(entries) for entries in found.packages.values())
    return (
        f"{back.versions} of {counted(total, 'version')}, {len(back.refs)} of {counted(len(found.refs), 'git tag')} "
        f"and {len(back.releases)} of {counted(len(found.releases), 'release')} are there again."
    )


def verdict(found: Undo, back: Back, *, dry_run: bool) -> str:
    """The run in one sentence."""
    if found.is_empty:
        return "The undo file names nothing."
    if not dry_run:
        return counts(found, back)
    total = sum(len(entries) for entries in found.packages.values())
    tags, pages = counted(len(found.refs), "git tag"), counted(len(found.releases), "release")
    return f"{counted(total, 'version')}, {tags} and {pages} would come back."


def summary(found: Undo, back: Back, *, dry_run: bool) -> str:
    """The job summary: what came back in each system, and what did not."""
    head = "## Teardown taken back" + (" (dry run: nothing was changed)" if dry_run else "") + "\n\n"
    text = head + markdown.plain(verdict(found, back, dry_run=dry_run)) + "\n\n"
    text += "".join(f"**Not restored.** {markdown.plain(str(one))}\n\n" for one in (*back.lost, *back.unknown))
    rows = []
    for path, entries in found.packages.items():
        there = back.images[path].restored if path in back.images else []
        rows.append(["registry", markdown.code(path), f"{len(there)} of {counted(len(entries), 'version')}"])
    rows += [["git", markdown.code(ref.tag), "yes" if ref in back.refs else "no"] for ref in found.refs]
    rows += [["release", markdown.code(one.tag), "yes" if one in back.releases else "no"] for one in found.releases]
    return text + markdown.table(["System", "What", "There again"], rows)
