"""Mode restore: bring back what an undo file names, and resolve every tag that it had.

It must never move a tag that names something else by now.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from http import HTTPStatus

from release_actions.cleanup import mending, proof
from release_actions.cleanup.events import Failed, Restored, RestoreFailed, Stopped, TagNotRestored, TagsResolved
from release_actions.cleanup.outcome import Outcome
from release_actions.cleanup.pace import Limits
from release_actions.cleanup.selection import Version
from release_actions.cleanup.store import Store, describe_version
from release_actions.cleanup.undo import Entry
from release_actions.errors import ActionError, ExitCode, Problem, RemoteError
from release_actions.registry.names import Digest, PackagePath, Tag
from release_actions.runner import markdown
from release_actions.runner.report import Finding, Level, Report, counted
from release_actions.runner.workflow import Workflow

LONG_AGO = datetime(1970, 1, 1, tzinfo=timezone.utc)
"""The time of a version whose times nobody asks for."""


WHOLE = (
    "If the whole package was deleted, bring it back first: for 30 days it is under 'Deleted packages' in the settings "
    "of its account. If not, this token may not see it."
)
AGAIN = "Run it again with the same undo file: it skips what is restored already."


def versions_of(entries: Iterable[Entry]) -> list[Version]:
    """The versions that entries of an undo file say were deleted."""
    return [Version(e.id, e.digest, e.tags, LONG_AGO, LONG_AGO) for e in entries if not e.stays]


def restore_lost_tags(store: Store, wanted: Mapping[str, str]) -> list[str]:
    """Put tags that are gone on their digests again. Sentences about those that are not whole now.

    Raises `ActionError` when that cannot be found out.
    """
    now = store.digests(wanted)
    away = [tag for tag in sorted(wanted) if now[tag] != wanted[tag]]
    problems = {tag: mending.put_back(store, Tag(tag), Digest(wanted[tag])) for tag in away}
    whole = {tag: wanted[tag] for tag in wanted if not problems.get(tag)}
    return [*filter(None, problems.values()), *proof.find_unresolved(store, whole)]


@dataclass(frozen=True)
class Back:
    """One package of a restoration: the versions to bring back, and what came of it."""

    versions: Sequence[Version]
    outcome: Outcome = field(default_factory=Outcome)

    @property
    def left(self) -> int:
        """Versions that were not tried."""
        return len(self.versions) - len(self.outcome.restored) - len(self.outcome.unrestored)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What could not be found out."""
        return tuple(problem for error in self.outcome.errors for problem in error.problems)


def bring_back(
    stores: Mapping[PackagePath, Store],
    entries: Mapping[str, Sequence[Entry]],
    undo_file: str,
    limits: Limits,
    log: Workflow,
    *,
    dry_run: bool,
) -> Report:
    """Restore what an undo file names, parts first, and resolve every tag that it had. A dry run only names it.

    `stores`: full name of a package -> its store.
    """
    back = {path: Back(versions_of(entries[path])) for path in stores}
    interrupted = False
    try:
        for path, store in stores.items() if not dry_run else ():
            with log.group(f"Restore {path}"):
                restore_package(store, entries[path], back[path], limits)
    except KeyboardInterrupt:
        interrupted = True
    findings = [found for path, package in back.items() for found in list_findings(path, package)]
    if interrupted:
        message = (
            f"Stopped by a signal. {sum(package.left for package in back.values())} versions are not restored yet."
        )
        findings.append(Finding.of(Level.ERROR, message, hint=AGAIN, rule="stopped"))
    head = "## GHCR clean-up: restore" + (" (dry run: nothing was restored)" if dry_run else "")
    rows = [
        [
            markdown.code(path),
            str(len(package.versions)),
            str(len(package.outcome.restored)),
            str(package.outcome.resolved_tags),
        ]
        for path, package in back.items()
    ]
    table = markdown.table(["Package", "In the undo file", "Restored", "Tags that resolve"], rows)
    return Report(
        outputs={
            "deleted": 0,
            "untagged": 0,
            "left": sum(package.left for package in back.values()),
            "freed-bytes": 0,
            "refused": [],
            "undo": {},
            "undo-file": undo_file,
            "restored": sum(len(package.outcome.restored) for package in back.values()),
        },
        summary=f"{head}\n\n{table}",
        lines=(
            *(
                line
                for path, found in back.items()
                for line in describe_package(path, found, entries[path], dry_run=dry_run)
            ),
            *(["Nothing was changed."] if dry_run else []),
        ),
        findings=tuple(findings),
        exit_code=ExitCode.INTERRUPTED if interrupted else max(map(exit_code, back.values()), default=ExitCode.PASS),
    )


def restore_package(store: Store, entries: Sequence[Entry], back: Back, limits: Limits) -> None:
    """Bring back the versions of one package, and the tags that it had. What happens is in `back.outcome`."""
    outcome = back.outcome
    try:
        # A run that goes on must not spend its requests on what is there again.
        listed = {version.id for version in store.versions()}
        there = store.digests(version.digest for version in back.versions if version.id in listed)
        outcome.add(*(Restored(version) for version in back.versions if there.get(version.digest)))
        for version in reversed(back.versions):
            if there.get(version.digest):
                continue
            stop = limits.stop(1)
            if stop:
                outcome.add(Stopped(stop))
                return
            for event in mending.bring_back(store, [version]):
                outcome.add(event)
                if isinstance(event, RestoreFailed) and event.item.lasting:
                    outcome.add(Stopped("Every other version would be refused too."))
                    return
        # The tags of a version that is not back have nothing to name: the version's finding says why.
        missing = {item.version.id for item in outcome.unrestored}
        wanted = {tag: entry.digest for entry in entries if entry.id not in missing for tag in entry.tags}
        lost = restore_lost_tags(store, wanted)
        outcome.add(*map(TagNotRestored, lost), TagsResolved(len(wanted) - len(lost)))
    except ActionError as error:
        gone = isinstance(error, RemoteError) and error.status == HTTPStatus.NOT_FOUND
        problems = [Problem(problem.message, WHOLE if gone else problem.hint) for problem in error.problems]
        outcome.add(Failed(ActionError(problems=problems)))


def list_findings(path: str, back: Back) -> Iterable[Finding]:
    """What a person should see of one package."""
    for problem in back.problems:
        yield Finding.of(Level.ERROR, f"{path}: {problem.message}", hint=problem.hint, rule="restore")
    for item in back.outcome.unrestored:
        message = f"{path}: {describe_version(item.version)} could not be restored. {item.message}"
        yield Finding.of(Level.ERROR, message, hint=item.hint, rule="restore")
    for sentence in back.outcome.unresolved:
        yield Finding.of(Level.ERROR, f"{path}: {sentence}", rule="restore")
    if back.outcome.stopped and back.left:
        message = f"{path}: stopped before {counted(back.left, 'version')} could be restored. {back.outcome.stopped}"
        yield Finding.of(Level.ERROR, message, hint=AGAIN, rule="stopped")


def describe_package(path: str, back: Back, entries: Iterable[Entry], *, dry_run: bool) -> Iterable[str]:
    """One package in plain sentences."""
    if dry_run:
        yield from (f"{path}: {describe_version(version)} would be restored." for version in reversed(back.versions))
        yield from (f"{path}: {tag} would be put back." for entry in entries if entry.stays for tag in entry.tags)
    else:
        yield f"{path}: {len(back.outcome.restored)} of {len(back.versions)} versions were restored."


def exit_code(back: Back) -> ExitCode:
    """The worst of what happened to one package."""
    if back.outcome.errors or back.outcome.stopped:
        return ExitCode.UNKNOWN
    return ExitCode.REFUSED if back.outcome.unrestored or back.outcome.unresolved else ExitCode.PASS
