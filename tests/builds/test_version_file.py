"""Files that shells source are read as data: what a shell would take, and nothing that a shell would do."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from release_actions.builds import version_file
from release_actions.errors import ConfigurationError, Place

PLAIN = """\
# What every image is built from.

VLLM_REPO=https://github.com/vllm-project/vllm.git   # a fork, until the fix is in
VLLM_COMMIT_SHA='0123abc'  # v0.17.1
export CUDA_MAJOR="12"
CUDA_PATCH=
  INDENTED=a#b
MIXED=a'b c'"d \\"e\\" \\f"g
HASH=#x
TILDE=a~b
URL=user@host/path?x=1,2%20{}[]!*
LONG=a\\
b
MULTI='one
two'
FIRST=1; SECOND=2 THIRD=3
"""


def test_values_are_those_that_a_shell_would_take(tmp_path: Path) -> None:
    found = version_file.parse(PLAIN, "versions")
    (tmp_path / "versions").write_text(PLAIN)
    for key, value in found.values.items():
        script = f'. ./versions; printf %s "${key}"'
        ran = subprocess.run(["sh", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
        assert value == ran.stdout, key
    assert found.values["VLLM_REPO"] == "https://github.com/vllm-project/vllm.git"
    assert found.values["MIXED"] == 'ab cd "e" \\fg'
    assert len(found.values) == 14
    assert found.at("CUDA_MAJOR") == Place("versions", 5)


UNUSED = [
    "arr=(a b)",
    "arr=(a  # a comment\n  'b c')",
    "declare -A map=([a]=1)",
    "MULTI='two\nlines'",
    'MULTI="two\nlines"',
    "X=1; Y=2",
    "X=1 Y=2",
    'if [ -n "$CI" ]; then X=1; elif true; then X=2; else X=3; fi',
    "case $(uname) in Linux|Darwin) X=1 ;; (*) X=2 ;; esac",
    "for x in a b; do echo $x; done",
    "for ((i = 0; i < 3; i++)); do :; done",
    "while false; do X=1; done",
    'for ((i = 0; i < "${#arr[@]}"; i++)); do :; done',
    "build() {(\n  OK=2\n)}",
    'build() {\n  local OK=2\n  echo "it\'s $1"\n}',
    "function build { return 1; }",
    "( OK=2 )",
    "cat <<EOF >/dev/null\nOK=2 'it\nEOF",
    "cat <<-'EOF' >/dev/null\n\tOK=$(\n\tEOF",
    "export OK ALSO",
    "readonly OK",
    "declare -r X=1",
    ': "${X:=1}"',
    "LONG=a\\\nb",
    "make build \\\n  --all",
    "X=$(cmd)",
    "X=$(case a in a) echo 1;; esac)",
    'X="$(echo ")" | sed "s/)//")"',
    "X=`cmd`",
    "X=$((1 + 2))",
    "X=${OK:-2}",
    "X=$'a\\'b'",
    "X=$OK cmd",
    "[[ $X =~ ^(a|b)$ ]] && Y=1",
    "set -euo pipefail",
    "make install",
    "X=1 | cat",
    "X=1 &",
    "X+=1",
    "X[1]=1",
    "X=1\nX=2",
    "X=x rm",
    "X=~/a",
    "X=x:~/y",
    "X = x",
    "X=a\rb",
]
"""What a file may have beside the keys that are used."""


@pytest.mark.parametrize("text", UNUSED)
def test_shell_that_is_not_used_stops_nothing(text: str) -> None:
    versions = version_file.parse(f"OK=1\nALSO=2\n{text}\nLAST=3\n", "docker/versions")

    assert {key: versions.values.get(key) for key in ("OK", "ALSO", "LAST")} == {"OK": "1", "ALSO": "2", "LAST": "3"}


def test_another_file_may_be_sourced_before_the_keys() -> None:
    assert version_file.parse("source ./other\n. ./third\nA=1\n", "versions").values == {"A": "1"}


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("A=$(curl evil)", 2, "The value of A is not plain text from '$(curl evil)' on."),
        ("A=`id`", 2, "The value of A is not plain text from '`id`' on."),
        ('A="$B"', 2, "The value of A is not plain text from '\"$B\"' on."),
        ("A=${B:-2}  # or two", 2, "The value of A is not plain text from '${B:-2}  # or two' on."),
        ("A=~/x", 2, "The value of A is not plain text from '~/x' on."),
        ("A=x:~/y", 2, "The value of A is not plain text from '~/y' on."),
        ("A=(x y)", 2, "The value of A is not plain text from '(x y)' on."),
        ("export A={x,y}", 2, "The value of A is not plain text from 'export A={x,y}' on."),
        ("A=x\r", 2, "The value of A has a control character."),
        ("A=1\nA=2", 3, "A is given twice, first in line 2."),
        ("if x; then\n  A=1\nfi", 3, "A is set in some runs only."),
        ("x && A=1", 2, "A is set in some runs only."),
        ("A=1 | x", 2, "A is set in some runs only."),
        ("A=1 make", 2, "A is set for the command make only."),
        ("f() {\n  A=1\n}", 3, "A is set in the function f only."),
        ("(A=1)", 2, "A is set in a shell of its own."),
        ("A=1 &", 2, "A is set in a shell of its own."),
        ("return\nA=1", 3, "A is set after 'return' in line 2."),
        ("if x; then exit; fi\nA=1", 3, "A is set after 'exit' in line 2."),
        ("A = x", 2, "A is set nowhere, since a space is before the equals sign."),
        ("A=1\nsource other", 3, "'source other' may give A another value."),
        ("A=1\nf() { A=2; }\nf", 4, "'f' may give A another value."),
        ("A=1\nread A", 3, "'read A' may give A another value."),
        ("A=1\nunset A", 3, "'unset A' may give A another value."),
        ("A=1\nB=$((A++))", 3, "'$((A++))' may give A another value."),
        (
            'A=1\nfor ((i = 0; i < $(jq length "$IN"); i++)); do :; done',
            3,
            "'((i = 0; i < $(jq le' may give A another value.",
        ),
        ("A=1\nfor A in 2; do :; done", 3, "'A in 2' may give A another value."),
        (': "${A:=1}"', 2, "'${A:=1}' may give A another value."),
        ("A=1\ncat <<EOF\n${A:=2}\nEOF", 4, "'${A:=2}' may give A another value."),
        ("A=1\ndeclare -i A", 3, "A is given twice, first in line 2."),
        ("declare -i A\nA=1+1", 2, "The value of A is not plain text from 'declare -i A' on."),
        ("A=1\ndeclare -n A=B", 3, "'declare -n A=B' may give A another value."),
    ],
)
def test_a_key_that_is_used_has_to_be_plain(text: str, line: int, message: str) -> None:
    versions = version_file.parse(f"OK=1\n{text}\n", "docker/versions")

    assert "A" not in versions.values
    assert versions.unreadable["A"].message == message
    assert versions.unreadable["A"].place == Place("docker/versions", line)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("A='x", 2, "The quote ' has no end."),
        ('A="x', 2, 'The quote " has no end.'),
        ("A=$(x", 2, "What begins here has no end: ) is missing."),
        ("A=${x", 2, "The brace { has no end."),
        ("if x; then\nA=1", 2, "What begins here has no end: elif or else or fi is missing."),
        ("A=x )", 2, "The text is not understood from ')' on."),
        ("A=x;; B=2", 2, "The text is not understood from ';; B=2' on."),
        ("fi", 2, "The text is not understood from 'fi' on."),
        ("A=" + "$(" * 60 + ")" * 60, 2, "The text is nested more than 40 levels deep."),
    ],
)
def test_a_file_that_no_shell_could_read_is_refused(text: str, line: int, message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        version_file.parse(f"OK=1\n{text}\n", "docker/versions")

    (problem,) = caught.value.problems
    assert problem.message == message
    assert problem.place == Place("docker/versions", line)


SECONDS = 3
"""Twenty times what a long file needs; what tries several ways needs minutes."""

KEYS = ("A", "B", "C")
PIECES = [
    *"ab1.:/@%^,~#*?[]{}=+-!",
    *(" ", "''", "'a b'", '"c d"', '"\\$x"', "\\ ", "\\'", "\\\n", "$B", "${A:-x}", "$(echo y)"),
]
VALUES = st.lists(st.sampled_from(PIECES), max_size=6).map("".join)
WAYS = st.sampled_from(["", "", "", "export ", "readonly ", "declare -x ", "  "])
ASSIGNMENTS = st.tuples(WAYS, st.sampled_from(KEYS), VALUES).map(lambda parts: f"{parts[0]}{parts[1]}={parts[2]}")
CHANGES = [
    "unset A",
    "A+=z",
    ': "${A:=q}"',
    ": $((B=7))",
    "f() { C=9; }\nf",
    "f() { C=9; }",
    "printf -v A %s z",
    "read A <<<z",
    "for B in x y; do :; done",
    "eval 'A=5'",
    "return",
    "let A=4",
    "((C++))",
    "[[ x -eq A=3 ]]",
    "{A}>/dev/null",
    "declare -i B",
    "declare -u C",
    "local A=5",
    "trap 'A=6' DEBUG",
    "A=1 true",
    "true && B=2",
    "! C=3",
    "(A=8)",
    "cat <<E\n${B:=w}\nE",
    "cat <<'E'\nA=2 '\nE",
    "x=${A/B=/c} y=${A:B=1:1}",
    "echo() { A=5; }\necho",
    "mapfile -t A <<<x",
    "set -- A=1",
    "arr=(A=1 [B=2]=3)",
    "export \"A=7\" 'B=8'",
]


@settings(max_examples=80, deadline=None)
@given(st.lists(ASSIGNMENTS | st.sampled_from([*UNUSED, *CHANGES]), max_size=8))
def test_a_value_is_never_another_than_bash_takes(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> None:
    text = "\n".join(lines) + "\n"
    try:
        values = version_file.parse(text, "versions").values
    except ConfigurationError:
        values = {}
    folder = tmp_path_factory.mktemp("bash")
    (folder / "versions").write_bytes(text.encode())
    # A shell that stops on the way gives no value at all, and then there is nothing to compare.
    script = '. ./versions; set +u; for key; do printf \'%s=%s\\0\' "$key" "${!key}"; done >printed'

    subprocess.run(
        [shutil.which("bash") or "bash", "-c", script, "bash", *values],
        cwd=folder,
        env={"PATH": "/nowhere", "HOME": "/home/user"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )

    printed = (folder / "printed").read_bytes().decode() if (folder / "printed").exists() else ""
    assert not printed or dict(line.split("=", 1) for line in printed.split("\0")[:-1]) == dict(values)


def test_a_file_that_is_not_there_says_who_wants_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        version_file.load(tmp_path / "versions", name="versions")
    assert str(caught.value) == "versions does not exist. It is named by 'version-file' in release.yaml."


def test_a_line_that_can_be_read_in_many_ways_hangs_nothing() -> None:
    line = "A=" + "$aaaaaaaaaa" * 60 + ";;"

    with pytest.raises(ConfigurationError):
        version_file.parse(f"{line}\n", "versions")


@pytest.mark.parametrize("line", ["A[", "A= B[", "A[1", "A[ ; B=2 ]", "! A[", "x | A[", "A[B[0]]=2"])
def test_an_index_that_does_not_end_in_its_word_is_refused(line: str) -> None:
    with pytest.raises(ConfigurationError, match=r"The index \[ of an array is not understood"):
        version_file.parse(f"{line}\nB=1\n", "versions")


@pytest.mark.parametrize("line", ["echo A[", "[ -n x ]", "A[1]=2", "A[x y]=2", "ls A[0-9]*"])
def test_a_bracket_elsewhere_is_read(line: str) -> None:
    assert dict(version_file.parse(f"{line}\nB=1\n", "versions").values)["B"] == "1"


@pytest.mark.parametrize(
    "piece", ["A=1\n", "$((", "$[ ", "${x", "`", "(", "A[", "<<E\n", "'", '"$(', "if ", "case x in "]
)
def test_a_long_file_is_read_in_a_moment(piece: str) -> None:
    text = piece * (20_000 // len(piece))

    begin = time.process_time()
    with contextlib.suppress(ConfigurationError):
        version_file.parse(text, "versions")

    assert time.process_time() - begin < SECONDS
