"""Mistakes in the suffix of a tag whose three numbers are right: each check finds one, in words for the person."""

from __future__ import annotations

import re
from dataclasses import dataclass

from release_actions.versions.grammar import POST_SPELLINGS, Reason, post_spelling_of
from release_actions.versions.mistakes import Mistake, refuse_leading_zero, show_tag

BUILD_NUMBER_DIGITS = 6
"""Digits from which a number is a date, or the number of a build."""

CANDIDATE = re.compile(r"[-._]*[rR][cC][-._]*([0-9lIOo]*)[-._]*")
POST = re.compile(r"[-._]*(?:post|patch|rev|r|p|)[-._]*([0-9]*)[-._]*", re.IGNORECASE | re.ASCII)
DEV = re.compile(r"[-._]*[dD][eE][vV][-._]*([0-9]*)[-._]*")
FINAL = re.compile(r"[-._]*(?:final|ga|release|stable)([-._]*[0-9]*)", re.IGNORECASE | re.ASCII)
EARLY = re.compile(r"[-._]*(alpha|beta)[-._]*([0-9]+)", re.IGNORECASE | re.ASCII)
ZERO = re.compile(r"(?<![0-9])(0[0-9]+)(?=$|[-._])")

LETTERS = str.maketrans("lIOo", "1100")
"""Letters that look like digits, and the digits that they look like."""


@dataclass(frozen=True)
class TagParts:
    """A tag with three good numbers and a suffix that is refused. `release` is the tag without the suffix."""

    name: str
    prefix: str
    release: str
    suffix: str

    @classmethod
    def split(cls, name: str, prefix: str) -> TagParts:
        length = re.match(re.escape(prefix) + r"[0-9]+\.[0-9]+\.[0-9]+", name)
        end = length.end() if length else len(name)
        return cls(name, prefix, name[:end], name[end:])

    def mistake(self, reason: Reason, message: str, corrected: str = "", hint: str = "") -> Mistake:
        """A mistake whose message begins with the tag."""
        return Mistake(reason, f"Tag {show_tag(self.name)} {message}", corrected, hint)


def check_build_metadata(tag: TagParts) -> Mistake | None:
    plain, plus, metadata = tag.name.partition("+")
    if not plus:
        return None
    message = f"has build metadata, {show_tag(plus + metadata)}, and an image tag must not contain '+'."
    return tag.mistake(Reason.BUILD_METADATA, message, plain, "Put the metadata into a label of the image.")


def check_four_parts(tag: TagParts) -> Mistake | None:
    if not re.match(r"\.[0-9]", tag.suffix):
        return None
    hint = (
        f"Push a post release for a rebuild of {tag.release}, or the next patch version for a fix. A project whose "
        "post releases have four numbers sets versions.post-spelling to four-numbers in release.yaml."
    )
    return tag.mistake(Reason.FOUR_PARTS, "has more than three numbers.", hint=hint)


def check_leading_zero_in_suffix(tag: TagParts) -> Mistake | None:
    zero = ZERO.search(tag.suffix)
    if not zero:
        return None
    start, end = zero.span(1)
    plain = tag.suffix[:start] + (zero.group(1).lstrip("0") or "0") + tag.suffix[end:]
    return refuse_leading_zero(tag.name, zero.group(1), tag.release + plain)


def check_candidate_look_alike(tag: TagParts) -> Mistake | None:
    candidate = CANDIDATE.fullmatch(tag.suffix)
    if not candidate:
        return None
    number = candidate.group(1)
    if not number.isdigit() and number:
        message = f"has {number!r} where a release candidate has a number."
        return tag.mistake(Reason.LETTERS, message, f"{tag.release}-rc.{number.translate(LETTERS)}")
    if number:
        message = "looks like a release candidate, but tools do not sort this spelling as one."
        return tag.mistake(Reason.SPELLING, message, f"{tag.release}-rc.{number}")
    message = "looks like a release candidate without its number."
    hint = "If a tool made this tag by cutting another one at its last dot, delete the tag and stop that tool."
    return tag.mistake(Reason.TRUNCATED, message, f"{tag.release}-rc.1", hint)


def check_final_look_alike(tag: TagParts) -> Mistake | None:
    final = FINAL.fullmatch(tag.suffix)
    if not final:
        return None
    message = f"has the suffix {show_tag(tag.suffix)}, and a final release has no suffix."
    # Which release `-final.2` means is not clear.
    return tag.mistake(Reason.SPELLING, message, "" if final.group(1) else tag.release)


def check_post_look_alike(tag: TagParts) -> Mistake | None:
    post = POST.fullmatch(tag.suffix)
    if not post:
        return None
    spelling = post_spelling_of(tag.prefix)
    is_build_number = len(post.group(1)) >= BUILD_NUMBER_DIGITS
    meant = "" if is_build_number else f"{tag.release}{spelling}{post.group(1)}"
    if post.group(1) and tag.suffix.startswith("-"):
        message = f"is ambiguous: some tools sort it below {tag.release} (SemVer), others above it (PEP 440)."
        return tag.mistake(Reason.AMBIGUOUS, message, meant)
    if post.group(1):
        return tag.mistake(
            Reason.SPELLING, "looks like a post release, but is not written as one.", meant, _hint_at_spelling(tag)
        )
    if tag.suffix.strip("-._"):
        return tag.mistake(Reason.TRUNCATED, "looks like a post release without its number.", meant + "1")
    return tag.mistake(Reason.TRUNCATED, f"ends in {tag.suffix[-1]!r}: the rest is missing.", tag.release)


def _hint_at_spelling(tag: TagParts) -> str:
    """How a project says that it writes its post releases as this tag is written; empty where it cannot say that."""
    written = re.sub(r"[0-9]+$", "", tag.suffix)
    value = next((value for value, spelling in POST_SPELLINGS.items() if spelling == written), "")
    return f"A project that writes them so sets versions.post-spelling to {value} in release.yaml." if value else ""


def check_dev_look_alike(tag: TagParts) -> Mistake | None:
    dev = DEV.fullmatch(tag.suffix)
    if not dev:
        return None
    message = "looks like a dev version, but is not written as one."
    return tag.mistake(Reason.SPELLING, message, f"{tag.release}-dev{dev.group(1) and '.'}{dev.group(1)}")


def refuse_suffix(tag: TagParts) -> Mistake:
    early = EARLY.fullmatch(tag.suffix)
    word = re.fullmatch(r"[._]?([A-Za-z]{2}.*)", tag.suffix)
    corrected = ""
    if early:
        corrected = f"{tag.release}-{early.group(1).lower()}.{early.group(2)}"
    elif word and not re.search(r"post|dev|rc", word.group(1), re.IGNORECASE):
        corrected = f"{tag.release}-{word.group(1)}"
    return tag.mistake(
        Reason.UNKNOWN_SUFFIX,
        f"has the suffix {show_tag(tag.suffix)}, which is not a suffix of release tags.",
        corrected,
    )
