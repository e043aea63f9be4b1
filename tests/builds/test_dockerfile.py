"""What a Dockerfile takes from the repository, and whether an image's paths say so."""

from __future__ import annotations

from pathlib import Path

import pytest

from release_actions.builds import dockerfile
from release_actions.builds.dockerfile import Taken
from release_actions.builds.path_coverage import find_uncovered
from release_actions.config import load_text

TEXT = """\
# syntax=docker/dockerfile:1
FROM base AS one
COPY a b /x/
COPY --chown=1:1 ["c d", "/x"]
copy --from=other nothing /x
ADD https://example.org/z /z
COPY <<EOF /y
COPY heredoc /x
EOF
RUN <<END
COPY script /x
END
COPY e \\
  # a comment
  f \\
  /x
RUN --mount=type=bind,source=g,target=/g --mount=type=cache,target=/c \\
    --mount=type=bind,from=other,source=h,target=/h make
"""


def test_what_comes_from_the_context_is_found_with_its_line() -> None:
    assert list(dockerfile.taken(TEXT)) == [
        Taken(3, "a"),
        Taken(3, "b"),
        Taken(4, "c d"),
        Taken(13, "e"),
        Taken(13, "f"),
        Taken(17, "g"),
    ]


CONFIG = load_text(
    """\
repository: acme/app
defaults: {platforms: [linux/amd64]}
images:
  app: {dockerfile: docker/Dockerfile, paths: [src/**, setup.sh, "docs/*.txt"]}
  free: {dockerfile: docker/Dockerfile}
  other: {dockerfile: docker/Dockerfile, paths: [x], command: make}
"""
)
FILES = ("src/a/b.py", "setup.sh", "docs/a.txt", "docs/a.md", "docs/img/x.png", "secret/key", "docker/Dockerfile")


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    return tmp_path


@pytest.mark.parametrize(
    ("instruction", "missed"),
    [
        ("COPY src /src", ""),
        ("COPY ./src/ setup.sh /x/", ""),
        ("COPY docs/*.txt /x/", ""),
        ("COPY docs /x", "docs/a.md and 1 more"),
        ("COPY docs/* /x", "docs/a.md and 1 more"),
        ("COPY /secret/key /x", "secret/key"),
        ("COPY gone.txt /x", "gone.txt"),
        ("COPY docker/Dockerfile /x", ""),
        ("RUN --mount=type=bind,target=/src make", "docs/a.md and 2 more"),
    ],
)
def test_a_file_that_the_paths_miss_is_told_at_its_instruction(workspace: Path, instruction: str, missed: str) -> None:
    (workspace / "docker/Dockerfile").write_text(f"FROM x\n{instruction}\n")
    found = [str(finding.problem) for finding in find_uncovered(CONFIG, CONFIG.packages(), workspace)]
    expected = f"docker/Dockerfile:2: The image 'app' takes {missed}, but a change to it builds nothing. "
    assert found == ([expected + "Add it to the image's paths."] if missed else [])


@pytest.mark.parametrize("name", [".dockerignore", "docker/Dockerfile.dockerignore"])
def test_what_the_builder_never_sees_needs_no_path(workspace: Path, name: str) -> None:
    (workspace / "docker/Dockerfile").write_text("FROM x\nCOPY . /src\n")
    (workspace / name).write_text("# not these\ndocs\n!docs/a.txt\n/secret/\n**/*.dockerignore\n.dockerignore\n")
    assert list(find_uncovered(CONFIG, CONFIG.packages(), workspace)) == []


def test_a_variable_is_not_taken_for_a_yes(workspace: Path) -> None:
    (workspace / "docker/Dockerfile").write_text("FROM x\nCOPY ${WHERE}/x /x\n")
    (finding,) = find_uncovered(CONFIG, CONFIG.packages(), workspace)
    assert finding.problem.message == "It is not known whether the paths of the image 'app' cover '${WHERE}/x'."
