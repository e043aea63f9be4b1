"""What a Dockerfile takes from the repository, and whether an image's paths say so."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release_actions.builds import dockerfile
from release_actions.builds.dockerfile import Taken
from release_actions.builds.path_coverage import find_uncovered
from release_actions.config import load_text
from release_actions.runner import patterns

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
    assert list(dockerfile.read_taken(TEXT)) == [
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


def test_every_platform_is_looked_at(workspace: Path) -> None:
    (workspace / "docker/Dockerfile").write_text("FROM x\nARG TARGETARCH\nCOPY bin/$TARGETARCH/app src/$FLAVOUR /x/\n")
    text = """\
repository: acme/app
defaults: {platforms: [linux/amd64, linux/arm64]}
images:
  app: {dockerfile: docker/Dockerfile, paths: [src/**, bin/amd64/app]}
"""
    config = load_text(text)

    found = [finding.problem.message for finding in find_uncovered(config, config.packages(), workspace)]

    assert found == [
        "It is not known whether the paths of the image 'app' cover 'src/$FLAVOUR'.",
        "The image 'app' takes bin/arm64/app, but a change to it builds nothing.",
    ]


def test_each_variants_dockerfile_is_looked_at(workspace: Path) -> None:
    (workspace / "docker/Dockerfile").write_text("FROM x\nCOPY setup.sh secret/key /x/\n")
    (workspace / "docker/Dockerfile.alpine").write_text("FROM x\nCOPY setup.sh docs/a.md /x/\n")
    text = """\
repository: acme/app
defaults: {platforms: [linux/amd64]}
images:
  app:
    paths: [setup.sh]
    variants:
      debian: {suffix: "", dockerfile: docker/Dockerfile}
      slim: {dockerfile: docker/Dockerfile}
      alpine: {dockerfile: docker/Dockerfile.alpine}
"""
    config = load_text(text)

    found = [str(finding.problem) for finding in find_uncovered(config, config.packages(), workspace)]

    assert [line.partition(", but")[0] for line in found] == [
        "docker/Dockerfile:2: The image 'app' takes secret/key",
        "docker/Dockerfile.alpine:2: The image 'app' takes docs/a.md",
    ]


def test_a_source_that_takes_too_long_to_match_is_not_taken_for_a_yes(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patterns, "SECONDS_PER_MATCH", 0.2)
    (workspace / ("a" * 200)).write_text("")
    source = "*a*a*a*a*a*a*a*b"
    (workspace / "docker/Dockerfile").write_text(f"FROM x\nCOPY {source} /x/\n")

    (finding,) = find_uncovered(CONFIG, CONFIG.packages(), workspace)

    assert finding.problem.message == (
        f"It is not known whether the paths of the image 'app' cover {source!r}. The pattern {source!r} takes too long "
        f"on {'a' * 60!r}."
    )


def test_a_variable_is_not_taken_for_a_yes(workspace: Path) -> None:
    (workspace / "docker/Dockerfile").write_text("FROM x\nCOPY ${WHERE}/x /x\n")
    (finding,) = find_uncovered(CONFIG, CONFIG.packages(), workspace)
    assert finding.problem.message == "It is not known whether the paths of the image 'app' cover '${WHERE}/x'."


@pytest.mark.parametrize(
    ("text", "sources"),
    [
        ("COPY it's.txt /x", ["it's.txt"]),
        ("COPY\ta\tb /x", ["a", "b"]),
        ("RUN echo $((1<<20))\nCOPY a /x", ["a"]),
        ("RUN cat <<<word\nCOPY a /x", ["a"]),
        ('RUN echo "a <<b"\nCOPY a /x', ["a"]),
        ("RUN echo 'a <<b'\nCOPY a /x", ["a"]),
        ("RUN cat<<EOF\nCOPY a /x", ["a"]),
        ("RUN <<-EOF\n\tCOPY b /x\n\tEOF\nCOPY a /x", ["a"]),
        ("RUN <<EOF\n\tEOF\nCOPY b /x\nEOF\nCOPY a /x", ["a"]),
        ('RUN 3<<"E" cat\nCOPY b /x\nE\nCOPY a /x', ["a"]),
        ("RUN <<A <<B\nCOPY b /x\nA\nCOPY c /x\nB\nCOPY a /x", ["a"]),
        ('RUN ["echo", "<<E"]\nCOPY a /x', ["a"]),
        ("COPY a \\\n\n  b \\\n# comment\n  /x", ["a", "b"]),
        ("COPY a \\  \n  /x", ["a"]),
        ("RUN echo a\\\\\nCOPY a /x", ["a"]),
        ("COPY a\\\nb /x", ["ab"]),
        ("ARG CMD=app\nCOPY cmd/${CMD}/ $CMD /x", ["cmd/app/", "app"]),
        ("ARG CMD\nCOPY cmd/${CMD}/ /x", ["cmd/web/"]),
        ("ARG CMD=app\nENV CMD=other\nCOPY ${CMD} /x", ["other"]),
        ("ENV DIR some folder\nCOPY ${DIR} /x", ["some folder"]),
        ('ARG A="x" B=y\nCOPY $A$B ${C:-z} ${A:+q} ${D} /x', ["xy", "z", "q", "${D}"]),
        ("ENV A=1.x\nENV A=2 B=$A\nCOPY $A$B /x", ["21.x"]),
        ("ARG A=1 B=$A\nCOPY $B /x", ["1"]),
        ("ARG A=q\nCOPY \"a$A\" 'b$A' c\\ d it\\'s /x", ["aq", "b$A", "c", "d", "it's"]),
        (
            "ENV A=a.b.c\nCOPY ${A%.*} ${A%%.*} ${A#*.} ${A##*.} ${A/./_} ${A//./_} /x",
            ["a.b", "a", "b.c", "c", "a_b.c", "a_b_c"],
        ),
        ("COPY ${A:-${B:-c}} ${A:+d} ${A%x} /x", ["c", "", "${A%x}"]),
        ('COPY ["a$A", "${B:-c}"] /x', ["[a$A,", "c]"]),
        ('ARG A=1\nCOPY ["a$A", "b c", "/x"]', ["a1", "b c"]),
        ('COPY ["a", b] <<EOF /x\nCOPY c /x\nEOF\nCOPY d /x', ["[a,", "b]", "d"]),
        ("RUN echo it\\'s <<EOF\nCOPY b /x\nEOF\nCOPY a /x", ["a"]),
        ("RUN echo it's <<EOF\nCOPY a /x", ["a"]),
        ("RUN cat << EOF\nCOPY b /x\nEOF\nCOPY a /x", ["a"]),
        ("RUN cat <<GONE\nCOPY a /x", ["a"]),
        ("COPY a /x \\", ["a"]),
        ("RUN --mount=source=a,target=/x true --mount=source=b,target=/y", ["a"]),
        ("COPY --link --chown=1:1 a /x", ["a"]),
        ("copy a /x", ["a"]),
    ],
)
def test_instructions_are_read_as_buildkit_reads_them(text: str, sources: list[str]) -> None:
    arguments = {"CMD": "web"} if text.startswith("ARG CMD\n") else {}

    assert [taken.source for taken in dockerfile.read_taken(f"FROM x\n{text}\n", arguments)] == sources


def test_a_stage_has_the_variables_of_the_stage_it_is_made_from() -> None:
    text = """\
ARG TOP=t
FROM x AS one
ARG CMD=app
ENV DIR=/src
FROM one AS two
ENV CMD=${CMD}2
FROM two
COPY cmd/${CMD}/ $DIR $TOP /x
FROM x
COPY ${CMD} /x
"""

    stages = dockerfile.read_stages(text, {})

    assert [[taken.source for taken in stage.taken] for stage in stages] == [
        [],
        [],
        ["cmd/app2/", "/src", "$TOP"],
        ["${CMD}"],
    ]


def test_a_stage_does_what_its_base_leaves_for_it() -> None:
    text = "FROM x AS one\nONBUILD ARG A=a\nONBUILD COPY $A /x\nFROM one\nCOPY b /x\n"

    assert list(dockerfile.read_taken(text)) == [Taken(3, "a"), Taken(5, "b")]


def test_the_platform_is_known_to_the_stages_that_ask_for_it() -> None:
    text = "FROM x\nCOPY ${TARGETARCH:-none} /x\nARG TARGETARCH\nARG BUILDOS\nCOPY $TARGETARCH $BUILDOS /x\n"

    known = [taken.source for taken in dockerfile.read_taken(text, platform="linux/arm64")]

    assert known == ["none", "arm64", "linux"]


def test_variables_that_double_each_other_end() -> None:
    text = "FROM x\nENV A=aa\n" + "ENV A=$A$A\n" * 60 + "COPY $A /x\n"

    (taken,) = dockerfile.read_taken(text)

    assert len(taken.source) < 100_000


def test_a_pattern_that_has_many_ways_to_match_is_not_tried() -> None:
    text = "FROM x\nENV A=" + "a" * 100_000 + "\nCOPY ${A%*a*a*a*b} /x\n"

    assert [taken.source for taken in dockerfile.read_taken(text)] == ["${A%*a*a*a*b}"]


def test_a_backtick_escapes_where_the_first_line_says_so() -> None:
    text = "# escape=`\nFROM x\nCOPY a `\n  b C:\\\nCOPY c /x\n"

    assert [taken.source for taken in dockerfile.read_taken(text)] == ["a", "b", "c"]


STAGES = """\
ARG BASE=tools
FROM golang AS tools
COPY go.mod /src/
FROM scratch AS unused
COPY unused /x
FROM ${BASE} AS builder
COPY src /src
FROM scratch AS runtime
COPY --from=builder /src /
COPY etc /etc
FROM runtime AS debug
COPY debug /debug
RUN --mount=from=unused,target=/x true
"""


@pytest.mark.parametrize(
    ("target", "sources"),
    [
        ("runtime", ["go.mod", "src", "etc"]),
        ("Builder", ["go.mod", "src"]),
        ("tools", ["go.mod"]),
        ("", ["go.mod", "unused", "src", "etc", "debug"]),
        ("1", ["unused"]),
        ("gone", ["go.mod", "unused", "src", "etc", "debug"]),
    ],
)
def test_only_the_stages_that_are_built_take_something(target: str, sources: list[str]) -> None:
    assert [taken.source for taken in dockerfile.read_taken(STAGES, target=target)] == sources


def test_stages_that_need_each_other_end() -> None:
    text = "FROM b AS a\nCOPY a /\nFROM a AS b\nCOPY b /\n"

    assert [taken.source for taken in dockerfile.read_taken(text)] == ["a", "b"]


PIECES = st.sampled_from(
    [*"\\\n\t \"'`$(){}[]<>=,#-:ab1", "FROM", "COPY", "RUN", "ARG", "ENV", "--from=", "--mount=", "<<", "AS", "\ufeff"]
)


@given(st.lists(PIECES, max_size=60).map("".join) | st.text(max_size=60), st.text(max_size=5))
def test_no_text_is_an_error(text: str, target: str) -> None:
    for taken in dockerfile.read_taken(text, {"a": "b"}, target):
        assert 1 <= taken.line <= text.count("\n") + 1


def test_a_file_that_is_not_utf_8_is_read(workspace: Path) -> None:
    (workspace / "docker/Dockerfile").write_bytes(b"FROM x\n# \xe9\nCOPY gone.txt /x\n")

    (finding,) = find_uncovered(CONFIG, CONFIG.packages(), workspace)

    assert str(finding.problem.place) == "docker/Dockerfile:3"
