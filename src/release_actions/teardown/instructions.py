"""What people do after a teardown: commands for their clones, and what takes it back.

It must never name a tag for deletion that is still on GitHub, nor bring back a clean-up's journal.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping

from release_actions.cleanup.undo_record import make_entries
from release_actions.runner.report import Output
from release_actions.teardown.events import Done
from release_actions.teardown.model import Plan, RefChange
from release_actions.teardown.package import PackageTeardown
from release_actions.teardown.plan import list_stumps
from release_actions.teardown.undo import list_gone_refs, list_gone_releases, release_row


def list_local_commands(plan: Plan, done: Done, address: str) -> tuple[str, ...]:
    """What people run in their clones, whose tags a later `git push --tags` would bring back.

    `address`: of the repository. A remote's name would not do: the `origin` of who contributes is a fork with old tags.
    They are about what went, and what earlier runs may have taken, and never about what is only planned.
    """
    elsewhere = (change for change in done.gone if isinstance(change, RefChange))
    changes = (*done.refs, *elsewhere)
    there = plan.living | {change.tag for change in plan.refs} - {change.tag for change in changes}
    gone = {version.tag for version in plan.candidates} | {
        tag for candidate in plan.candidates for tag in list_stumps(candidate)
    }
    gone = (gone - there) | {change.tag for change in changes if not change.after}
    moved = sorted(change.tag for change in changes if change.after)
    commands = []
    if gone:
        names = shlex.join(sorted(gone))
        # Deleting a tag that a clone lacks would fail and end a script, so only those that it lists are deleted.
        commands.append(f"git tag -d $(git tag -l {names})")
    if moved:
        commands.append(fetch(moved, address))
    return tuple(commands)


def fetch(tags: Iterable[str], address: str) -> str:
    """The command that gives a clone the tags as the repository at an address has them."""
    return shlex.join(["git", "fetch", "--force", address, *(f"refs/tags/{tag}:refs/tags/{tag}" for tag in tags)])


def make_undo_output(images: Iterable[PackageTeardown], done: Done) -> dict[str, Output]:
    """What takes it back, as JSON: ids of versions by package, releases as they were, git tags and their objects."""
    versions: dict[str, Output] = {image.path: list(list_undone(image)) for image in images if list_undone(image)}
    releases: list[Output] = []
    for release in list_gone_releases(done):
        row = release_row(release)
        del row["id"], row["files"]
        releases.append(row)
    return {"versions": versions, "releases": releases, "git": {ref.tag: ref.before for ref in list_gone_refs(done)}}


def list_undo_commands(
    images: Iterable[PackageTeardown], done: Done, repository: str, kinds: Mapping[str, str]
) -> tuple[str, ...]:
    """What takes a run back, as commands of GitHub's own client. `kinds`: account -> `orgs` or `users`."""
    commands = []
    for image in images:
        owner, _, name = image.path.partition("/")
        gone = list_undone(image)
        if gone:
            route = f"{kinds[owner]}/{owner}/packages/container/{name.replace('/', '%2F')}/versions"
            commands += [f"gh api -X POST {route}/{number}/restore" for number in reversed(gone)]
    for change in done.refs:
        how = ["-X", "PATCH"] if change.after else ["-X", "POST"]
        path = f"repos/{repository}/git/refs" + (f"/tags/{change.tag}" if change.after else "")
        sent = [f"sha={change.before}"] if change.after else [f"ref=refs/tags/{change.tag}", f"sha={change.before}"]
        force = ["-F", "force=true"] if change.after else []
        commands.append(
            shlex.join(["gh", "api", *how, path, *(part for field in sent for part in ("-f", field)), *force])
        )
    return tuple(commands)


def list_undone(image: PackageTeardown) -> tuple[int, ...]:
    """Ids of the versions of a package that would be brought back, in the order they went."""
    outcome = image.outcome
    known = {entry.id for entry in make_entries((*outcome.deleted, *outcome.unsure), image.contents)}
    return tuple(number for number in outcome.undo if number in known)
