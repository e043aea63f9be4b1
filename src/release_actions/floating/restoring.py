"""Records what the tags of all packages name, and puts that back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from release_actions.config import Package
from release_actions.errors import ActionError
from release_actions.floating.git_versions import GitVersions
from release_actions.floating.outcome import PackageResult
from release_actions.floating.run import ProtectRun
from release_actions.floating.snapshot import Snapshot, SnapshotRestorer, name_package
from release_actions.floating.snapshot_report import report_restore, report_snapshot
from release_actions.registry.client import Manifest
from release_actions.runner.files import write_workspace_file
from release_actions.runner.report import Report


def take_snapshot(run: ProtectRun, name: str, git: GitVersions) -> Report:
    """Record what the release tags and floating tags of every package name. Writes nothing unless all were read."""
    recorded: dict[str, Mapping[str, Manifest]] = {}

    def read(package: Package) -> PackageResult:
        try:
            tags = run.reconciler.tags(package)
            # Flavours share a package, and each reads its own tags.
            recorded[package.label] = run.reconciler.read(package, tags or ())
        except ActionError as error:
            return PackageResult(package, error=error)
        return PackageResult(package, absent=tags is None)

    results = run.for_each(read, run.packages)
    if any(result.error for result in results):
        return report_snapshot(results, None, name)
    registry = run.config.release_registry
    packages: dict[str, dict[str, Manifest]] = {}
    for package in run.packages:
        packages.setdefault(name_package(package, registry), {}).update(recorded[package.label])
    released = {version.tag for version in (*git.since(-math.inf), *git.announced) if version.is_stable}
    snapshot = Snapshot(registry, run.context.now.isoformat(timespec="seconds"), packages, tuple(sorted(released)))
    hint = "Name a file that can be written as input 'snapshot'."
    write_workspace_file(run.context.path(name), f"The snapshot {name}", snapshot.text(), hint=hint)
    return report_snapshot(results, snapshot, name)


def restore(run: ProtectRun, snapshot: Snapshot, git: GitVersions, *, force: bool) -> Report:
    """Put back what a snapshot recorded of every package.

    Nothing is written for any package if that would overwrite a release that was published since, or put a floating
    tag below one, unless `force`: an old snapshot, restored by mistake, must not take a release back.
    """
    restorer = SnapshotRestorer(run.reconciler, snapshot, run.rules, git, force=force)

    def compare(package: Package) -> PackageResult:
        try:
            return PackageResult(package, difference=restorer.compare(package))
        except ActionError as error:
            return PackageResult(package, error=error)

    def put_back(result: PackageResult) -> PackageResult:
        if result.difference is None:
            return result
        journal = run.open_journal(result.package)
        try:
            restorer.restore(result.package, result.difference, journal)
        except ActionError as error:
            return replace(result, journal=journal, error=error)
        return replace(result, journal=journal)

    recorded = [package for package in run.packages if snapshot.key_of(package) in snapshot.packages]
    without = [package.label for package in run.packages if snapshot.key_of(package) not in snapshot.packages]
    results = run.for_each(compare, recorded)
    if not any(result.difference and result.difference.newer for result in results):
        compared = {result.package.label: result for result in results}
        results = run.for_each(lambda package: put_back(compared[package.label]), recorded)
    return report_restore(results, snapshot, without)
