from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.versions.release_tags import unhurried

from release_actions.versions.grammar import Reason, TagRefused
from release_actions.versions.refusals import explain
from release_actions.versions.version import Version, parse, parse_or_none

LOOKS = "Release tags look like v1.2.3, v1.2.3-rc.1 or v1.2.3.post1."
NEVER_PUSHED = "The action protect-latest moves floating tags. Do not push them."
CUT = "If a tool made this tag by cutting another one at its last dot, delete the tag and stop that tool."
REBUILD = (
    "Push a post release for a rebuild of v0.10.1, or the next patch version for a fix. A project whose post releases"
    " have four numbers sets versions.post-spelling to four-numbers in release.yaml."
)
NAME_OR_REF = "Give the tag's name, or its ref refs/tags/NAME."
LABEL = "Put the metadata into a label of the image."

REFUSED = {
    "": (Reason.EMPTY, "", "The tag is empty.", LOOKS),
    "refs/tags/": (Reason.EMPTY, "", "The tag is empty.", LOOKS),
    "v" + "9" * 200 + ".0.0": (
        Reason.TOO_LONG,
        "",
        "Tag 'v999999999999999999999999999999999999999...' has 205 characters, and a registry accepts at most 128.",
        "Choose a shorter suffix.",
    ),
    "v1.2.3-" + "x" * 122: (
        Reason.TOO_LONG,
        "",
        "Tag 'v1.2.3-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...' has 129 characters, and a registry accepts at most 128.",
        "Choose a shorter suffix.",
    ),
    "refs/heads/main": (Reason.NOT_A_TAG, "", "'refs/heads/main' is a git ref, not the name of a tag.", NAME_OR_REF),
    "refs/tags/refs/tags/v0.5.0": (
        Reason.NOT_A_TAG,
        "",
        "'refs/tags/v0.5.0' is a git ref, not the name of a tag.",
        NAME_OR_REF,
    ),
    " v0.5.0": (Reason.SPACES, "v0.5.0", "Tag ' v0.5.0' begins or ends with a space or a line break.", ""),
    "v0.5.0\n": (Reason.SPACES, "v0.5.0", "Tag 'v0.5.0\\n' begins or ends with a space or a line break.", ""),
    "v0.5.0\t": (Reason.SPACES, "v0.5.0", "Tag 'v0.5.0\\t' begins or ends with a space or a line break.", ""),
    "push\n": (Reason.SPACES, "", "Tag 'push\\n' begins or ends with a space or a line break.", LOOKS),
    "v0.5.0\u2013rc.1": (
        Reason.NOT_ASCII,
        "v0.5.0-rc.1",
        "Tag 'v0.5.0\\u2013rc.1' contains U+2013 (en dash), and a registry accepts only ASCII.",
        "",
    ),
    "v\uff10.\uff15.\uff10": (
        Reason.NOT_ASCII,
        "v0.5.0",
        "Tag 'v\\uff10.\\uff15.\\uff10' contains U+FF10 (fullwidth digit zero), and a registry accepts only ASCII.",
        "",
    ),
    "v0.5.\u0663": (
        Reason.NOT_ASCII,
        "v0.5.3",
        "Tag 'v0.5.\\u0663' contains U+0663 (arabic-indic digit three), and a registry accepts only ASCII.",
        "",
    ),
    "v0.5.\xb2": (
        Reason.NOT_ASCII,
        "",
        "Tag 'v0.5.\\xb2' contains U+00B2 (superscript two), and a registry accepts only ASCII.",
        LOOKS,
    ),
    "v0.5.0\u200b": (
        Reason.NOT_ASCII,
        "v0.5.0",
        "Tag 'v0.5.0\\u200b' contains U+200B (zero width space), and a registry accepts only ASCII.",
        "",
    ),
    "\uff560.5.0": (
        Reason.NOT_ASCII,
        "",
        "Tag '\\uff560.5.0' contains U+FF56 (fullwidth latin small letter v), and a registry accepts only ASCII.",
        LOOKS,
    ),
    "v0.5.0-\u017ft": (
        Reason.NOT_ASCII,
        "",
        "Tag 'v0.5.0-\\u017ft' contains U+017F (latin small letter long s), and a registry accepts only ASCII.",
        LOOKS,
    ),
    "v0.5.0\n::error::x": (
        Reason.CHARACTERS,
        "",
        "Tag 'v0.5.0\\n::error::x' contains '\\n'. An image tag must not contain it.",
        LOOKS,
    ),
    "v0.5.0;id": (Reason.CHARACTERS, "", "Tag 'v0.5.0;id' contains ';'. An image tag must not contain it.", LOOKS),
    "$(id)": (Reason.CHARACTERS, "", "Tag '$(id)' begins with '$'. An image tag must not begin with it.", LOOKS),
    "`id`": (Reason.CHARACTERS, "", "Tag '`id`' begins with '`'. An image tag must not begin with it.", LOOKS),
    "v0.5.0 rc1": (
        Reason.CHARACTERS,
        "v0.5.0rc1",
        "Tag 'v0.5.0 rc1' contains ' '. An image tag must not contain it.",
        "",
    ),
    "-v0.5.0": (Reason.CHARACTERS, "", "Tag '-v0.5.0' begins with '-'. An image tag must not begin with it.", LOOKS),
    ".v0.5.0": (Reason.CHARACTERS, "", "Tag '.v0.5.0' begins with '.'. An image tag must not begin with it.", LOOKS),
    "v1!2.3.0": (Reason.CHARACTERS, "", "Tag 'v1!2.3.0' contains '!'. An image tag must not contain it.", LOOKS),
    "release/v0.5.0": (
        Reason.CHARACTERS,
        "",
        "Tag 'release/v0.5.0' contains '/'. An image tag must not contain it.",
        LOOKS,
    ),
    "v0.5.0|x": (Reason.CHARACTERS, "", "Tag 'v0.5.0|x' contains '|'. An image tag must not contain it.", LOOKS),
    "v0.5.0\x00": (
        Reason.CHARACTERS,
        "",
        "Tag 'v0.5.0\\x00' contains '\\x00'. An image tag must not contain it.",
        LOOKS,
    ),
    "latest": (
        Reason.FLOATING,
        "",
        "Tag 'latest' is a floating tag: it names the newest image, not one version.",
        f"Push the version itself. {LOOKS}",
    ),
    "main": (
        Reason.FLOATING,
        "",
        "Tag 'main' is a floating tag: it names the newest image, not one version.",
        f"Push the version itself. {LOOKS}",
    ),
    "1234567": (
        Reason.FLOATING,
        "",
        "Tag '1234567' is one number of 7 digits, as the short form of a commit can be.",
        f"Push a version. {LOOKS}",
    ),
    "v0": (
        Reason.FLOATING,
        "",
        "Tag 'v0' is a floating tag: it names the newest release of 0.x, not one version.",
        NEVER_PUSHED,
    ),
    "v0.5": (
        Reason.FLOATING,
        "v0.5.0",
        "Tag 'v0.5' is a floating tag: it names the newest release of 0.5.x, not one version.",
        NEVER_PUSHED,
    ),
    "v00.5": (
        Reason.FLOATING,
        "v0.5.0",
        "Tag 'v00.5' is a floating tag: it names the newest release of 00.5.x, not one version.",
        NEVER_PUSHED,
    ),
    "0": (
        Reason.FLOATING,
        "",
        "Tag '0' is a floating tag: it names the newest release of 0.x, not one version.",
        NEVER_PUSHED,
    ),
    "0.0": (
        Reason.FLOATING,
        "v0.0.0",
        "Tag '0.0' is a floating tag: it names the newest release of 0.0.x, not one version.",
        NEVER_PUSHED,
    ),
    "0.0.10": (
        Reason.PREFIX,
        "v0.0.10",
        "Tag '0.0.10' does not begin with 'v' and a number, as release tags of this project do.",
        "",
    ),
    "V0.5.0": (
        Reason.PREFIX,
        "v0.5.0",
        "Tag 'V0.5.0' does not begin with 'v' and a number, as release tags of this project do.",
        "",
    ),
    "vv0.5.0": (
        Reason.PREFIX,
        "v0.5.0",
        "Tag 'vv0.5.0' does not begin with 'v' and a number, as release tags of this project do.",
        "",
    ),
    "v.0.5.0": (
        Reason.PREFIX,
        "v0.5.0",
        "Tag 'v.0.5.0' does not begin with 'v' and a number, as release tags of this project do.",
        "",
    ),
    "v-0.5.0": (Reason.NOT_A_VERSION, "", "Tag 'v-0.5.0' is not a version: no number follows 'v'.", LOOKS),
    "router-v0.5.0": (
        Reason.PREFIX,
        "",
        "Tag 'router-v0.5.0' does not begin with 'v' and a number, as release tags of this project do.",
        LOOKS,
    ),
    "gaie-1.5-sync": (
        Reason.PREFIX,
        "",
        "Tag 'gaie-1.5-sync' does not begin with 'v' and a number, as release tags of this project do.",
        LOOKS,
    ),
    "push": (
        Reason.PREFIX,
        "",
        "Tag 'push' does not begin with 'v' and a number, as release tags of this project do.",
        LOOKS,
    ),
    "v": (Reason.NOT_A_VERSION, "", "Tag 'v' is not a version: no number follows 'v'.", LOOKS),
    "vlatest": (Reason.NOT_A_VERSION, "", "Tag 'vlatest' is not a version: no number follows 'v'.", LOOKS),
    "v0.5-rc.1": (Reason.INCOMPLETE, "v0.5.0-rc.1", "Tag 'v0.5-rc.1' has two numbers where a version has three.", ""),
    "v0.5rc1": (Reason.INCOMPLETE, "v0.5.0rc1", "Tag 'v0.5rc1' has two numbers where a version has three.", ""),
    "v0.5.": (Reason.TRUNCATED, "", "Tag 'v0.5.' ends in '.': the rest is missing.", LOOKS),
    "v0.5.x": (
        Reason.NOT_A_VERSION,
        "",
        "Tag 'v0.5.x' is not a version: three numbers with dots between them must follow 'v'.",
        LOOKS,
    ),
    "v1-rc.1": (
        Reason.NOT_A_VERSION,
        "",
        "Tag 'v1-rc.1' is not a version: three numbers with dots between them must follow 'v'.",
        LOOKS,
    ),
    "v01.2.3": (Reason.LEADING_ZERO, "v1.2.3", "Tag 'v01.2.3' has a number with a leading zero: 01.", ""),
    "v0.05.0-RC01": (
        Reason.LEADING_ZERO,
        "v0.5.0-rc.1",
        "Tag 'v0.05.0-RC01' has a number with a leading zero: 05.",
        "",
    ),
    "v2026.03.14": (Reason.LEADING_ZERO, "v2026.3.14", "Tag 'v2026.03.14' has a number with a leading zero: 03.", ""),
    "v99999999999999999999.0.0": (
        Reason.TOO_LARGE,
        "",
        "Tag 'v99999999999999999999.0.0' has a number above 9007199254740991. Many tools round such a number or fail.",
        LOOKS,
    ),
    "v0.5.9007199254740992": (
        Reason.TOO_LARGE,
        "",
        "Tag 'v0.5.9007199254740992' has a number above 9007199254740991. Many tools round such a number or fail.",
        LOOKS,
    ),
    "v0.5.0-rc.99999999999999999999": (
        Reason.TOO_LARGE,
        "",
        "Tag 'v0.5.0-rc.99999999999999999999' has a number above 9007199254740991. Many tools round such a number or"
        " fail.",
        LOOKS,
    ),
    "v0.5.0+cu128": (
        Reason.BUILD_METADATA,
        "v0.5.0",
        "Tag 'v0.5.0+cu128' has build metadata, '+cu128', and an image tag must not contain '+'.",
        LABEL,
    ),
    "v0.5.0-rc.1+x": (
        Reason.BUILD_METADATA,
        "v0.5.0-rc.1",
        "Tag 'v0.5.0-rc.1+x' has build metadata, '+x', and an image tag must not contain '+'.",
        LABEL,
    ),
    "v0.5.0+": (
        Reason.BUILD_METADATA,
        "v0.5.0",
        "Tag 'v0.5.0+' has build metadata, '+', and an image tag must not contain '+'.",
        LABEL,
    ),
    "v0.10.1.1": (Reason.FOUR_PARTS, "", "Tag 'v0.10.1.1' has more than three numbers.", REBUILD),
    "v0.10.1.1rc2": (Reason.FOUR_PARTS, "", "Tag 'v0.10.1.1rc2' has more than three numbers.", REBUILD),
    "v0.5.0.": (Reason.TRUNCATED, "v0.5.0", "Tag 'v0.5.0.' ends in '.': the rest is missing.", ""),
    "v0.5.0-": (Reason.TRUNCATED, "v0.5.0", "Tag 'v0.5.0-' ends in '-': the rest is missing.", ""),
    "v0.5.0-rc": (
        Reason.TRUNCATED,
        "v0.5.0-rc.1",
        "Tag 'v0.5.0-rc' looks like a release candidate without its number.",
        CUT,
    ),
    "v0.5.0rc": (
        Reason.TRUNCATED,
        "v0.5.0-rc.1",
        "Tag 'v0.5.0rc' looks like a release candidate without its number.",
        CUT,
    ),
    "v0.5.0-rc.": (
        Reason.TRUNCATED,
        "v0.5.0-rc.1",
        "Tag 'v0.5.0-rc.' looks like a release candidate without its number.",
        CUT,
    ),
    "v0.5.0-RC1": (
        Reason.SPELLING,
        "v0.5.0-rc.1",
        "Tag 'v0.5.0-RC1' looks like a release candidate, but tools do not sort this spelling as one.",
        "",
    ),
    "v0.5.0-rc-1": (
        Reason.SPELLING,
        "v0.5.0-rc.1",
        "Tag 'v0.5.0-rc-1' looks like a release candidate, but tools do not sort this spelling as one.",
        "",
    ),
    "v0.5.0-rc_1": (
        Reason.SPELLING,
        "v0.5.0-rc.1",
        "Tag 'v0.5.0-rc_1' looks like a release candidate, but tools do not sort this spelling as one.",
        "",
    ),
    "v0.5.0.rc1": (
        Reason.SPELLING,
        "v0.5.0-rc.1",
        "Tag 'v0.5.0.rc1' looks like a release candidate, but tools do not sort this spelling as one.",
        "",
    ),
    "v0.5.0rc.1": (
        Reason.SPELLING,
        "v0.5.0-rc.1",
        "Tag 'v0.5.0rc.1' looks like a release candidate, but tools do not sort this spelling as one.",
        "",
    ),
    "v0.5.0-rc.01": (
        Reason.LEADING_ZERO,
        "v0.5.0-rc.1",
        "Tag 'v0.5.0-rc.01' has a number with a leading zero: 01.",
        "",
    ),
    "v0.5.0rc01": (Reason.LEADING_ZERO, "v0.5.0rc1", "Tag 'v0.5.0rc01' has a number with a leading zero: 01.", ""),
    "v0.5.0-post1": (
        Reason.AMBIGUOUS,
        "v0.5.0.post1",
        "Tag 'v0.5.0-post1' is ambiguous: some tools sort it below v0.5.0 (SemVer), others above it (PEP 440).",
        "",
    ),
    "v0.5.0-1": (
        Reason.AMBIGUOUS,
        "v0.5.0.post1",
        "Tag 'v0.5.0-1' is ambiguous: some tools sort it below v0.5.0 (SemVer), others above it (PEP 440).",
        "",
    ),
    "v0.5.0-r1": (
        Reason.AMBIGUOUS,
        "v0.5.0.post1",
        "Tag 'v0.5.0-r1' is ambiguous: some tools sort it below v0.5.0 (SemVer), others above it (PEP 440).",
        "",
    ),
    "v0.5.0-rev2": (
        Reason.AMBIGUOUS,
        "v0.5.0.post2",
        "Tag 'v0.5.0-rev2' is ambiguous: some tools sort it below v0.5.0 (SemVer), others above it (PEP 440).",
        "",
    ),
    "v0.5.0-post": (
        Reason.TRUNCATED,
        "v0.5.0.post1",
        "Tag 'v0.5.0-post' looks like a post release without its number.",
        "",
    ),
    "v0.5.0.post": (
        Reason.TRUNCATED,
        "v0.5.0.post1",
        "Tag 'v0.5.0.post' looks like a post release without its number.",
        "",
    ),
    "v0.5.0post1": (
        Reason.SPELLING,
        "v0.5.0.post1",
        "Tag 'v0.5.0post1' looks like a post release, but is not written as one.",
        "",
    ),
    "v0.5.0.POST1": (
        Reason.SPELLING,
        "v0.5.0.post1",
        "Tag 'v0.5.0.POST1' looks like a post release, but is not written as one.",
        "",
    ),
    "v0.5.0.post01": (
        Reason.LEADING_ZERO,
        "v0.5.0.post1",
        "Tag 'v0.5.0.post01' has a number with a leading zero: 01.",
        "",
    ),
    "v0.5.0.dev": (
        Reason.SPELLING,
        "v0.5.0-dev",
        "Tag 'v0.5.0.dev' looks like a dev version, but is not written as one.",
        "",
    ),
    "v0.5.0-DEV1": (
        Reason.SPELLING,
        "v0.5.0-dev.1",
        "Tag 'v0.5.0-DEV1' looks like a dev version, but is not written as one.",
        "",
    ),
    "v0.5.0-dev01": (
        Reason.LEADING_ZERO,
        "v0.5.0-dev1",
        "Tag 'v0.5.0-dev01' has a number with a leading zero: 01.",
        "",
    ),
    "v0.5.0.dev01": (
        Reason.LEADING_ZERO,
        "v0.5.0.dev1",
        "Tag 'v0.5.0.dev01' has a number with a leading zero: 01.",
        "",
    ),
    "v0.5.0-beta.01": (
        Reason.LEADING_ZERO,
        "v0.5.0-beta.1",
        "Tag 'v0.5.0-beta.01' has a number with a leading zero: 01.",
        "",
    ),
    "v0.5.0_beta.1": (
        Reason.UNKNOWN_SUFFIX,
        "v0.5.0-beta.1",
        "Tag 'v0.5.0_beta.1' has the suffix '_beta.1', which is not a suffix of release tags.",
        "",
    ),
    "v0.5.0.alpha.1": (
        Reason.UNKNOWN_SUFFIX,
        "v0.5.0-alpha.1",
        "Tag 'v0.5.0.alpha.1' has the suffix '.alpha.1', which is not a suffix of release tags.",
        "",
    ),
    "v0.5.0c1": (
        Reason.UNKNOWN_SUFFIX,
        "",
        "Tag 'v0.5.0c1' has the suffix 'c1', which is not a suffix of release tags.",
        LOOKS,
    ),
    "v0.5.0-a_b": (
        Reason.UNKNOWN_SUFFIX,
        "",
        "Tag 'v0.5.0-a_b' has the suffix '-a_b', which is not a suffix of release tags.",
        LOOKS,
    ),
    **{
        tag: (
            Reason.SPELLING,
            "v0.5.0-rc.1",
            f"Tag '{tag}' looks like a release candidate, but tools do not sort this spelling as one.",
            "",
        )
        for tag in ("v0.5.0-rc..1", "v0.5.0--rc.1", "v0.5.0-rc.1.")
    },
    "v0.5.0alpha1": (
        Reason.UNKNOWN_SUFFIX,
        "v0.5.0-alpha.1",
        "Tag 'v0.5.0alpha1' has the suffix 'alpha1', which is not a suffix of release tags.",
        "",
    ),
    "v0.5.0hotfix": (
        Reason.UNKNOWN_SUFFIX,
        "v0.5.0-hotfix",
        "Tag 'v0.5.0hotfix' has the suffix 'hotfix', which is not a suffix of release tags.",
        "",
    ),
    "v0.5.0.post1.dev2": (
        Reason.UNKNOWN_SUFFIX,
        "",
        "Tag 'v0.5.0.post1.dev2' has the suffix '.post1.dev2', which is not a suffix of release tags.",
        LOOKS,
    ),
    "v0.16.1rc1.dev268": (
        Reason.UNKNOWN_SUFFIX,
        "",
        "Tag 'v0.16.1rc1.dev268' has the suffix 'rc1.dev268', which is not a suffix of release tags.",
        LOOKS,
    ),
    **{
        tag: (
            Reason.SPELLING,
            "v0.5.0",
            f"Tag '{tag}' has the suffix '{tag[6:]}', and a final release has no suffix.",
            "",
        )
        for tag in ("v0.5.0-final", "v0.5.0.Final", "v0.5.0-GA", "v0.5.0.RELEASE", "v0.5.0-stable", "v0.5.0_ga")
    },
    "v0.5.0-final.2": (
        Reason.SPELLING,
        "",
        "Tag 'v0.5.0-final.2' has the suffix '-final.2', and a final release has no suffix.",
        LOOKS,
    ),
    **{
        tag: (
            Reason.LETTERS,
            f"v0.5.0-rc.{meant}",
            f"Tag '{tag}' has '{letters}' where a release candidate has a number.",
            "",
        )
        for tag, letters, meant in (
            ("v0.5.0-rc.l", "l", 1),
            ("v0.5.0rcI", "I", 1),
            ("v0.5.0-rcO", "O", 0),
            ("v0.5.0-rc.1O", "1O", 10),
            ("v0.5.0-RC.o1", "o1", 1),
        )
    },
    **{
        tag: (Reason.LETTERS, meant, f"Tag '{tag}' has the letter '{letter}' where a version has a digit.", "")
        for tag, letter, meant in (
            ("v0.5.O", "O", "v0.5.0"),
            ("vO.5.0", "O", "v0.5.0"),
            ("v0.5.l-rc.2", "l", "v0.5.1-rc.2"),
            ("v0.IO.0", "I", "v0.10.0"),
        )
    },
    **{
        tag: (Reason.DATE, "", f"Tag '{tag}' is a date, not a version with three numbers.", LOOKS)
        for tag in ("v20240930", "20240930", "v2024-09-30", "v20240930.1", "v20240930-nightly")
    },
    "v0.5.0.patch1": (
        Reason.SPELLING,
        "v0.5.0.post1",
        "Tag 'v0.5.0.patch1' looks like a post release, but is not written as one.",
        "A project that writes them so sets versions.post-spelling to patch in release.yaml.",
    ),
    **{
        tag: (
            Reason.AMBIGUOUS,
            "v0.5.0.post1",
            f"Tag '{tag}' is ambiguous: some tools sort it below v0.5.0 (SemVer), others above it (PEP 440).",
            "",
        )
        for tag in ("v0.5.0-patch1", "v0.5.0-patch.1", "v0.5.0-p1")
    },
    "v0.5.0-20260203": (
        Reason.AMBIGUOUS,
        "",
        "Tag 'v0.5.0-20260203' is ambiguous: some tools sort it below v0.5.0 (SemVer), others above it (PEP 440).",
        LOOKS,
    ),
}
"""Tag -> why it is refused, the tag that was meant, the message, and what the hint says beside that."""


@pytest.mark.parametrize("tag", REFUSED)
def test_a_refused_tag_says_why_and_what_to_do(tag: str) -> None:
    reason, meant, message, hint = REFUSED[tag]
    with pytest.raises(TagRefused) as caught:
        parse(tag)
    refused = caught.value
    assert (refused.reason, refused.meant) == (reason, meant)
    words = [message, f"Did you mean {meant}?" if meant else "", hint]
    assert str(refused) == " ".join(word for word in words if word)
    assert parse_or_none(tag) is None


def test_the_table_covers_every_reason() -> None:
    assert {reason for reason, *_ in REFUSED.values()} == set(Reason)
    assert len(REFUSED) >= 40


OTHER_PREFIXES = {
    (
        "",
        "v0.5.0",
    ): "Tag 'v0.5.0' does not begin with a number, as release tags of this project do. Did you mean 0.5.0?",
    ("", "0.5"): (
        "Tag '0.5' is a floating tag: it names the newest release of 0.5.x, not one version. Did you mean 0.5.0? "
        + NEVER_PUSHED
    ),
    ("", "1.x"): (
        "Tag '1.x' is not a version: three numbers with dots between them must come first."
        " Release tags look like 1.2.3, 1.2.3-rc.1 or 1.2.3.post1."
    ),
    ("router-v", "v0.5.0"): (
        "Tag 'v0.5.0' does not begin with 'router-v' and a number, as release tags of this project do."
        " Did you mean router-v0.5.0?"
    ),
    ("router-v", "epp-v0.5.0"): (
        "Tag 'epp-v0.5.0' does not begin with 'router-v' and a number, as release tags of this project do."
        " Release tags look like router-v1.2.3, router-v1.2.3-rc.1 or router-v1.2.3.post1."
    ),
    ("router-v", "router-v0.5.0-RC1"): (
        "Tag 'router-v0.5.0-RC1' looks like a release candidate, but tools do not sort this spelling as one."
        " Did you mean router-v0.5.0-rc.1?"
    ),
}


@pytest.mark.parametrize(("prefix", "tag"), OTHER_PREFIXES)
def test_a_refusal_speaks_of_the_projects_own_prefix(prefix: str, tag: str) -> None:
    with pytest.raises(TagRefused) as caught:
        parse(tag, prefix)
    assert str(caught.value) == OTHER_PREFIXES[prefix, tag]


def read(tag: str, prefix: str) -> Version | TagRefused:
    try:
        return parse(tag, prefix)
    except TagRefused as refused:
        return refused


PIECES = st.sampled_from(
    [
        "v",
        "V",
        "0",
        "1",
        "00",
        "01",
        ".",
        "-",
        "_",
        "+",
        "rc",
        "RC",
        "post",
        "r",
        "dev",
        "a",
        "x",
        " ",
        "\n",
        "\u0663",
        "\u2013",
        "9" * 20,
    ]
)


@unhurried
@given(
    st.one_of(st.text(max_size=140), st.lists(PIECES, max_size=14).map("".join)), st.sampled_from(["v", "", "router-v"])
)
@example("refs/tags/refs/tags/v1.2.3", "v")
@example("v" + "9" * 5000 + ".0.0", "v")
@example("\ud800", "v")
def test_any_text_is_a_version_or_refused_in_one_line(tag: str, prefix: str) -> None:
    answer = read(tag, prefix)
    if isinstance(answer, Version):
        assert parse_or_none(tag, prefix) == answer
        assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}", answer.tag)
        return
    assert parse_or_none(tag, prefix) is None
    assert str(answer).isascii()
    assert str(answer).isprintable()
    assert len(str(answer)) < 600
    assert not answer.meant or parse(answer.meant, prefix).tag == answer.meant


def test_a_grammar_that_takes_nothing_ends_in_a_refusal() -> None:
    refused = explain("v1.2.3-RC4", "v", lambda _tag: False)

    assert (refused.reason, refused.meant) == (Reason.SPELLING, "")
    assert refused.hint == LOOKS
