from __future__ import annotations

from pathlib import Path

import pytest

import manifests
from release_actions.errors import ExitCode
from release_actions.versions.history import RULES

MANIFEST = """\
name: Tiny
description: Does | little to v*.
inputs:
  tag:
    description: >-
      A tag, over
      two lines.
    required: true
  config:
    description: A file.
    default: release.yaml
  token:
    description: A token.
    default: ${{ github.token }}
  more:
    description: More.
outputs:
  matrix:
    description: JSON. Never empty.
    value: ${{ steps.run.outputs.matrix }}
runs:
  using: composite
  steps: []
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for folder in ("actions/tiny", "examples", "docs"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "action.yml").write_text(MANIFEST, encoding="utf-8")
    (tmp_path / "actions/tiny/action.yml").write_text(MANIFEST, encoding="utf-8")
    (tmp_path / "examples/first.yml").write_text("# first\non: push\n\n", encoding="utf-8")
    return tmp_path


def document(root: Path, name: str, *markers: str) -> Path:
    """A Markdown file with a paragraph before, between and after its blocks."""
    blocks = [f"<!-- {mark}: {manifests.MARK} -->\nold\n<!-- {mark.split()[0]}: end -->\n" for mark in markers]
    file = root / name
    file.write_text("Before.\n\n" + "\nBetween.\n\n".join(blocks) + "\nAfter.\n", encoding="utf-8")
    return file


def body(file: Path) -> str:
    """What was generated into a document with one block."""
    text = file.read_text(encoding="utf-8")
    assert text.startswith("Before.\n\n<!-- ")
    assert text.endswith(": end -->\n\nAfter.\n")
    return text.split("-->\n", 1)[1].rsplit("\n<!-- ", 1)[0].strip("\n")


def test_copies_are_written_and_then_current(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert manifests.main(["--check"], root) == ExitCode.REFUSED
    assert capsys.readouterr().err == "tiny/action.yml is stale: run python scripts/manifests.py\n"
    assert not (root / "tiny").exists()
    assert manifests.main([], root) == ExitCode.PASS
    assert capsys.readouterr().out == "wrote tiny/action.yml\n"
    assert (root / "tiny/action.yml").read_bytes() == MANIFEST.encode()
    assert manifests.main(["--check"], root) == ExitCode.PASS
    assert capsys.readouterr() == ("", "")


def test_a_changed_copy_is_stale(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifests.main([], root)
    (root / "tiny/action.yml").write_text(MANIFEST + "\n", encoding="utf-8")
    assert manifests.main(["--check"], root) == ExitCode.REFUSED
    assert "tiny/action.yml is stale" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["--check"]])
def test_a_copy_of_nothing_is_named_and_left(
    root: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    manifests.main([], root)
    (root / "gone").mkdir()
    (root / "gone/action.yml").write_text(MANIFEST, encoding="utf-8")
    assert manifests.main(arguments, root) == ExitCode.REFUSED
    assert capsys.readouterr().err == "gone/action.yml copies no action: remove it\n"
    assert (root / "gone/action.yml").exists()


def test_a_tree_without_manifests_is_no_success(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert manifests.main(["--check"], tmp_path) == ExitCode.BAD_INPUT
    assert "There is no manifest" in capsys.readouterr().err


def test_inputs(root: Path) -> None:
    file = document(root, "actions/tiny/README.md", "inputs")
    manifests.main([], root)
    assert body(file).splitlines() == [
        "| Input | Default | Description |",
        "| --- | --- | --- |",
        "| `tag` | **required** | A tag, over two lines. |",
        "| `config` | `release.yaml` | A file. |",
        "| `token` | `${{ github.token }}` | A token. |",
        "| `more` |  | More. |",
    ]


def test_outputs_of_a_named_action(root: Path) -> None:
    file = document(root, "docs/page.md", "outputs tiny")
    manifests.main([], root)
    assert body(file).splitlines()[2:] == ["| `matrix` | JSON. Never empty. |"]


def test_every_exit_code_is_explained(root: Path) -> None:
    file = document(root, "README.md", "exit-codes")
    manifests.main([], root)
    shown = [line.split(" | ")[0].removeprefix("| ") for line in body(file).splitlines()[2:]]
    assert shown == [str(int(code)) for code in ExitCode]


def test_every_rule_is_shown(root: Path) -> None:
    file = document(root, "README.md", "rules")
    manifests.main([], root)
    lines = body(file).splitlines()[2:]
    assert len(lines) == len(RULES)
    for line, rule in zip(lines, RULES, strict=True):
        assert line.startswith(f"| `{rule.name}` | {rule.level.value} | ")
        assert line.endswith(". |")


def test_actions_link_to_their_page_or_their_manifest(root: Path) -> None:
    front, page = document(root, "README.md", "actions"), document(root, "docs/page.md", "actions")
    manifests.main([], root)
    assert body(front).splitlines()[2:] == [
        "| [`release-plan`](action.yml) | Does \\| little to v\\*. |",
        "",
        "| Others | What it does |",
        "| --- | --- |",
        "| [`tiny`](actions/tiny/action.yml) | Does \\| little to v\\*. |",
    ]
    assert "[`tiny`](../actions/tiny/action.yml)" in body(page)
    (root / "actions/tiny/README.md").write_text("A page.\n", encoding="utf-8")
    (root / "docs/release-plan.md").write_text("A page.\n", encoding="utf-8")
    manifests.main([], root)
    assert "[`release-plan`](docs/release-plan.md)" in body(front)
    assert "[`tiny`](actions/tiny/README.md)" in body(front)


def test_an_example(root: Path) -> None:
    file = document(root, "README.md", "example examples/first.yml")
    manifests.main([], root)
    assert body(file) == "```yaml\n# first\non: push\n```"


def test_several_blocks_and_the_text_between_them(root: Path) -> None:
    file = document(root, "README.md", "inputs tiny", "outputs tiny", "inputs tiny")
    manifests.main([], root)
    text = file.read_text(encoding="utf-8")
    assert "old" not in text
    assert text.count("Between.") == 2
    assert manifests.main(["--check"], root) == ExitCode.PASS


def test_a_document_without_markers_is_not_touched(root: Path) -> None:
    (root / "README.md").write_bytes(b"windows\r\n")
    manifests.main([], root)
    assert (root / "README.md").read_bytes() == b"windows\r\n"


@pytest.mark.parametrize(
    ("mark", "message"),
    [
        ("inputs", "README.md:3: The marker asks for the inputs of '', which is no action."),
        ("outputs tony", "the outputs of 'tony', which is no action. The actions are release-plan, tiny."),
        ("recipes", "The marker is of the kind 'recipes', which nothing is generated for."),
        ("example examples/none.yml", "the example 'examples/none.yml', which is no file under examples/."),
        ("example action.yml", "the example 'action.yml', which is no file under examples/."),
    ],
)
def test_a_marker_that_makes_no_sense(root: Path, mark: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    document(root, "README.md", mark)
    assert manifests.main([], root) == ExitCode.BAD_INPUT
    assert message in capsys.readouterr().err
    assert not (root / "tiny").exists()


def test_a_block_that_is_not_closed(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "README.md").write_text(f"<!-- exit-codes: {manifests.MARK} -->\n", encoding="utf-8")
    assert manifests.main([], root) == ExitCode.BAD_INPUT
    assert "1 markers begin a block, but only 0 are closed." in capsys.readouterr().err


STEP = """\
inputs:
  tag:
    description: A tag.
  dry-run:
    description: No change.
runs:
  using: composite
  steps:
    - shell: sh
      env:
        INPUT_TAG: ${{ inputs.tag }}
      run: exit 0
"""


def test_an_input_that_the_step_does_not_pass_on_gets_its_line(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = root / "actions/tiny/action.yml"
    file.write_text(STEP, encoding="utf-8")

    assert manifests.main(["--check"], root) == ExitCode.REFUSED
    assert "actions/tiny/action.yml is stale: run python scripts/manifests.py" in capsys.readouterr().err
    manifests.main([], root)

    tag = "        INPUT_TAG: ${{ inputs.tag }}\n"
    assert file.read_text("utf-8") == STEP.replace(tag, f"{tag}        INPUT_DRY_RUN: ${{{{ inputs.dry-run }}}}\n")
    assert (root / "tiny/action.yml").read_bytes() == file.read_bytes()


def test_a_setting_of_a_clean_up_rule_becomes_an_input_and_words_by_hand_stay() -> None:
    whole = (manifests.ROOT / "actions/ghcr-cleanup/action.yml").read_text("utf-8")
    start = whole.index("  untag:\n")
    without = whole[:start] + whole[whole.index("  dry-run:\n") :]

    added = manifests.add_settings(without)

    assert added.startswith(whole[:start] + "  untag:\n    description: >-\n      Whether a selected tag is removed")
    assert added.endswith(whole[whole.index("  dry-run:\n") :])
    assert manifests.add_settings(whole) == whole
