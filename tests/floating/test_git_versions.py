"""What git is known to have while packages are judged."""

from __future__ import annotations

from release_actions.floating.git_versions import GitVersions
from release_actions.versions.version import Version, parse

NEW, OTHER = parse("v0.6.0"), parse("v0.7.0")


def test_a_version_that_the_list_lacks_is_confirmed_once() -> None:
    asked: list[Version] = []

    def confirm(version: Version) -> bool:
        asked.append(version)
        return version == NEW

    versions = GitVersions((), confirm=confirm)

    assert [versions.confirm(version) for version in (NEW, NEW, OTHER)] == [True, True, False]
    assert asked == [NEW, OTHER]


def test_a_list_that_was_given_by_hand_confirms_nothing() -> None:
    assert GitVersions(()).confirm(NEW) is False
