"""The tables about tags: made by the code they describe, and told when they are stale."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import tag_table
from release_actions.versions.history import RULES, Level
from release_actions.versions.version import parse_or_none


def copy_of(folder: Path) -> Path:
    for name in tag_table.BLOCKS:
        target = folder / name
        target.parent.mkdir(exist_ok=True)
        shutil.copy(tag_table.ROOT / name, target)
    return folder


def test_the_tables_are_what_the_code_says() -> None:
    assert tag_table.main(["--check"]) == 0


@pytest.mark.parametrize(
    ("name", "word"), [("docs/pushed-tags.md", "`v0.4.3` | stable"), ("docs/validate-tag.md", "`gap`")]
)
def test_a_stale_table_is_told_and_mended(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, word: str
) -> None:
    root = copy_of(tmp_path)
    whole = (root / name).read_text(encoding="utf-8")
    assert word in whole
    (root / name).write_text(whole.replace(word, "wrong"), encoding="utf-8")
    assert tag_table.main(["--check"], root) == 1
    assert capsys.readouterr().err == f"{name} is stale: run python scripts/tag_table.py\n"
    assert tag_table.main([], root) == 0
    assert (root / name).read_text(encoding="utf-8") == whole


def test_a_document_without_its_block_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = copy_of(tmp_path)
    (root / "docs/pushed-tags.md").write_text("nothing here", encoding="utf-8")
    assert tag_table.main([], root) == 1
    assert capsys.readouterr().err == "the block tags is there 0 times\n"


def test_a_rule_without_an_example_is_named_with_the_file_to_change(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(tag_table.EXAMPLES, "gap")
    assert tag_table.main(["--check"]) == 1
    assert capsys.readouterr().err == "The rule gap has no example: add one to EXAMPLES in scripts/tag_table.py.\n"


def test_every_rule_has_an_example_and_a_section() -> None:
    assert set(tag_table.EXAMPLES) == {rule.name for rule in RULES}
    reference = tag_table.rules_reference()
    assert [line for line in reference.splitlines() if line.startswith("#")] == [f"### `{rule.name}`" for rule in RULES]


def test_a_row_says_what_the_tag_is_and_what_it_moves() -> None:
    assert tag_table.judged("v0.4.3") == ("stable", "`v0.4`")
    assert tag_table.judged("v0.6.0-rc.2") == ("candidate", "none")
    assert tag_table.judged("v0.5") == ("refused", "none: floating")
    assert tag_table.judged("v0.5.1") == ("refused", "none: already-released")


def test_metadata_action_gives_latest_to_every_tag_by_default_and_ignores_what_is_no_semver() -> None:
    for tag, (default, semver) in tag_table.METADATA_ACTION.items():
        assert default == (tag.replace(";", "-"), "latest")
        version = parse_or_none(tag)
        assert ("latest" in semver) == (version is not None and not version.suffix)


def test_the_row_that_this_project_exists_for() -> None:
    row = next(line for line in tag_table.tags_table().splitlines() if line.startswith("| `v0.4.3` "))
    assert row == "| `v0.4.3` | stable | `v0.4` | `v0.4.3`, `latest` | `0.4.3`, `0.4`, `0`, `latest` |"


def test_rules_that_are_off_have_an_example_all_the_same() -> None:
    off = [rule for rule in RULES if rule.level is Level.OFF]
    assert off
    assert all("> v0.5.2 " in tag_table.section(rule) for rule in off)
