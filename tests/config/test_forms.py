"""`version: 1`: which form a file is written in."""

from __future__ import annotations

from pathlib import Path

import pytest

from release_actions.components.document import load_components
from release_actions.config.load import load_text
from release_actions.errors import ConfigurationError

ROOT = Path(__file__).resolve().parents[2]
RELEASE = (ROOT / "examples" / "single-image" / "release.yaml").read_text(encoding="utf-8")
COMPONENTS = (ROOT / "examples" / "single-image" / "components.yaml").read_text(encoding="utf-8")


def test_form_1_is_what_a_file_without_a_form_is_written_in(tmp_path: Path) -> None:
    numbered = tmp_path / "components.yaml"
    numbered.write_text(f"version: 1\n{COMPONENTS}", encoding="utf-8")
    plain = tmp_path / "plain.yaml"
    plain.write_text(COMPONENTS, encoding="utf-8")

    assert load_text(f"version: 1\n{RELEASE}") == load_text(RELEASE)
    assert load_components(numbered) == load_components(plain)


@pytest.mark.parametrize("number", ["2", "0", "-1", "2.0"])
def test_another_form_is_refused_in_words_and_nothing_else_is_said(number: str, tmp_path: Path) -> None:
    later = f"version: {number}\nimages-of-tomorrow: {{}}\n"
    file = tmp_path / "components.yaml"
    file.write_text(later, encoding="utf-8")

    with pytest.raises(ConfigurationError) as release:
        load_text(later)
    with pytest.raises(ConfigurationError) as components:
        load_components(file)

    for caught in (release, components):
        (problem,) = caught.value.problems
        assert problem.message == f"'version' is '{number}', and this version of release-actions reads the form 1."
        assert problem.hint.endswith("or write the file in the form 1.")
        assert problem.place is not None
        assert problem.place.line == 1


@pytest.mark.parametrize("value", ["v1", "'1'", "{prefix: v}", "[1]", ""])
def test_what_is_no_number_is_refused_with_what_the_key_says(value: str) -> None:
    with pytest.raises(ConfigurationError, match="'version' is") as caught:
        load_text(f"version: {value}\n{RELEASE}")

    assert [problem.hint for problem in caught.value.problems] == [
        "Write 1: the key says the form of this file, and nothing about what is released."
    ]
