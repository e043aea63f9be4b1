"""What is wrong with the components of a release: every rule in the words that people read, and none on a clean one."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from release_actions.components import assemble, findings, manifest, notes_tables, table
from release_actions.components.assemble import ComponentChangeKind, PreviousRelease
from release_actions.components.document import ComponentsFile, load_text
from release_actions.components.finding import RULES, Certainty, ComponentFinding
from release_actions.components.findings import JudgedRelease
from release_actions.components.inline import visible_text
from release_actions.components.manifest import ComponentEntry, ComponentManifest
from release_actions.components.sources import FoundVersion, MissingVersion, VersionSources
from release_actions.components.version_source import VERSION
from release_actions.runner.report import Level
from release_actions.versions.version import parse

WEB = "https://github.com"
COMPONENTS = """\
organisations: [llm-d, vllm-project]
heading: LLM-D Component Summary
components:
  router:
    organisation: llm-d
    name: llm-d-router
    renamed-from: [llm-d/llm-d-inference-scheduler]
    type: Image
    version: {kind: literal, version: v0.10.0}
    repository: llm-d/llm-d-router
  cuda:
    organisation: llm-d
    name: llm-d-cuda
    variant: EFA
    type: Image
    version: {kind: release}
    repository: llm-d/llm-d
  connector:
    organisation: llm-d
    type: Wheel installed in `llm-d`
    version: {kind: literal, version: '0.23'}
infrastructure:
  istio:
    name: Istio
    version: {kind: literal, version: '1.29.4'}
removed:
  aws:
    name: llm-d/llm-d-aws
    reason: Part of cuda.
"""
NOTES = """\
## LLM-D Component Summary

| Component | Version | Previous Version | Type |
| --- | --- | --- | --- |
| llm-d/llm-d-inference-scheduler | `v0.9.0` | `v0.8.0` | Image |
| llm-d/llm-d-cuda (EFA) | `v0.8.0` | `v0.7.0` | Image |
| llm-d/connector | `0.23` | NA | Wheel installed in `llm-d` |
| llm-d/llm-d-aws | `v0.8.0` | NA | Image |

## Infrastructure Changes

| Component | Version | Previous Version |
| --- | --- | --- |
| Istio | `1.29.1` | `1.28.0` |
"""


def before_of(document: ComponentsFile, notes: str = NOTES) -> PreviousRelease:
    before = PreviousRelease.of_tables("v0.8.0", table.read(notes, file="notes.md"), document.headings)
    assert before is not None
    return before


def release(components: str = COMPONENTS, notes: str | None = NOTES, tag: str = "v0.9.0") -> JudgedRelease:
    document = load_text(components, file="components.yaml")
    sources = VersionSources(tag, lambda _: None, lambda _: None, lambda _: None)
    given = {id_: sources.find(part.version) for _, id_, part in document.parts()}
    before = before_of(document, notes) if notes is not None else None
    found = {id_: source for id_, source in given.items() if isinstance(source, FoundVersion)}
    return JudgedRelease(parse(tag), document, given, assemble.build_rows(document, found, before, WEB), before)


def made(of: JudgedRelease) -> ComponentManifest:
    return assemble.build_manifest(of.lines, of.document, of.before, release=of.version.tag, repository="llm-d/llm-d")


def test_a_clean_release_has_no_findings() -> None:
    assert findings.judge(release()) == ()


def test_the_table_has_what_was_published_before() -> None:
    clean = release()
    assert table.write(made(clean), clean.document.heading, clean.document.infrastructure_heading) == (
        "## LLM-D Component Summary\n\n"
        "| Component | Version | Previous Version | Type |\n"
        "| --- | --- | --- | --- |\n"
        "| llm-d/llm-d-router | `v0.10.0` | `v0.9.0` | Image |\n"
        "| llm-d/llm-d-cuda (EFA) | `v0.9.0` | `v0.8.0` | Image |\n"
        "| llm-d/connector | `0.23` | `0.23` | Wheel installed in `llm-d` |\n"
        "\n## Infrastructure Changes\n\n"
        "| Component | Version | Previous Version |\n"
        "| --- | --- | --- |\n"
        "| Istio | `1.29.4` | `1.29.1` |\n"
    )


def test_what_changed() -> None:
    clean = release()
    found = [
        (one.change, one.title, one.version, one.previous, one.note)
        for one in assemble.list_changes(clean.lines, made(clean))
    ]
    assert found == [
        (
            ComponentChangeKind.CHANGED,
            "llm-d/llm-d-router",
            "v0.10.0",
            "v0.9.0",
            f"{WEB}/llm-d/llm-d-router/compare/v0.9.0...v0.10.0",
        ),
        (
            ComponentChangeKind.CHANGED,
            "llm-d/llm-d-cuda (EFA)",
            "v0.9.0",
            "v0.8.0",
            f"{WEB}/llm-d/llm-d/compare/v0.8.0...v0.9.0",
        ),
        (ComponentChangeKind.UNCHANGED, "llm-d/connector", "0.23", "0.23", ""),
        (ComponentChangeKind.CHANGED, "Istio", "1.29.4", "1.29.1", ""),
        (ComponentChangeKind.REMOVED, "llm-d/llm-d-aws", "", "", "Part of cuda."),
    ]


def test_the_next_release_finds_the_same_in_components_json_as_in_the_notes() -> None:
    clean = release()
    text = manifest.write(made(clean))
    notes = table.write(made(clean), clean.document.heading, clean.document.infrastructure_heading)
    by_json = PreviousRelease.of_manifest(manifest.read(text))
    by_notes = before_of(clean.document, notes)
    said = [[(row.title, row.version, row.table) for row in before.rows] for before in (by_json, by_notes)]
    assert said[0] == said[1]
    assert by_json.tag == "v0.9.0"


def test_an_id_outlives_a_new_name() -> None:
    before = PreviousRelease.of_manifest(manifest.read(manifest.write(made(release()))))
    row = before.published("router", ("llm-d/quite-another-name",))
    assert row is not None
    assert (row.title, row.version) == ("llm-d/llm-d-router", "v0.10.0")
    assert before.published("new-id", ("router",)) == row
    assert before.published("new-id", ("other",)) is None


def test_what_was_deprecated_has_no_version_and_says_since_when() -> None:
    notes = NOTES.replace("| llm-d/connector | `0.23` |", "| llm-d/connector | Deprecated |")
    changed = release(COMPONENTS.replace("type: Wheel installed in `llm-d`", "type: Wheel (Re-enabled)"), notes)
    assert findings.judge(changed) == ()
    (line,) = (line for line in changed.lines if line.entry.id == "connector")
    assert (line.entry.previous, line.was) == ("Deprecated in v0.8.0", "")


@pytest.mark.parametrize(
    ("old", "new", "rule", "level", "message", "place"),
    [
        (
            "organisation: llm-d\n    type: Wheel",
            "organisation: lmm-d\n    name: connector\n    renamed-from: [llm-d/connector]\n    type: Wheel",
            "unknown-organisation",
            Level.ERROR,
            "The organisation lmm-d of connector is not in 'organisations' (llm-d, vllm-project).",
            "components.yaml:19:19",
        ),
        (
            "    repository: llm-d/llm-d-router",
            "    previous: v0.8.0",
            "previous-not-published",
            Level.ERROR,
            "The previous version of llm-d/llm-d-router is given as v0.8.0, and v0.8.0 published v0.9.0 "
            "(notes.md:5:37).",
            "components.yaml:10:15",
        ),
        (
            "removed:\n  aws:\n    name: llm-d/llm-d-aws\n    reason: Part of cuda.\n",
            "",
            "row-dropped",
            Level.ERROR,
            "v0.8.0 published llm-d/llm-d-aws v0.8.0 (notes.md:8:21), and this release has none.",
            "components.yaml:3:1",
        ),
        (
            "variant: EFA\n    type: Image",
            "variant: EFA\n    type: Image (New)",
            "new-with-previous",
            Level.ERROR,
            "llm-d/llm-d-cuda (EFA) is called new, and v0.8.0 published v0.8.0 (notes.md:6:28).",
            "components.yaml:15:11",
        ),
        (
            "variant: EFA\n    type: Image",
            "variant: EFA\n    type: Image (Re-enabled)",
            "new-with-previous",
            Level.ERROR,
            "llm-d/llm-d-cuda (EFA) is called re-enabled, and v0.8.0 published v0.8.0 (notes.md:6:28).",
            "components.yaml:15:11",
        ),
        (
            "removed:\n",
            "  kgateway:\n    version: {kind: literal, version: main}\nremoved:\n",
            "moving-version",
            Level.ERROR,
            "The version of kgateway is main, which names another version tomorrow.",
            "components.yaml:27:39",
        ),
        (
            "version: v0.10.0",
            "version: v0.10.0-rc.1",
            "candidate-in-final",
            Level.ERROR,
            "v0.9.0 is a final release, and llm-d/llm-d-router is at v0.10.0-rc.1.",
            "components.yaml:9:39",
        ),
        (
            "version: v0.10.0",
            "version: v0.8.9",
            "version-went-down",
            Level.ERROR,
            "llm-d/llm-d-router has an older version than before: v0.8.0 published v0.9.0 (notes.md:5:37), and "
            "now it is v0.8.9.",
            "components.yaml:9:39",
        ),
        (
            "version: '0.23'",
            "version: 899f8517faad",
            "version-not-comparable",
            Level.NOTICE,
            "llm-d/connector changes from 0.23 to 899f8517faad: they cannot be compared.",
            "components.yaml:21:39",
        ),
        (
            "type: Wheel installed in `llm-d`",
            "type: Wheel installed in `llm-d`\n    stage: core",
            "core-without-owners",
            Level.ERROR,
            "llm-d/connector is a core component, and has no owners.",
            "components.yaml:21:12",
        ),
        (
            "infrastructure:\n",
            "  cpu: {organisation: llm-d, type: Image, version: {kind: release}}\ninfrastructure:\n",
            "not-called-new",
            Level.WARNING,
            "v0.8.0 did not publish llm-d/cpu, and its type, Image, does not say it is new.",
            "components.yaml:22:36",
        ),
    ],
)
def test_a_planted_mistake_is_found(old: str, new: str, rule: str, level: Level, message: str, place: str) -> None:
    assert old in COMPONENTS
    (finding,) = findings.judge(release(COMPONENTS.replace(old, new)))
    assert (finding.rule, finding.level, finding.message) == (rule, level, message)
    assert str(finding.place) == place
    assert finding.hint
    assert finding.certainty is RULES[rule][0]


def test_a_candidate_may_have_candidates() -> None:
    components = COMPONENTS.replace("version: v0.10.0", "version: v0.10.0-rc.1")
    assert findings.judge(release(components, tag="v0.9.0-rc.1")) == ()


def test_a_first_release_has_nothing_to_contradict() -> None:
    assert findings.judge(release(notes=None)) == ()


def test_a_table_that_says_what_the_last_one_said() -> None:
    before = release()
    notes = table.write(made(before), before.document.heading, before.document.infrastructure_heading)
    again = COMPONENTS.replace("{kind: release}", "{kind: literal, version: v0.9.0}")
    (finding,) = findings.judge(release(again, notes, tag="v0.10.0"))
    assert (finding.rule, finding.level) == ("table-unchanged", Level.WARNING)
    assert finding.message == "Every version is the one that v0.8.0 published."


def test_a_source_without_a_version_and_one_that_is_found_twice() -> None:
    clean = release()
    router = clean.document.components["router"].version.origin.place
    sources: dict[str, FoundVersion | MissingVersion] = {
        "router": MissingVersion("source-not-found", "f does not exist.", "Correct the path.", router),
        "cuda": FoundVersion("v0.9.0", router, (router,)),
    }
    one, two = findings.check_sources(JudgedRelease(clean.version, clean.document, sources, (), None))
    assert (one.rule, one.message, one.level) == ("source-not-found", "router: f does not exist.", Level.ERROR)
    assert (two.rule, two.level) == ("source-ambiguous", Level.WARNING)
    assert two.message == "cuda: its source finds v0.9.0 2 times, next in line 9."


def notes_findings(notes: str) -> list[ComponentFinding]:
    clean = release()
    headings = (clean.document.heading, clean.document.infrastructure_heading)
    tables = table.read(notes, file="new.md")
    return list(notes_tables.compare_notes(tables, made(clean), headings, "new.md"))


def written() -> str:
    clean = release()
    return table.write(made(clean), clean.document.heading, clean.document.infrastructure_heading)


def test_a_generated_table_agrees_with_components_json() -> None:
    assert notes_findings(written()) == []
    assert notes_findings(written().replace("| llm-d/llm-d-router |", "| [llm-d/llm-d-router](https://x.y) |")) == []


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        (
            "| `v0.10.0` |",
            "| `v0.10.1` |",
            [
                (
                    "version-differs",
                    "new.md:5:24",
                    "The version of llm-d/llm-d-router is v0.10.0, and the table says 'v0.10.1'.",
                )
            ],
        ),
        (
            "| `v0.9.0` | Image |\n",
            "| | Image |\n",
            [
                (
                    "previous-differs",
                    "new.md:5:36",
                    "The previous version of llm-d/llm-d-router is v0.9.0, and the table says nothing.",
                )
            ],
        ),
        (
            "| Image |\n| llm-d/llm-d-cuda",
            "| Image (New) |\n| llm-d/llm-d-cuda",
            [
                (
                    "type-differs",
                    "new.md:5:47",
                    "The type of llm-d/llm-d-router is Image, and the table says 'Image (New)'.",
                )
            ],
        ),
        (
            "| llm-d/connector |",
            "| llm-d/conector |",
            [
                (
                    "row-unknown",
                    "new.md:7:3",
                    "The table has llm-d/conector, which is not a component of this release.",
                ),
                ("row-missing", "new.md:3:1", "The table has no row for llm-d/connector 0.23."),
            ],
        ),
        (
            "| llm-d/connector |",
            "| llm-d/llm-d-router | `v0.10.0` | `v0.9.0` | Image |\n| llm-d/connector |",
            [("row-twice", "new.md:7:3", "The table has llm-d/llm-d-router twice, first in line 5.")],
        ),
        (
            "## LLM-D Component Summary",
            "## Parts",
            [("no-table", "new.md", "The notes have no table of components below 'LLM-D Component Summary'.")],
        ),
        (
            "| Istio | `1.29.4` |",
            "| Istio | `1.29.1` |",
            [("version-differs", "new.md:13:11", "The version of Istio is 1.29.4, and the table says '1.29.1'.")],
        ),
    ],
)
def test_notes_that_say_something_else(old: str, new: str, found: list[tuple[str, str, str]]) -> None:
    assert old in written()
    said = notes_findings(written().replace(old, new, 1))
    assert [(finding.rule, str(finding.place), finding.message) for finding in said] == found
    renamed = {"row-unknown", "row-missing"} <= {finding.rule for finding in said}
    assert {finding.certainty for finding in said} == {Certainty.SUSPICIOUS if renamed else Certainty.CERTAIN}


VERSION_CELLS = [(line, cell) for line in range(4, 7) for cell in (2, 3)] + [(12, 2), (12, 3)]
EDITS = st.text(alphabet=[*string.ascii_letters, *string.digits, *".-+_`|\\*<>[]() é—"], min_size=1, max_size=3)


@given(st.sampled_from(VERSION_CELLS), st.integers(0, 12), st.integers(0, 12), EDITS | st.just(""))
def test_any_edit_of_a_version_cell_is_found(cell: tuple[int, int], start: int, length: int, put: str) -> None:
    number, column = cell
    lines = written().splitlines()
    cells = lines[number].split("|")
    before = cells[column].strip().strip("`")
    start, end = min(start, len(before)), min(start + length, len(before))
    edited = before[:start] + put + before[end:]
    # An edit that no reader can see is none: blanks at the ends, and marks around the same text.
    assume(visible_text(f"`{edited}`") != before)
    cells[column] = f" `{edited}` "
    lines[number] = "|".join(cells)
    found = notes_findings("\n".join(lines))
    assert found
    assert {finding.place.line for finding in found if finding.place and finding.place.line > 3} <= {number + 1}


NAMES = st.from_regex(r"[a-z0-9]+(?:-[a-z0-9]+)*", fullmatch=True)
ENTRIES = st.builds(
    ComponentEntry,
    id=NAMES,
    name=st.builds("{}/{}".format, NAMES, NAMES),
    variant=st.sampled_from(["", "EFA", "debug 2"]),
    type=st.sampled_from(["Image", "Image (New)", "Helm Chart + Image", "Wheel installed in `x`"]),
    version=st.from_regex(VERSION, fullmatch=True),
    previous=st.just("") | st.from_regex(VERSION, fullmatch=True) | st.just("Deprecated in v0.4.0"),
)


@given(st.lists(ENTRIES, min_size=1, max_size=4))
def test_a_reader_that_drops_empty_cells_reads_every_row(entries: list[ComponentEntry]) -> None:
    """As the site of llm-d read the table: split at every bar, empty cells thrown away, backticks removed."""
    release = ComponentManifest(schema=1, release="v1.0.0", components=tuple(entries))
    _, _, _, _, *lines = table.write(release, "LLM-D Component Summary", "Infrastructure Changes").splitlines()
    rows = [[cell.strip() for cell in line.split("|") if cell.strip()] for line in lines]
    assert len(rows) == len(entries)
    for (name, version, previous, type_), entry in zip(rows, entries, strict=True):
        assert re.fullmatch(r"[\w-]+/[\w-]+(?: \([^)]+\))?", name)
        assert (name, version.replace("`", ""), type_) == (entry.title, entry.version, entry.type)
        assert previous.replace("`", "") == (entry.previous or "NA")


def test_something_new_has_no_previous_version() -> None:
    notes = NOTES.replace("| llm-d/connector | `0.23` |", "| llm-d/connector | Deprecated |")
    (finding,) = findings.judge(
        release(COMPONENTS.replace("type: Wheel installed in `llm-d`", "type: Wheel (New)"), notes)
    )
    assert finding.rule == "new-with-previous"
    assert finding.message == "llm-d/connector is called new, and has the previous version Deprecated in v0.8.0."


def test_a_core_component_with_owners_and_an_incubating_one_without_are_right() -> None:
    kind = "type: Wheel installed in `llm-d`"
    core = COMPONENTS.replace(kind, f"{kind}\n    stage: core\n    owners: [ada, llm-d/maintainers]")
    incubating = COMPONENTS.replace(kind, f"{kind}\n    stage: incubating")

    assert findings.judge(release(core)) == findings.judge(release(incubating)) == ()
    assert [line.entry.type for line in release(incubating).lines if line.entry.id == "connector"] == [
        "Wheel installed in `llm-d` (incubating)"
    ]


def test_the_page_lists_every_rule_as_it_is() -> None:
    page = Path(__file__).parents[2] / "actions" / "component-matrix" / "README.md"
    rows = [f"| `{rule}` | {certainty.value} | {about} |" for rule, (certainty, about) in RULES.items()]
    assert [
        line
        for line in page.read_text(encoding="utf-8").splitlines()
        if "| certain |" in line or "| suspicious |" in line
    ] == rows
