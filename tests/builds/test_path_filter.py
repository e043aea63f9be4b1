"""Globs over the paths of a repository."""

import pytest

from release_actions.builds.path_filter import matches
from release_actions.errors import InputError
from release_actions.runner import patterns


@pytest.mark.parametrize(
    ("globs", "path", "expected"),
    [
        (["docker/Dockerfile.cpu"], "docker/Dockerfile.cpu", True),
        (["docker/Dockerfile.cpu"], "docker/Dockerfile.cpu2", False),
        (["docker/Dockerfile.cpu"], "x/docker/Dockerfile.cpu", False),
        (["docker/*"], "docker/a", True),
        (["docker/*"], "docker/a/b", False),
        (["docker/**"], "docker/a/b", True),
        (["docker/"], "docker/a/b", True),
        (["**/*.sh"], "a.sh", True),
        (["**/*.sh"], "a/b/c.sh", True),
        (["a/**/z"], "a/z", True),
        (["a/**/z"], "a/b/c/z", True),
        (["a?c"], "abc", True),
        (["a?c"], "a/c", False),
        (["a.c"], "abc", False),
        (["docker/**", "!docker/**/*.md"], "docker/x/README.md", False),
        (["docker/**", "!docker/**/*.md", "docker/keep.md"], "docker/keep.md", True),
        (["!docker/**"], "docker/x", False),
        (["*"], "name with\nbreak", True),
        ([], "x", False),
    ],
)
def test_a_path_matches_as_written(globs: list[str], path: str, expected: bool) -> None:  # noqa: FBT001  # a table
    assert matches(globs, path) is expected


def test_a_glob_that_takes_too_long_on_a_path_ends_with_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "SECONDS_PER_MATCH", 0.2)

    with pytest.raises(InputError) as caught:
        matches(["**a**a**a**a**a**a**b"], "a" * 300)

    assert "'**a**a**a**a**a**a**b' takes too long" in str(caught.value)


def test_a_glob_of_many_wildcards_matches_as_one_of_few() -> None:
    assert matches(["a/**/b*/c*.py"], "a/x/y/bin/core.py")
    assert not matches(["a/**/b*/c*.py"], "a/x/y/bin/d/core.py")
    assert not matches(["**/*", "!**/a*/b*"], "x/an/boat")
