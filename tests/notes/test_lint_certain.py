"""A certain finding is never wrong: notes as projects publish them on purpose, of which none is certain.

Each kind is what a rule that calls something certain could take for a mistake.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.notes import cleaned
from tests.notes.cleaned import merged

from release_actions.components.assemble import PublishedComponent
from release_actions.components.finding import Certainty
from release_actions.errors import Place
from release_actions.notes.evidence import NotesEvidence, PreviousTables, TagComparison
from release_actions.notes.lint import lint
from release_actions.versions.version import parse

WEB = "https://github.com/acme/web"
TAGS = frozenset({"v1.1.0", "v1.2.0", "v1.2.1", "v1.2.2", "v1.2.3", "v1.2.3-1", "v1.2.3-rc.1", "v1.2", "4.2", "4.2.1"})
KNOWN = NotesEvidence(
    version=parse("v1.2.3"),
    repository="acme/web",
    tags=TAGS,
    previous_tag="v1.2.2",
    announced={"ada": "v1.1.0"},
    listed={7: "v1.2.2"},
    changes=(merged("Fix it", "ada", 11), merged("Go on", "bob", 12)),
    earlier={"ada": False},
    compares={TagComparison("acme/hidden", "v1", "v2"): False},
    upstream={},
    images={"ghcr.io/acme/web:v1.2.3": False, "ghcr.io/other/web:v1": False},
)
CANDIDATE = dataclasses.replace(KNOWN, version=parse("v1.2.3-rc.2"))
TABLE = "## Component Summary\n\n| Component | Version | Previous Version | Type |\n| --- | --- | --- | --- |\n"
BEFORE = PreviousTables("v1.2.2", (PublishedComponent("", "acme/web", "v0.9.0", "", Place("notes of v1.2.2", 5, 1)),))
COMPARE = f"**Full Changelog**: {WEB}/compare"
LINE = f"* Fix it by @ada in {WEB}/pull/11"
HELLO = f"* @zoe made their first contribution in {WEB}/pull/11"

PUBLISHED: dict[str, tuple[str, NotesEvidence]] = {
    "a sentence about TODO": ("TODO: comments are reported now.\n\nThe marker (TODO) is bold.\n\n* FIXME: too", KNOWN),
    "a list of words": ("New states:\n\n* DRAFT\n* TBD\n", KNOWN),
    "a date that is open": ("| Feature | Removed in |\n| --- | --- |\n| Old API | TBD |", KNOWN),
    "a heading of what is left": ("## TODO\n\nDocument it.", KNOWN),
    "code at the end that stays open": ("Install it:\n\n```sh\nmake install", KNOWN),
    "an open comment at the end": ("Text.\n\n<!-- generated", KNOWN),
    "a quote in quotes": (">>>>>>> deep", KNOWN),
    "what an earlier release brought": ("# Notes\n\nv1.2.3 mends it.\n\n## What's Changed in v1.2.2\n\n* Text", KNOWN),
    "a release that repeats another one": (
        f"# v1.2.2\n\nv1.2.3 is v1.2.2, built again.\n\n{COMPARE}/v1.2.1...v1.2.2",
        KNOWN,
    ),
    "numbers of another tracker": (f"[#12345]({WEB}/pull/11) and [#777]({WEB}/pull/12)", KNOWN),
    "an issue of another repository": ("[#3](https://github.com/acme/old/issues/99)", KNOWN),
    "a repository that was renamed": (
        "[acme/site](https://github.com/acme/web), [acme/site#3](https://github.com/acme/web/pull/3)",
        KNOWN,
    ),
    "words with a slash": ("the [client/server](https://github.com/acme/rpc) example", KNOWN),
    "an application by its chart": (f"[v9.9.9]({WEB}/releases/tag/v1.2.2)", KNOWN),
    "modules with numbers of their own": (
        "[v0.29.0 → v0.30.0](https://github.com/acme/web/compare/v1.1.0...v1.2.0)",
        KNOWN,
    ),
    "a date for a commit": (f"[20240501]({WEB}/commit/0123456789) [defaced]({WEB}/commit/abcdef0123)", KNOWN),
    "a name from elsewhere": ("Thanks [@nick](https://github.com/ada)", KNOWN),
    "a short form of an address": ("[https://acme.io](https://www.acme.io/docs?x=1)", KNOWN),
    "a later build": (f"[changes]({WEB}/compare/v1.2.3...v1.2.3-1)", KNOWN),
    "what was taken back": (f"[reverse]({WEB}/compare/v1.2.3..v1.2.2)", KNOWN),
    "a repository that is hidden": ("[changes](https://github.com/acme/hidden/compare/v1...v2)", KNOWN),
    "a branch called like a version": (f"[docs]({WEB}/tree/v1.1.9/docs)", KNOWN),
    "a tag that comes with this release": (f"[sdk]({WEB}/releases/tag/v1.2.4)", KNOWN),
    "a checkout without tags": (f"[old]({WEB}/releases/tag/v0.9.0)", dataclasses.replace(KNOWN, from_git=True)),
    "two numbers for a first release": (
        f"{COMPARE}/4.2...4.2.1",
        dataclasses.replace(KNOWN, version=parse("4.2.1", "")),
    ),
    "a branch as a base": (f"{COMPARE}/release-1.2...v1.2.3", KNOWN),
    "changes since a candidate": (f"{COMPARE}/v1.2.3-rc.1...v1.2.3", KNOWN),
    "changes since before a withdrawn release": (f"{COMPARE}/v1.2.1...v1.2.3", KNOWN),
    "a changelog up to a branch": (f"{COMPARE}/v1.2.2...release-1.2", KNOWN),
    "a changelog of a former name": ("**Full Changelog**: https://github.com/old/web/compare/v1.2.2...v1.2.3", KNOWN),
    "two changelogs": (
        f"{COMPARE}/v1.2.2...v1.2.3\n\n**Full Changelog since 1.1**: {WEB}/compare/v1.1.0...v1.2.3",
        KNOWN,
    ),
    "two changelogs of a candidate": (
        f"{COMPARE}/v1.2.3-rc.1...v1.2.3-rc.2\n\n{COMPARE}/v1.2.2...v1.2.3-rc.2",
        CANDIDATE,
    ),
    "two lists of a candidate": (f"## Changes\n\nSince rc.1:\n\n{LINE}\n\nSince v1.2.2:\n\n{LINE}\n", CANDIDATE),
    "two welcomes of a candidate": (
        f"## New\n\nSince rc.1:\n\n{HELLO}\n\nSince v1.2.2:\n\n{HELLO}\n\n{LINE}",
        CANDIDATE,
    ),
    "one change of two packages": (f"## Changes\n\n* Server\n  {LINE}\n* Client\n  {LINE}\n", KNOWN),
    "one change below two lines of text": (f"## Changes\n\n**Server**\n\n{LINE}\n\n**Client**\n\n{LINE}\n", KNOWN),
    "a welcome in two repositories": (
        f"{HELLO}\n* @zoe made their first contribution in https://github.com/acme/sdk/pull/4",
        KNOWN,
    ),
    "a welcome that a later line gave too": (f"* @ada made their first contribution in {WEB}/pull/11", KNOWN),
    "a welcome to who wrote it with another": (f"{LINE}\n\n{HELLO}", KNOWN),
    "a person with a first name": (f"* @claude made their first contribution in {WEB}/pull/11", KNOWN),
    "an account that was renamed": (f"* Fix it by @ada-new in {WEB}/pull/11", KNOWN),
    "a change that an earlier release has": (f"* Try it by @ada in {WEB}/pull/7", KNOWN),
    "changes of a whole line": (f"## Changes since v1.1.0\n\n* Try it by @ada in {WEB}/pull/7", KNOWN),
    "a revert of one of two with a title": (
        f'* Bump by @ada in {WEB}/pull/11\n* Bump by @ada in {WEB}/pull/12\n* Revert "Bump" by @ada in {WEB}/pull/13',
        dataclasses.replace(
            KNOWN, changes=(merged("Bump", "ada", 11), merged("Bump", "ada", 12), merged('Revert "Bump"', "ada", 13))
        ),
    ),
    "a row without a last cell": ("| A | B |\n| --- | --- |\n| a |\n| a | b | |", KNOWN),
    "an empty cell of another project": (f"{TABLE}| acme/web | v1 | | |", KNOWN),
    "a link of another project": (f"{TABLE}| [acme/web]({WEB}) | v1 | v0 | Image |", KNOWN),
    "what it was tried with": ("| Component | Version |\n| --- | --- |\n| Kubernetes | latest |", KNOWN),
    "a dependency without a final version": (f"{TABLE}| other/api | `v1.0.0-rc.2` | `v0.9.0` | Library |", KNOWN),
    "a step back on purpose": (
        f"{TABLE}| acme/web | `v0.8.9` | `v0.9.0` | Image |",
        dataclasses.replace(KNOWN, previous=BEFORE),
    ),
    "a table of what changed": (
        f"{TABLE}| acme/api | `v2` | `v1` | Image |",
        dataclasses.replace(KNOWN, previous=BEFORE),
    ),
    "an image beside a chart": (f"{TABLE}| acme/web | `v1.0.0` | `v0.9.0` | Helm Chart + Image (New) |", KNOWN),
    "a chart that was there": (
        f"{TABLE}| acme/web | `v1.0.0` | NA | Helm Chart (New) |",
        dataclasses.replace(KNOWN, previous=BEFORE),
    ),
    "a command for the newest": ("```\ndocker run ghcr.io/acme/web:latest\n```", KNOWN),
    "a preview of what comes": ("```\ndocker run ghcr.io/acme/web:v2.0.0-rc.1\n```", KNOWN),
    "an image that is gone": ("`ghcr.io/acme/web:v1.2.3` was withdrawn.", KNOWN),
    "an image of another owner": ("```\ndocker pull ghcr.io/other/web:v1\n```", KNOWN),
}


@pytest.mark.parametrize("kind", PUBLISHED)
def test_nothing_is_certain_of(kind: str) -> None:
    text, known = PUBLISHED[kind]
    certain = [(hit.rule, hit.message) for hit in lint(text, "n.md", known) if hit.certainty is Certainty.CERTAIN]
    assert certain == []


def rename(words: str) -> str:
    return TABLE + f"| {words} | `v0.1.0` | `v0.9.0` | Image |"


@pytest.mark.parametrize(
    "words",
    [
        "acme/site (formerly acme/web)",
        "acme/site (formerly known as acme/web)",
        "acme/site (renamed from acme/web)",
        "acme/site (was acme/web)",
        "acme/site (previously acme/web)",
        "acme/site (f.k.a. acme/web)",
        "acme/site, formerly acme/web",
        "acme/site - previously called acme/web",
        "acme/site (ex acme/web)",
        "acme/site (replaces acme/web)",
        "acme/web (now acme/site)",
        "acme/web (renamed to acme/site)",
        "acme/web → acme/site",
    ],
)
def test_a_rename_is_read_however_it_is_written(words: str) -> None:
    known = dataclasses.replace(KNOWN, previous=BEFORE)

    assert [(hit.rule, hit.message) for hit in lint(rename(words), "n.md", known)] == []


@pytest.mark.parametrize(
    "said",
    [
        "acme/web is called acme/site now.",
        "acme/web was renamed.",
        "acme/site (formerly acme/web) is faster.",
        "The former acme/web is part of acme/site.",
    ],
)
def test_a_sentence_says_what_a_row_is_called_now(said: str) -> None:
    text = f"{said}\n\n{TABLE}| acme/site | `v0.1.0` | NA | Image (New) |"

    assert [hit.rule for hit in lint(text, "n.md", dataclasses.replace(KNOWN, previous=BEFORE))] == []


def test_a_row_under_another_name_is_no_certain_difference_from_components_json() -> None:
    text = cleaned.LLM_D.replace("| llm-d/llm-d-router |", "| llm-d/llm-d-epp |")

    hits = lint(text, "n.md", cleaned.evidence(previous=None))

    assert {(hit.rule, hit.certainty) for hit in hits} >= {
        ("row-unknown", Certainty.SUSPICIOUS),
        ("row-missing", Certainty.SUSPICIOUS),
    }


@pytest.mark.parametrize(
    "written",
    [
        "compare/v0.4.2...v0.5.0",
        "compare/v0.4.2..v0.5.0",
        "compare/refs/tags/v0.4.2...refs/tags/v0.5.0",
        "compare/refs%2Ftags%2Fv0.4.2...refs%2Ftags%2Fv0.5.0",
        "compare/v0.4.2%2E%2E%2Ev0.5.0",
        "compare/llm-d:v0.4.2...llm-d:v0.5.0",
        "compare/v0.4.2...v0.5.0?expand=1#files_bucket",
        "compare/v0.4.2...v0.5.0.diff",
        "compare/v0.4.2...v0.5.0.patch",
        "compare/v0.4.2...v0.5.0/",
    ],
)
def test_a_comparison_is_the_same_in_every_spelling(written: str) -> None:
    text = cleaned.LLM_D.replace("compare/v0.4.2...v0.5.0", written)

    assert [hit.message for hit in lint(text, "n.md", cleaned.evidence())] == []


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(
        ["v0.5.0", "v0.4.1", "main", "abc1234", "ada:v0.5.0", "ada:fix", "refs/heads/main", "v0.5", "v0.4.2^"]
    ),
    st.sampled_from(["v0.4.2", "v0.3.0", "v0.5.0-rc.1", "ada:v0.4.2", "refs/heads/release-0.5", "0123abc", "v0.4.2~3"]),
    st.sampled_from(["..", "..."]),
)
def test_a_comparison_with_what_is_no_release_is_at_most_suspicious(head: str, base: str, dots: str) -> None:
    text = cleaned.LLM_D.replace("compare/v0.4.2...v0.5.0", f"compare/{base}{dots}{head}")

    certain = {hit.rule for hit in lint(text, "n.md", cleaned.evidence()) if hit.certainty is Certainty.CERTAIN}

    assert certain <= ({"changelog-head"} if head == "v0.4.1" else set()) | {"compare-backwards"}


CERTAIN: dict[str, tuple[str, str, dict[str, Any]]] = {
    "a reminder": ("placeholder", "TODO\n", {}),
    "the heading of the release before": ("heading-version", "# v1.2.2\n\nText.", {}),
    "changes within code": ("fence-open", f"```\nx\n\n{LINE}", {}),
    "a conflict": ("merge-conflict", "<<<<<<< a\n\nx\n\n=======\n\ny\n\n>>>>>>> b", {}),
    "a number among others": ("link-number", f"[#11]({WEB}/pull/11) [#12]({WEB}/pull/12) [#13]({WEB}/pull/14)", {}),
    "a tag for another": ("link-tag", f"[v1.2.1]({WEB}/releases/tag/v1.2.2)", {}),
    "an address for another": ("link-address", f"[{WEB}/pull/11]({WEB}/pull/12)", {}),
    "the changelog of another release": ("changelog-head", f"{COMPARE}/v1.2.1...v1.2.2", {}),
    "changes since a later release": (
        "changelog-base-wrong",
        f"{COMPARE}/v1.2.4...v1.2.3",
        {"tags": TAGS | {"v1.2.4"}},
    ),
    "one line twice": ("change-twice", f"{LINE}\n{LINE}", {}),
    "one welcome twice": ("contributor-twice", f"{LINE}\n\n## New\n\n{HELLO}\n{HELLO}", {}),
    "a welcome of the same line": ("contributor-announced", HELLO, {"announced": {"zoe": "v1.2.1"}}),
    "an image that nobody published": ("image-missing", "```\ndocker pull ghcr.io/acme/web:v1.2.3\n```", {}),
    "a change of the release before": (
        "change-outside",
        f"* Try it by @ada in {WEB}/pull/7\n\n{COMPARE}/v1.2.2...v1.2.3",
        {},
    ),
}


@pytest.mark.parametrize("kind", CERTAIN)
def test_what_is_proven_is_certain(kind: str) -> None:
    rule, text, more = CERTAIN[kind]

    hits = lint(text, "n.md", dataclasses.replace(KNOWN, **more))

    assert (rule, Certainty.CERTAIN) in {(hit.rule, hit.certainty) for hit in hits}


def test_a_table_may_name_components_by_their_images() -> None:
    text = cleaned.LLM_D.replace("| llm-d/llm-d-router | `v0.6.0` |", "| ghcr.io/llm-d/llm-d-router | `v0.6.1` |")

    hits = lint(text, "n.md", cleaned.evidence(manifest=None, upstream={"llm-d/llm-d-router@v0.6.1": False}))

    assert "version-not-upstream" in {hit.rule for hit in hits}
