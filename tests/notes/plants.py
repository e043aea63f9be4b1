"""Defects, one a plant: what is changed in clean notes, and which rule has to tell of it in which line.

A plant changes the text, what is known beside it, or both. The line is the first one that the change touches, or the
one that begins with `line`.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.notes import cleaned
from tests.notes.cleaned import merged

from release_actions.components import table
from release_actions.components.assemble import PublishedComponent
from release_actions.components.document import load_text
from release_actions.notes.evidence import NotesEvidence, PreviousTables, RetiredImage, TagComparison
from release_actions.versions.version import parse

PUMP = NotesEvidence(
    version=parse("2.3.1", ""), repository="acme/pump", tags=frozenset({"2.3.0", "2.3.1"}), previous_tag="2.3.0"
)
"""What is known beside the notes that have nothing to do with llm-d."""

PULLS = "https://github.com/llm-d/llm-d/pull"
FULL = "https://github.com/llm-d/llm-d/compare/v0.4.2...v0.5.0"
TABLES = cleaned.LLM_D.partition("| --- | --- | --- | --- |\n")[2].partition("## 🔹")[0]
SECOND = "## Infrastructure Changes" + TABLES.partition("## Infrastructure Changes")[2]
SECTIONS = cleaned.LLM_D.partition(TABLES)[2].partition("## Install")[0]
ROUTER = "[v0.5.1 → v0.6.0](https://github.com/llm-d/llm-d-router/compare/v0.5.1...v0.6.0)"


@dataclass(frozen=True)
class Plant:
    """One defect. `known`: what differs beside the notes."""

    kind: str
    rule: str
    old: str = ""
    new: str = ""
    line: str = ""
    known: Mapping[str, Any] = field(default_factory=dict)
    certain: bool = True
    plain: bool = False
    """Whether it is planted in the notes that have nothing to do with llm-d."""


def answers(kind: str, key: Any, *, there: bool) -> dict[str, Any]:
    """An answer of a server in place of the one that it gives, or beside those."""
    return {kind: {**getattr(cleaned.evidence(), kind), key: there}}


def published(title: str, version: str) -> dict[str, Any]:
    """A previous release that published another version of a component."""
    previous = cleaned.evidence().previous
    assert isinstance(previous, PreviousTables)
    rows = tuple(
        type(row)(row.id, row.title, version if row.title == title else row.version, row.table, row.place, row.gone)
        for row in previous.rows
    )
    return {"previous": PreviousTables(previous.tag, rows)}


def republished() -> dict[str, Any]:
    """A previous release that published every version that these notes have."""
    rows = [row for one in table.read(cleaned.LLM_D, file="notes of v0.4.2") for row in one.rows]
    published = tuple(PublishedComponent("", row.title, row.version.version, "", row.version.place) for row in rows)
    return {"previous": PreviousTables("v0.4.2", published), "manifest": None}


def without(kind: str) -> dict[str, Any]:
    """Without a piece of evidence that would tell of the same defect."""
    return {kind: None}


TEXT = (
    Plant("a TODO left in", "placeholder", "## Install\n", "## Install\n\nTODO\n", line="TODO"),
    Plant(
        "a TBD in a cell",
        "placeholder",
        "| Istio | `1.29.1` |",
        "| Istio | TBD |",
        known=without("manifest"),
        certain=False,
    ),
    Plant("a place of a template", "placeholder", "The fifth release", "The release vX.Y.Z", certain=False),
    Plant("an open task", "task-open", "* `llm-d/llm-d-cuda` is", "* [ ] `llm-d/llm-d-cuda` is", certain=False),
    Plant("the heading of the release before", "heading-version", "# llm-d v0.5.0", "# llm-d v0.4.2", certain=False),
    Plant(
        "a list of another release",
        "heading-version",
        "## What's Changed",
        "## What's Changed in v0.4.2",
        certain=False,
    ),
    Plant("a block of code that stays open", "fence-open", "  tag: v0.6.0\n```\n", "  tag: v0.6.0\n", line="```yaml"),
    Plant("a comment that stays open", "comment-open", "components.yaml. -->", "components.yaml.", line="<!--"),
    Plant("a section of nothing", "section-empty", "## Install\n", "## Upgrade\n\n## Install\n", certain=False),
    Plant("a heading that stands twice", "heading-twice", "### Fixes", "### Features", certain=False),
    Plant(
        "an item that stands twice",
        "item-twice",
        "* `llm-d/llm-d-cuda` is built for arm64 too.\n",
        "* `llm-d/llm-d-cuda` is built for arm64 too.\n" * 2,
        certain=False,
    ),
    Plant("a merge conflict", "merge-conflict", "The fifth release", "<<<<<<< HEAD\nThe fifth release", certain=False),
    Plant("turned text", "text-direction", "The fifth release", "The fifth \u202erelease", certain=False),
    Plant("thanks in code", "mention-in-code", "Thanks to everybody", "Thanks to `@ada`", certain=False),
    Plant(
        "a package named like a person",
        "mention-in-title",
        "Fix the probe",
        "Fix @types",
        certain=False,
        known={
            "changes": (*cleaned.MERGED, merged("Fix @types", "barbara", 403)),
        },
    ),
    Plant("too long", "too-long", "## Install\n", "## Install\n\n" + "Long. " * 21_000 + "\n", line="Long."),
)

LINKS = (
    Plant("a number that leads elsewhere", "link-number", "[#402]", "[#400]", certain=False),
    Plant(
        "a repository that leads elsewhere",
        "link-repository",
        "[`acme/valve`]",
        "[`acme/vale`]",
        plain=True,
        certain=False,
    ),
    Plant(
        "a tag that leads elsewhere",
        "link-tag",
        "[previous release](https://github.com/llm-d/llm-d/releases/tag/v0.4.2)",
        "[v0.4.1](https://github.com/llm-d/llm-d/releases/tag/v0.4.2)",
    ),
    Plant("a comparison that leads elsewhere", "link-compare", "[v0.5.1 → v0.6.0]", "[v0.5.0 → v0.6.0]"),
    Plant(
        "a commit that leads elsewhere",
        "link-commit",
        "The image is",
        "See [0123456](https://github.com/acme/pump/commit/0123457).\nThe image is",
        plain=True,
    ),
    Plant(
        "a person who is somebody else",
        "link-login",
        "Thanks to everybody",
        "Thanks to [@ada](https://github.com/grace)",
        certain=False,
    ),
    Plant(
        "an address that leads elsewhere",
        "link-address",
        "in [the manual][manual]",
        "in [https://pump.example/manual](https://pomp.example/manual)",
        plain=True,
        certain=False,
    ),
    Plant("a link to nothing", "link-empty", "[the manual][manual]", "[the manual]()", plain=True),
    Plant(
        "a link to a file beside the notes",
        "link-relative",
        "[guide](https://github.com/llm-d/llm-d/tree/v0.5.0/guides)",
        "[guide](docs/guide.md)",
        certain=False,
    ),
    Plant(
        "a label that is not defined",
        "link-undefined",
        "[manual]: https",
        "[handbook]: https",
        line="- Document",
        plain=True,
        certain=False,
    ),
    Plant(
        "a comparison backwards",
        "compare-backwards",
        "## Install\n",
        "## Install\n\n[What changed](https://github.com/llm-d/llm-d/compare/v0.4.2...v0.4.1)\n",
        line="[What",
    ),
    Plant(
        "a dependency that goes back",
        "compare-backwards",
        "## Install\n",
        "## Install\n\n[What changed](https://github.com/istio/istio/compare/1.29.1...1.29.0)\n",
        line="[What",
        certain=False,
    ),
    Plant(
        "a comparison with itself",
        "compare-same",
        "## Install\n",
        "## Install\n\n[What changed](https://github.com/istio/istio/compare/1.29.1...1.29.1)\n",
        line="[What",
    ),
    Plant(
        "a comparison that does not resolve",
        "compare-unresolved",
        line="* **Diff**: [v0.5.1",
        known=answers("compares", TagComparison("llm-d/llm-d-router", "v0.5.1", "v0.6.0"), there=False),
    ),
    Plant(
        "a tag that is not there",
        "tag-missing",
        "releases/tag/v0.4.2",
        "releases/tag/v0.4.3",
    ),
)

CHANGELOG = (
    Plant("a base that floats", "changelog-base-floating", FULL, FULL.replace("v0.4.2", "v0.4")),
    Plant("a base that is a branch", "changelog-base-floating", FULL, FULL.replace("v0.4.2", "main")),
    Plant(
        "a base that is a candidate",
        "changelog-base-candidate",
        FULL,
        FULL.replace("v0.4.2", "v0.5.0-rc.1"),
        certain=False,
    ),
    Plant(
        "a base that is another release", "changelog-base-wrong", FULL, FULL.replace("v0.4.2", "v0.4.1"), certain=False
    ),
    Plant("a head that is not the tag", "changelog-head", FULL, FULL.replace("v0.5.0", "main"), certain=False),
    Plant(
        "a changelog of another repository",
        "changelog-repository",
        FULL,
        FULL.replace("llm-d/llm-d/", "llm-d/llm-d-router/"),
        certain=False,
    ),
    Plant(
        "two changelogs",
        "changelog-twice",
        f"**Full Changelog**: {FULL}",
        f"**Full Changelog**: {FULL}\n\n**Full Changelog**: {FULL.replace('v0.4.2...v0.5.0', 'v0.4.1...v0.4.2')}",
        line="**Full Changelog**: https://github.com/llm-d/llm-d/compare/v0.4.1",
        known={"version": None, "tags": None},
        certain=False,
    ),
)

CHANGES = (
    Plant(
        "a change that stands twice",
        "change-twice",
        "* Fix the probe by @barbara in #403\n",
        f"* Fix the probe by @barbara in #403\n* Fix the probe by @barbara in {PULLS}/403\n",
        line=f"* Fix the probe by @barbara in {PULLS}",
    ),
    Plant(
        "a change in two sections",
        "change-twice",
        "### Fixes\n\n",
        f"### Fixes\n\n* Add the gateway by @grace in {PULLS}/405\n",
        certain=False,
    ),
    Plant(
        "a breaking change that the number hides",
        "bump-too-small",
        line="Pump",
        certain=False,
        plain=True,
        known={
            "changes": (
                merged("feat!: Stop the motor when the tank is empty", "sophie", 88),
                merged("Name the valve in errors", "sophie", 90),
                merged("Document `pump --dry-run`", "sophie", 91),
            )
        },
    ),
    Plant(
        "a change of two branches",
        "change-title-twice",
        "* Fix the probe by @barbara in #403\n",
        f"* Fix the probe by @barbara in #403\n* Fix the probe (#403) by @barbara in {PULLS}/409\n",
        line="* Fix the probe (#403)",
        certain=False,
        known={"changes": (*cleaned.MERGED, merged("Fix the probe", "barbara", 409))},
    ),
    Plant(
        "a revert beside what it reverts",
        "change-reverted",
        "* Fix the probe by @barbara in #403\n",
        f'* Fix the probe by @barbara in #403\n* Revert "Fix the probe" by @ada in {PULLS}/409\n',
        line="* Revert",
        known={"changes": (*cleaned.MERGED, merged('Revert "Fix the probe"', "ada", 409))},
    ),
    Plant(
        "a revert by number",
        "change-reverted",
        "* Fix the probe by @barbara in #403\n",
        f"* Fix the probe by @barbara in #403\n* Revert #403, the probe hangs by @ada in {PULLS}/409\n",
        line="* Revert #403",
        known={"changes": (*cleaned.MERGED, merged("Revert #403, the probe hangs", "ada", 409))},
    ),
    Plant(
        "a change of an earlier release",
        "change-outside",
        f"{PULLS}/401",
        f"{PULLS}/301",
        known={"listed": {301: "v0.4.0"}},
    ),
    Plant("a change of nobody knows when", "change-outside", f"{PULLS}/401", f"{PULLS}/301", certain=False),
    Plant(
        "a commit of an earlier release",
        "change-outside",
        "commit 0123456789abcdef0123456789abcdef01234567",
        "commit 1123456789abcdef0123456789abcdef01234567",
        certain=False,
    ),
    Plant(
        "a change by somebody else",
        "change-author",
        "`TODO` of the linker by @linus",
        "`TODO` of the linker by @torvalds",
        certain=False,
    ),
    Plant(
        "a change of another repository",
        "change-foreign",
        f"{PULLS}/401",
        "https://github.com/llm-d/llm-d-router/pull/401",
        certain=False,
    ),
)

WELCOME = "* @grace made their first contribution in"
CONTRIBUTORS = (
    Plant(
        "a bot as a contributor",
        "contributor-bot",
        WELCOME,
        f"* @dependabot[bot] made their first contribution in {PULLS}/404\n{WELCOME}",
    ),
    Plant(
        "a bot without its mark",
        "contributor-bot",
        WELCOME,
        f"* @Copilot made their first contribution\n{WELCOME}",
    ),
    Plant(
        "somebody welcomed twice",
        "contributor-twice",
        "* @barbara made",
        f"{WELCOME} {PULLS}/405\n* @barbara made",
    ),
    Plant(
        "somebody who was welcomed before",
        "contributor-announced",
        line="* @grace made",
        known={"announced": {"grace": "v0.4.1"}},
        certain=False,
    ),
    Plant(
        "somebody who had something merged before",
        "contributor-not-new",
        line="* @grace made",
        known={"earlier": {"grace": True}},
    ),
    Plant(
        "a contributor without a change",
        "contributor-change",
        f"{WELCOME} {PULLS}/405",
        f"{WELCOME} {PULLS}/406",
        certain=False,
    ),
    Plant(
        "a contributor of somebody else's change",
        "contributor-author",
        f"{WELCOME} {PULLS}/405",
        f"{WELCOME} {PULLS}/401",
        certain=False,
    ),
)

TABLE = (
    Plant(
        "no second table",
        "no-table",
        SECOND,
        "",
        line="# llm-d",
        known={"previous": None},
        certain=False,
    ),
    Plant("an empty cell", "cell-empty", "| NA | Image (New) |", "| | Image (New) |"),
    Plant("a cell too few", "column-count", "| linux/arm64 | |", "| linux/arm64 |", plain=True, certain=False),
    Plant("a cell too many", "column-count", "| `1.28.4` |", "| `1.28.4` | Proxy |"),
    Plant(
        "a name that is a link",
        "name-linked",
        "| vllm-project/vllm |",
        "| [vllm-project/vllm](https://github.com/vllm-project/vllm) |",
    ),
    Plant(
        "a row that stands twice",
        "row-twice",
        "| llm-d/llm-d-cuda | `v0.5.0` | `v0.4.2` | Image |\n",
        "| llm-d/llm-d-cuda | `v0.5.0` | `v0.4.2` | Image |\n" * 2,
        known=without("manifest"),
    ),
    Plant(
        "no table below its heading",
        "no-table",
        "## Install\n",
        "## Component Summary of charts\n\nSee there.\n\n## Install\n",
        certain=False,
    ),
    Plant(
        "an organisation that nobody knows",
        "unknown-organisation",
        "| vllm-project/vllm |",
        "| vllm-projects/vllm |",
        known={**without("manifest"), **without("previous")},
    ),
    Plant(
        "a row too few",
        "row-missing",
        "| vllm-project/vllm | `v0.17.1` | `v0.14.0` | Wheel installed in llm-d |\n",
        line="| Component",
        known=without("previous"),
    ),
    Plant(
        "a row too many",
        "row-unknown",
        "| vllm-project/vllm |",
        "| llm-d/llm-d-batch | `v1.0.0` | NA | Image (New) |\n| vllm-project/vllm |",
    ),
    Plant("a version that is not the one", "version-differs", "| `v0.17.1` |", "| `v0.17.2` |"),
    Plant(
        "a previous version that is not the one",
        "previous-differs",
        "| `v0.14.0` |",
        "| `v0.14.1` |",
        known=without("previous"),
    ),
    Plant("a type that is not the one", "type-differs", "| Helm Chart |", "| Helm Chart + Image |"),
)

VERSIONS = (
    Plant("a version that moves", "moving-version", "| `v0.17.1` |", "| `main` |", known=without("manifest")),
    Plant(
        "a candidate in a final release",
        "candidate-in-final",
        "| `v0.17.1` |",
        "| `v0.17.1rc2` |",
        known=without("manifest"),
        certain=False,
    ),
    Plant(
        "a previous version that is a candidate",
        "previous-not-final",
        "| `v0.14.0` |",
        "| `v0.14.0rc1` |",
        known={**without("manifest"), **without("previous")},
        certain=False,
    ),
    Plant(
        "a version that went down",
        "version-went-down",
        "| `v0.17.1` | `v0.14.0` |",
        "| `v0.13.9` | `v0.14.0` |",
        known=without("manifest"),
        certain=False,
    ),
    Plant(
        "a new component with a previous version",
        "new-with-previous",
        "| `v0.1.0` | NA |",
        "| `v0.1.0` | `v0.0.9` |",
        known=without("manifest"),
    ),
    Plant(
        "a new component that was published before",
        "new-with-previous",
        "| `v0.5.0` | `v0.4.2` | Image |",
        "| `v0.5.0` | NA | Image (New) |",
        known=without("manifest"),
        certain=False,
    ),
    Plant(
        "a new component that is not called new",
        "not-called-new",
        "| NA | Image (New) |",
        "| NA | Image |",
        known=without("manifest"),
        certain=False,
    ),
    Plant(
        "another version in a section's comparison",
        "version-elsewhere",
        ROUTER,
        ROUTER.replace("v0.6.0", "v0.6.1"),
    ),
    Plant(
        "another previous version in a section's comparison",
        "version-elsewhere",
        ROUTER,
        ROUTER.replace("v0.5.1", "v0.5.0"),
    ),
    Plant(
        "another version in a sentence",
        "version-elsewhere",
        "`llm-d/llm-d-cuda` is built",
        "`llm-d/llm-d-cuda` v0.5.1 is built",
        certain=False,
    ),
    Plant(
        "a previous version that was not published",
        "previous-not-published",
        "| `v0.14.0` |",
        "| `v0.14.1` |",
        known=without("manifest"),
    ),
    Plant(
        "a row that was dropped without a word",
        "row-dropped",
        "The component llm-d/llm-d-inference-sim was removed: it has releases of its own now.",
        "The flag --old was removed.",
        line="| Component",
        known={"document": dataclasses.replace(load_text(cleaned.COMPONENTS), removed={})},
        certain=False,
    ),
    Plant(
        "a component of the file that was dropped",
        "row-dropped",
        "| vllm-project/vllm | `v0.17.1` | `v0.14.0` | Wheel installed in llm-d |\n",
        line="| Component",
        known=without("manifest"),
    ),
    Plant(
        "a table of the release before",
        "table-unchanged",
        TABLES + SECTIONS,
        re.sub(r"(?m)^(\| [^|]*\| (`[^`]*`) \|)[^|]*", r"\1 \2 ", TABLES).replace(" (New)", ""),
        line="| Component",
        known=republished(),
        certain=False,
    ),
    Plant(
        "a version that upstream does not have",
        "version-not-upstream",
        line="| vllm-project/vllm",
        known=answers("upstream", "vllm-project/vllm@v0.17.1", there=False),
        certain=False,
    ),
)

IMAGES = (
    Plant("an image called latest", "image-moving", "llm-d-cuda:v0.5.0", "llm-d-cuda:latest", certain=False),
    Plant("an image of a pull request", "image-moving", "llm-d-cuda:v0.5.0", "llm-d-cuda:pr-403", certain=False),
    Plant(
        "an image of the main branch",
        "image-moving",
        "  tag: v0.6.0",
        "  tag: main",
        line="  repository",
        certain=False,
    ),
    Plant("an image of a dev build", "image-candidate", "llm-d-cuda:v0.5.0", "llm-d-cuda:v0.5.0-dev", certain=False),
    Plant("an image of a candidate", "image-candidate", "llm-d-cuda:v0.5.0", "llm-d-cuda:v0.5.0-rc.2", certain=False),
    Plant("an image without a tag", "image-untagged", "llm-d-cuda:v0.5.0", "llm-d-cuda", certain=False),
    Plant(
        "an image that nobody builds",
        "image-not-built",
        "llm-d-cuda:v0.5.0",
        "llm-d-cuda-nixl:v0.5.0",
        known=answers("images", "ghcr.io/llm-d/llm-d-cuda-nixl:v0.5.0", there=False),
    ),
    Plant(
        "an image that is retired",
        "image-not-built",
        "llm-d-cuda:v0.5.0",
        "llm-d-aws:v0.5.0",
        known={"retired": {"ghcr.io/llm-d/llm-d-aws": RetiredImage(parse("v0.5.0"), "merged into llm-d-cuda")}},
    ),
    Plant(
        "an image that the registry does not have",
        "image-missing",
        line="docker pull",
        known=answers("images", "ghcr.io/llm-d/llm-d-cuda:v0.5.0", there=False),
    ),
    Plant(
        "a chart with another version",
        "image-differs",
        "--version v0.4.7",
        "--version v0.4.5",
        line="helm install",
        certain=False,
    ),
    Plant("an image of another release", "image-differs", "llm-d-cuda:v0.5.0", "llm-d-cuda:v0.4.2", certain=False),
    Plant(
        "an image with another version than its row",
        "image-differs",
        "llm-d-router:v0.6.0`",
        "llm-d-router:v0.5.1`",
        certain=False,
    ),
    Plant(
        "two versions of one image",
        "image-differs",
        "The image is `quay.io/acme/pump:2.3.1`,",
        "The image was `quay.io/acme/pump:2.3.0` and is\n`quay.io/acme/pump:2.3.1`,",
        line="`quay.io/acme/pump:2.3.1`",
        plain=True,
        certain=False,
    ),
)

COMMENTS = (
    Plant(
        "a reason that is not given",
        "ignore-comment",
        "<!-- Generated from components.yaml. -->",
        "<!-- release-notes-lint: ignore placeholder -->",
        certain=False,
    ),
    Plant(
        "a rule that does not exist",
        "ignore-comment",
        "<!-- Generated from components.yaml. -->",
        "<!-- release-notes-lint: ignore no-rule for a reason -->",
        certain=False,
    ),
    Plant(
        "a comment that silences nothing",
        "ignore-comment",
        "<!-- Generated from components.yaml. -->",
        "<!-- release-notes-lint: ignore placeholder for a reason -->",
        certain=False,
    ),
)

PLANTS = (*TEXT, *LINKS, *CHANGELOG, *CHANGES, *CONTRIBUTORS, *TABLE, *VERSIONS, *IMAGES, *COMMENTS)


def plant_defect(plant: Plant) -> tuple[str, NotesEvidence]:
    """The notes with the defect, and what is known beside them."""
    clean = cleaned.PLAIN if plant.plain else cleaned.LLM_D
    assert not plant.old or plant.old in clean, plant.kind
    text = clean.replace(plant.old, plant.new, 1) if plant.old else clean
    return text, dataclasses.replace(PUMP if plant.plain else cleaned.evidence(), **plant.known)
