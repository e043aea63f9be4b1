"""Why a tag names no version, in words for the person who pushed it, and the tag that was probably meant.

Only for tags that `versions` has refused already. Nothing here decides: a tag that is recognised here as nearly a
version is refused all the same, and the one that was meant is only ever shown.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from release_actions.versions.version import (
    FLOATING_NAMES,
    LARGEST,
    LONGEST,
    Reason,
    TagRefused,
    is_floating,
    parse_or_none,
)

DATE = 6
"""Digits from which a number is a date, or the number of a build."""

SHOWN = 40
"""Characters of a refused tag that its message repeats."""

DASHES = frozenset("\u2010\u2011\u2012\u2013\u2014\u2212")
"""The dashes that word processors and chat programs put in place of a hyphen."""

BASE = re.compile(r"([0-9]+)\.([0-9]+)\.([0-9]+)(.*)")
CANDIDATE = re.compile(r"[-._]*[rR][cC][-._]*([0-9]*)[-._]*")
POST = re.compile(r"[-._]*(?:[pP][oO][sS][tT]|[rR][eE][vV]|[rR]|)[-._]*([0-9]*)[-._]*")
DEV = re.compile(r"[-._]*[dD][eE][vV][-._]*([0-9]*)[-._]*")
EARLY = re.compile(r"[-._]*(alpha|beta)[-._]*([0-9]+)", re.IGNORECASE | re.ASCII)
SHORT = re.compile(r"([0-9]+\.[0-9]+)((?:-|rc|\.post|\.dev|\+)[^.].*)")
ZERO = re.compile(r"(?<![0-9])(0[0-9]+)(?=$|[-._])")


@dataclass(frozen=True)
class _Mistake:
    """The plainest mistake in a tag. `mended`: the tag without it, which may hold another; empty when nobody can tell.

    `hint`: what is said besides; without one, what release tags look like where no tag can be suggested.
    """

    reason: Reason
    message: str
    mended: str = ""
    hint: str = ""


def explain(tag: str, prefix: str) -> TagRefused:
    """The refusal of a tag that `versions.parse` does not take."""
    name = tag.removeprefix("refs/tags/")
    mistake = _mistake(name, prefix)
    meant = _meant(mistake.mended, prefix)
    hint = mistake.hint or ("" if meant else examples(prefix))
    return TagRefused(name, mistake.reason, mistake.message, meant=meant, hint=hint)


def _meant(name: str, prefix: str) -> str:
    """The tag that is left when one mistake after the other has been mended; empty when none is.

    As many as there are reasons, so that no two mendings can undo each other for ever.
    """
    for _ in Reason:
        if not name or parse_or_none(name, prefix):
            return name
        name = _mistake(name, prefix).mended
    return ""


def _mistake(name: str, prefix: str) -> _Mistake:
    return next(mistake for mistake in _mistakes(name, prefix) if mistake)


def _mistakes(name: str, prefix: str) -> Iterator[_Mistake | None]:
    """Every mistake in turn, the plainest first. Each may rely on those before it; the last is always made."""
    yield _length(name)
    yield _git_ref(name)
    yield _blanks(name)
    yield _not_ascii(name)
    yield _characters(name)
    yield _floating(name, prefix)
    yield _prefix(name, prefix)
    yield _base(name, prefix)
    tag = _Written.read(name, prefix)
    yield _build_metadata(tag)
    yield _four_parts(tag)
    yield _too_large(name, tag.suffix)
    yield _leading_zero_in_suffix(tag)
    yield _candidate_look_alike(tag)
    yield _post_look_alike(tag)
    yield _dev_look_alike(tag)
    yield _unknown_suffix(tag)


def shown(tag: str) -> str:
    """A tag as a message repeats it: in quotes, on one line, in ASCII, and not endless."""
    return ascii(tag if len(tag) <= SHOWN else tag[:SHOWN] + "...")


def examples(prefix: str) -> str:
    """What release tags look like, for a hint."""
    return f"Release tags look like {prefix}1.2.3, {prefix}1.2.3-rc.1 or {prefix}1.2.3.post1."


def _length(name: str) -> _Mistake | None:
    if not name:
        return _Mistake(Reason.EMPTY, "The tag is empty.")
    if len(name) > LONGEST:
        message = f"Tag {shown(name)} has {len(name)} characters, and a registry takes {LONGEST} at most."
        return _Mistake(Reason.TOO_LONG, message, hint="Choose a shorter suffix.")
    return None


def _git_ref(name: str) -> _Mistake | None:
    if not name.startswith("refs/"):
        return None
    message = f"{shown(name)} is a git ref, not the name of a tag."
    return _Mistake(Reason.NOT_A_TAG, message, hint="Give the tag's name, or its ref refs/tags/NAME.")


def _blanks(name: str) -> _Mistake | None:
    if name == name.strip():
        return None
    message = f"Tag {shown(name)} begins or ends with a blank or a line break."
    return _Mistake(Reason.BLANKS, message, name.strip())


def _not_ascii(name: str) -> _Mistake | None:
    if name.isascii():
        return None
    found = next(character for character in name if not character.isascii())
    what = unicodedata.name(found, "a character without a name").lower()
    message = f"Tag {shown(name)} holds U+{ord(found):04X} ({what}), and a registry takes ASCII only."
    plain = "".join(_plain(character) for character in name)
    return _Mistake(Reason.NOT_ASCII, message, plain if plain.isascii() else "")


def _characters(name: str) -> _Mistake | None:
    illegal = re.search(r"[^A-Za-z0-9._+-]|^[.+-]", name)
    if not illegal:
        return None
    verb = "begins with" if illegal.start() == 0 else "holds"
    message = f"Tag {shown(name)} {verb} {illegal.group()!r}, and an image tag cannot."
    return _Mistake(Reason.CHARACTERS, message, name.replace(" ", "") if illegal.group() == " " else "")


def _plain(character: str) -> str:
    """What a character that is not ASCII was probably typed for; itself when nobody can tell."""
    if character.isascii():
        return character
    if character in DASHES:
        return "-"
    if unicodedata.category(character) == "Cf":  # no width, no ink: pasted along with the rest
        return ""
    digit = unicodedata.decimal(character, None)
    return character if digit is None else str(digit)


def _prefix(name: str, prefix: str) -> _Mistake | None:
    """Refuse what does not begin with the prefix and a digit."""
    if re.match(rf"{re.escape(prefix)}[0-9]", name):
        return None
    bare = re.fullmatch(rf"(?:{re.escape(prefix)}|v)*\.?([0-9].*)", name, re.IGNORECASE | re.ASCII)
    if not prefix:
        message = f"Tag {shown(name)} does not begin with a number, as release tags here do."
    elif name.startswith(prefix) and not bare:
        message = f"Tag {shown(name)} is not a version: no number follows {prefix!r}."
        return _Mistake(Reason.NOT_A_VERSION, message)
    else:
        message = f"Tag {shown(name)} does not begin with {prefix!r} and a number, as release tags here do."
    return _Mistake(Reason.PREFIX, message, prefix + bare.group(1) if bare else "")


def _floating(name: str, prefix: str) -> _Mistake | None:
    if not is_floating(name, prefix):
        return None
    if name in FLOATING_NAMES:
        message = f"Tag {shown(name)} is a floating tag: it names whatever is newest, not one version."
        return _Mistake(Reason.FLOATING, message, hint=f"Push the version itself. {examples(prefix)}")
    text = name.removeprefix(prefix)
    message = f"Tag {shown(name)} is a floating tag: it names the newest release of {text}.x, not one version."
    hint = "Floating tags are moved by protect-latest, never pushed."
    return _Mistake(Reason.FLOATING, message, f"{prefix}{text}.0" if "." in text else "", hint)


def _base(name: str, prefix: str) -> _Mistake | None:
    """Refuse what has no three numbers after the prefix, or numbers that tools do not agree about."""
    text = name[len(prefix) :]
    base = BASE.fullmatch(text)
    if base:
        return _numbers(name, prefix, base)
    short = SHORT.fullmatch(text)
    if short:
        message = f"Tag {shown(name)} has two numbers where a version has three."
        return _Mistake(Reason.INCOMPLETE, message, f"{prefix}{short.group(1)}.0{short.group(2)}")
    if text.endswith("."):
        message = f"Tag {shown(name)} ends in '.': the rest is missing."
        return _Mistake(Reason.TRUNCATED, message)
    where = f"must follow {prefix!r}" if prefix else "must come first"
    message = f"Tag {shown(name)} is not a version: three numbers with dots between them {where}."
    return _Mistake(Reason.NOT_A_VERSION, message)


def _numbers(name: str, prefix: str, base: re.Match[str]) -> _Mistake | None:
    *numbers, suffix = base.groups()
    for number in numbers:
        if number != "0" and number.startswith("0"):
            plain = ".".join(part.lstrip("0") or "0" for part in numbers)
            return _leading_zero(name, number, prefix + plain + suffix)
    return _too_large(name, ".".join(numbers))


def _too_large(name: str, text: str) -> _Mistake | None:
    for number in re.findall(r"[0-9]+", text):
        if int(number) > LARGEST:
            message = f"Tag {shown(name)} has a number above {LARGEST}, which tools round or fail at."
            return _Mistake(Reason.TOO_LARGE, message)
    return None


def _leading_zero(name: str, number: str, mended: str) -> _Mistake:
    return _Mistake(Reason.LEADING_ZERO, f"Tag {shown(name)} has a number with a leading zero: {number}.", mended)


@dataclass(frozen=True)
class _Written:
    """A tag with three good numbers and a suffix that is refused. `release` is the tag without the suffix."""

    name: str
    prefix: str
    release: str
    suffix: str

    @classmethod
    def read(cls, name: str, prefix: str) -> _Written:
        length = re.match(re.escape(prefix) + r"[0-9]+\.[0-9]+\.[0-9]+", name)
        end = length.end() if length else len(name)
        return cls(name, prefix, name[:end], name[end:])

    def mistake(self, reason: Reason, message: str, mended: str = "", hint: str = "") -> _Mistake:
        """A mistake that is told beginning with the tag."""
        return _Mistake(reason, f"Tag {shown(self.name)} {message}", mended, hint)


def _build_metadata(tag: _Written) -> _Mistake | None:
    plain, plus, metadata = tag.name.partition("+")
    if not plus:
        return None
    message = f"has build metadata, {shown(plus + metadata)}, and an image tag cannot hold '+'."
    return tag.mistake(Reason.BUILD_METADATA, message, plain, "Put it into a label of the image.")


def _four_parts(tag: _Written) -> _Mistake | None:
    if not re.match(r"\.[0-9]", tag.suffix):
        return None
    hint = f"For a rebuild of {tag.release} push {tag.release}.post1, for a fix the next patch version."
    return tag.mistake(Reason.FOUR_PARTS, "has more than three numbers.", hint=hint)


def _leading_zero_in_suffix(tag: _Written) -> _Mistake | None:
    zero = ZERO.search(tag.suffix)
    if not zero:
        return None
    start, end = zero.span(1)
    plain = tag.suffix[:start] + (zero.group(1).lstrip("0") or "0") + tag.suffix[end:]
    return _leading_zero(tag.name, zero.group(1), tag.release + plain)


def _candidate_look_alike(tag: _Written) -> _Mistake | None:
    candidate = CANDIDATE.fullmatch(tag.suffix)
    if not candidate:
        return None
    if candidate.group(1):
        message = "looks like a release candidate, but is written in a way that tools do not sort as one."
        return tag.mistake(Reason.SPELLING, message, f"{tag.release}-rc.{candidate.group(1)}")
    message = "looks like a release candidate that lost its number."
    hint = "Tools that derive floating tags by cutting a tag at its last dot leave such names."
    return tag.mistake(Reason.TRUNCATED, message, f"{tag.release}-rc.1", hint)


def _post_look_alike(tag: _Written) -> _Mistake | None:
    post = POST.fullmatch(tag.suffix)
    if not post:
        return None
    # A date or a build's number is no number of a post release.
    meant = f"{tag.release}.post{post.group(1)}" if len(post.group(1)) < DATE else ""
    if post.group(1) and tag.suffix.startswith("-"):
        message = f"is ambiguous: SemVer puts it below {tag.release}, PEP 440 above it."
        return tag.mistake(Reason.AMBIGUOUS, message, meant)
    if post.group(1):
        return tag.mistake(Reason.SPELLING, "looks like a post release, but is not written as one.", meant)
    if tag.suffix.strip("-._"):
        return tag.mistake(Reason.TRUNCATED, "looks like a post release that lost its number.", meant + "1")
    return tag.mistake(Reason.TRUNCATED, f"ends in {tag.suffix[-1]!r}: the rest is missing.", tag.release)


def _dev_look_alike(tag: _Written) -> _Mistake | None:
    dev = DEV.fullmatch(tag.suffix)
    if not dev:
        return None
    message = "looks like a dev version, but is not written as one."
    return tag.mistake(Reason.SPELLING, message, f"{tag.release}-dev{dev.group(1) and '.'}{dev.group(1)}")


def _unknown_suffix(tag: _Written) -> _Mistake:
    early = EARLY.fullmatch(tag.suffix)
    word = re.fullmatch(r"[._]?([A-Za-z]{2}.*)", tag.suffix)
    mended = ""
    if early:
        mended = f"{tag.release}-{early.group(1).lower()}.{early.group(2)}"
    elif word and not re.search(r"post|dev|rc", word.group(1), re.IGNORECASE):
        mended = f"{tag.release}-{word.group(1)}"
    return tag.mistake(Reason.UNKNOWN_SUFFIX, f"has the suffix {shown(tag.suffix)}, which no release tag has.", mended)
