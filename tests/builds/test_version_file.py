"""Files that shells source are read as data: what a shell would take, and nothing that a shell would do."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

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
    assert len(found.values) == 9
    assert found.at("CUDA_MAJOR") == Place("versions", 5)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("A=x; rm -rf /", "The value of A is not plain text from '; rm -rf /' on."),
        ("A=x&", "The value of A is not plain text from '&' on."),
        ("A=x rm", "The value of A is not plain text from 'rm' on."),
        ("A='x", 'The value of A is not plain text from "\'x" on.'),
        ("A=$(x); B=2", "The value of A is not plain text from '$(x); B=2' on."),
        ("A=$(x) rm", "The value of A is not plain text from '$(x) rm' on."),
        ("A=${OK:=2}", "The value of A is not plain text from '${OK:=2}' on."),
        ("A=$(x", "The value of A is not plain text from '$(x' on."),
        ('A="$(x', "The value of A is not plain text from '\"$(x' on."),
        ("A=x\\", "The value of A is not plain text from '\\\\' on."),
        ("A = x", "The line is not KEY=value."),
        ("make install", "The line is not KEY=value."),
        ("A=x\r", "The line has a control character, which would become part of the value."),
    ],
)
def test_what_a_shell_would_do_is_refused_with_its_line(line: str, message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        version_file.parse(f"OK=1\n{line}\nALSO=2\n", "docker/versions")
    (problem,) = caught.value.problems
    assert problem.message == message
    assert problem.place == Place("docker/versions", 2)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("A=$(curl evil)", "The value of A is not plain text from '$(curl evil)' on."),
        ("A=`id`", "The value of A is not plain text from '`id`' on."),
        ('A="$B"', "The value of A is not plain text from '\"$B\"' on."),
        ("A=${B:-2}  # or two", "The value of A is not plain text from '${B:-2}  # or two' on."),
        ("A=~/x", "The value of A is not plain text from '~/x' on."),
        ("A=x:~/y", "The value of A is not plain text from '~/y' on."),
    ],
)
def test_what_a_shell_would_expand_is_only_an_error_once_it_is_used(line: str, message: str) -> None:
    versions = version_file.parse(f"OK=1\n{line}\nALSO=2\n", "docker/versions")

    assert versions.values == {"OK": "1", "ALSO": "2"}
    assert versions.unreadable["A"].message == message
    assert versions.unreadable["A"].place == Place("docker/versions", 2)


def test_every_line_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(ConfigurationError) as caught:
        version_file.parse("A=1\nB\nA=2\n", "v")
    assert [str(problem) for problem in caught.value.problems] == [
        "v:2: The line is not KEY=value. Write it without spaces around the equals sign; # begins a comment.",
        "v:3: A is given twice, first in line 1. Keep one of them.",
    ]


def test_a_file_that_is_not_there_says_who_wants_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        version_file.load(tmp_path / "versions", name="versions")
    assert str(caught.value) == "versions does not exist. It is named by 'version-file' in release.yaml."


def test_a_line_that_can_be_read_in_many_ways_hangs_nothing() -> None:
    line = "A=" + "$aaaaaaaaaa" * 60 + ";"

    with pytest.raises(ConfigurationError):
        version_file.parse(f"{line}\n", "versions")
