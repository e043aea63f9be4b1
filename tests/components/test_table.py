"""Component tables: the exact form that is written, and all the forms that are read."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from release_actions.components import table
from release_actions.components.inline import visible_text
from release_actions.components.manifest import ComponentEntry, ComponentManifest
from release_actions.components.table import ComponentTable, TableCell, split_cells
from release_actions.errors import Place

NOTES = """\
# llm-d v0.5.0

| Component | Version |
| --- | --- |
| not/this | `v9` |

---

## 🏗️ Infrastructure Changes - BREAKING CHANGES

| Component | Version | Previous Version |
|-----------|---------|------------------|
| Gateway API | `v1.4.0` | `v1.3.0` |
| GKE Gateways | NA - tied to GKE | NA - tied to GKE |
| Envoy Gateway / Envoy AI Gateway | `v1.8.1` / `v0.7.0` | — |

## 🧩 LLM-D Component Summary

Some words first.

| Component | Version | Previous Version | Type | Notes |
|-----------|---------|------------------| ---- |---|
| llm-d/llm-d-inference-scheduler | `v0.5.0` | `v0.4.0-rc1` | Image | |
| [llm-d/llm-d-cuda](https://github.com/llm-d/llm-d)| `v0.5.0` |`v0.4.0` | Image | a \\| b |
| llm-d/llm-d-aws (EFA) | Deprecated | `v0.4.0` | Image |
| llm-d/llm-d-model-service | NA (Deprecated) | `0.0.10` | Image |
| **llm-d/llm-d-cpu** | `v0.5.0` | NA (New) | Image (New) |
| llm-d/llm-d-hpu | | `v0.4.0` |
  llm-d/llm-d-xpu | `v0.5.0`
| vllm-project/vllm | `v0.14.1` | `v0.11.2` + additional cherry-picks (built from fork) | Wheel installed in `llm-d` |
| llm-d/llm-d-uds-tokenizer | — | [`v0.9.0`](https://x.y/z) | Image |
| | `v1` | | |

## What's Changed

| Component | Status |
| --- | --- |
| llm-d/old | Renamed |
"""


def summary() -> ComponentTable:
    found = table.find_table(table.read(NOTES, file="notes.md"), "LLM-D Component Summary")
    assert found is not None
    return found


def test_a_published_table_is_read_with_every_place() -> None:
    found = summary()
    assert (found.heading, found.place) == ("🧩 LLM-D Component Summary", Place("notes.md", 21, 1))
    assert found.head == ("Component", "Version", "Previous Version", "Type", "Notes")
    assert [(row.title, row.version.version, row.previous.version, row.type.text) for row in found.rows] == [
        ("llm-d/llm-d-inference-scheduler", "v0.5.0", "v0.4.0-rc1", "Image"),
        ("llm-d/llm-d-cuda", "v0.5.0", "v0.4.0", "Image"),
        ("llm-d/llm-d-aws (EFA)", "", "v0.4.0", "Image"),
        ("llm-d/llm-d-model-service", "", "0.0.10", "Image"),
        ("llm-d/llm-d-cpu", "v0.5.0", "", "Image (New)"),
        ("llm-d/llm-d-hpu", "", "v0.4.0", ""),
        ("llm-d/llm-d-xpu", "v0.5.0", "", ""),
        ("vllm-project/vllm", "v0.14.1", "v0.11.2", "Wheel installed in llm-d"),
        ("llm-d/llm-d-uds-tokenizer", "", "v0.9.0", "Image"),
    ]
    assert [row.title for row in found.rows if row.version.gone] == [
        "llm-d/llm-d-aws (EFA)",
        "llm-d/llm-d-model-service",
    ]
    cuda = found.rows[1]
    assert cuda.component.links == ("https://github.com/llm-d/llm-d",)
    assert (cuda.place, cuda.version.place) == (Place("notes.md", 24, 3), Place("notes.md", 24, 55))
    assert cuda.cells[4].text == "a | b"


def test_the_second_table_has_names_that_are_no_repositories() -> None:
    found = table.find_table(table.read(NOTES, file="notes.md"), "Infrastructure", table.INFRASTRUCTURE)
    assert found is not None
    assert [(row.title, row.version.version, row.previous.version) for row in found.rows] == [
        ("Gateway API", "v1.4.0", "v1.3.0"),
        ("GKE Gateways", "", ""),
        ("Envoy Gateway / Envoy AI Gateway", "v1.8.1 / v0.7.0", ""),
    ]


@pytest.mark.parametrize(
    "heading",
    [
        "## Component Summary",
        "# LLM-D v0.9.0 Component Summary #",
        "### 🧩 component  SUMMARY",
        "## **Component Summary**",
    ],
)
def test_a_heading_is_found_in_many_forms(heading: str) -> None:
    text = f"{heading}\n\n| Component | Version |\n|--|--|\n| a/b | `v1.0.0` |\n"
    found = table.find_table(table.read(text, file="n.md"), "LLM-D Component Summary")
    assert found is not None
    assert found.rows[0].title == "a/b"


def test_the_configured_heading_wins_over_one_that_is_alike() -> None:
    body = "\n\n| Component | Version |\n|--|--|\n| {} | `v1.0.0` |\n\n"
    text = f"## Old Component Summary{body.format('a/old')}## Parts{body.format('a/new')}"
    found = table.find_table(table.read(text, file="n.md"), "Parts")
    assert found is not None
    assert found.rows[0].title == "a/new"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "## Component Summary\n\nNo table.\n",
        "## Component Summary\n\n| Component | Version |\n",
        "## Component Summary\n\n| Component | Status |\n|--|--|\n| a/b | New |\n",
        "## Component Summary\n\n---\n\n| Component | Version |\n|--|--|\n| a/b | `v1` |\n",
        "```\n## Component Summary\n| Component | Version |\n|--|--|\n| a/b | `v1` |\n```\n",
    ],
)
def test_there_is_no_table(text: str) -> None:
    assert table.find_table(table.read(text, file="n.md"), "Component Summary") is None


def test_lines_of_other_systems_and_odd_separators_keep_their_numbers() -> None:
    text = "a\u2028b\r\n## Component Summary\r\n\r\n| Component | Version |\r\n|--|--|\r\n| a/b | `v1` |\r\n"
    (found,) = table.read(text, file="n.md")
    assert (found.rows[0].version.version, found.rows[0].place) == ("v1", Place("n.md", 6, 3))


def test_a_fence_ends_and_the_table_after_it_counts() -> None:
    text = "```sh\n# Component Summary\n```\n## Component Summary\n\n| Component | Version |\n|--|--|\n| a/b | `v1` |\n"
    assert len(table.read(text, file="n.md")) == 1


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("`v1`", "v1"),
        ("``a`b``", "a`b"),
        ("[`v1`](https://x/y)", "v1"),
        ("**v1** and *v2*", "v1 and v2"),
        ("a\\_b \\*", "a_b *"),
        ("`a\\_b`", "a\\_b"),
        ("snake_case_name", "snake_case_name"),
        ("`unclosed", "`unclosed"),
        ("<br>", "<br>"),
    ],
)
def test_what_a_reader_sees(markdown: str, text: str) -> None:
    assert visible_text(markdown) == text


@pytest.mark.parametrize("text", ["", "NA", "N/A", "n/a", "NA (New)", "NA (New - external)", "—", "-", "none", "`NA`"])
def test_no_version(text: str) -> None:
    assert TableCell(text, Place("n.md")).version == ""
    assert not TableCell(text, Place("n.md")).gone


@pytest.mark.parametrize("text", ["Deprecated", "Deprecated in v0.4", "NA (Deprecated)", "Removed"])
def test_no_longer_published(text: str) -> None:
    assert TableCell(text, Place("n.md")).version == ""
    assert TableCell(text, Place("n.md")).gone


def test_the_written_form_to_the_letter() -> None:
    manifest = ComponentManifest(
        schema=1,
        release="v0.5.0",
        components=(
            ComponentEntry(id="cuda", name="llm-d/llm-d-cuda", type="Image", version="v0.5.0", previous="v0.4.0"),
            ComponentEntry(id="aws", name="llm-d/llm-d-aws", variant="EFA", type="Image (New)", version="v0.5.0"),
            ComponentEntry(
                id="hpu", name="llm-d/hpu", type="Image (Re-enabled)", version="v0.5.0", previous="Deprecated in v0.4.0"
            ),
            ComponentEntry(
                id="vllm", name="vllm-project/vllm", type="Wheel installed in `llm-d`", version="v1", previous="v0"
            ),
        ),
        infrastructure=(ComponentEntry(id="gw", name="Gateway API", version="v1.4.0"),),
    )
    assert table.write(manifest, "LLM-D Component Summary", "Infrastructure Changes") == (
        "## LLM-D Component Summary\n"
        "\n"
        "| Component | Version | Previous Version | Type |\n"
        "| --- | --- | --- | --- |\n"
        "| llm-d/llm-d-cuda | `v0.5.0` | `v0.4.0` | Image |\n"
        "| llm-d/llm-d-aws (EFA) | `v0.5.0` | NA | Image (New) |\n"
        "| llm-d/hpu | `v0.5.0` | Deprecated in v0.4.0 | Image (Re-enabled) |\n"
        "| vllm-project/vllm | `v1` | `v0` | Wheel installed in `llm-d` |\n"
        "\n"
        "## Infrastructure Changes\n"
        "\n"
        "| Component | Version | Previous Version |\n"
        "| --- | --- | --- |\n"
        "| Gateway API | `v1.4.0` | NA |\n"
    )


def test_without_infrastructure_there_is_one_table() -> None:
    manifest = ComponentManifest(
        schema=1, release="v1.0.0", components=(ComponentEntry(id="a", name="a/a", type="Image", version="v1"),)
    )
    assert table.write(manifest, "Parts", "Infrastructure Changes").count("## ") == 1


@given(st.text(alphabet="ab`|\\ *_[]()<>-:\t", max_size=40))
@example("| a | b |")
@example("\\")
def test_any_line_is_cut_at_its_bars_and_every_cell_stands_where_it_says(line: str) -> None:
    for cell in split_cells(line, "n.md", 1):
        start = cell.place.column - 1
        assert line[start : start + len(cell.markdown)] == cell.markdown


HEAD_OF_TABLE = "## Component Summary\n\n| Component | Version | Previous Version | Type |\n| - | - | - | - |\n"


def test_a_name_with_a_state_is_the_component_and_says_that_it_is_gone() -> None:
    text = HEAD_OF_TABLE + "| a/b (Deprecated) | `v1.0.0` | `v0.9.0` | Image |\n| a/c | Removed | `v1` | Image |\n"

    (one,) = table.read(text, file="notes.md")

    assert [(row.title, row.is_gone) for row in one.rows] == [("a/b", True), ("a/c", True)]


def test_a_remark_behind_a_version_is_no_part_of_it() -> None:
    (one,) = table.read(HEAD_OF_TABLE + "| a/b | v2.3.3 (as kgateway) | `v2.3.2` (plus a fix) | Image |\n", file="n.md")

    assert (one.rows[0].version.version, one.rows[0].previous.version) == ("v2.3.3", "v2.3.2")


def test_an_image_and_its_tag_may_have_columns_of_their_own() -> None:
    columns = "| Image | Tag |\n| - | - |\n| ghcr.io/a/b | `v1.0.0` |\n"

    (one,) = table.read(f"## Images\n\n{columns}", file="notes.md")

    assert [(row.title, row.version.version) for row in one.rows] == [("ghcr.io/a/b", "v1.0.0")]
    assert table.read(f"## Tested with\n\n{columns}", file="notes.md") == ()
