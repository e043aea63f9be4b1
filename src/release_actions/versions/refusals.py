"""Why a tag names no version, in words for the person who pushed it, and the tag that was probably meant.

Only for tags that `version` has refused already. Nothing here decides: a tag that is nearly a version is refused all
the same, and the tag that was meant is only shown. The rules of the history say whether that tag may be pushed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from release_actions.versions.grammar import (
    FLOATING_NAMES,
    LARGEST,
    LONGEST,
    POST_SPELLINGS,
    Reason,
    TagRefused,
    is_floating,
    post_spelling_of,
)

BUILD_NUMBER_DIGITS = 6
"""Digits from which a number is a date, or the number of a build."""

SHOWN_CHARACTERS = 40
"""Characters of a refused tag that its message repeats."""

DASHES = frozenset("\u2010\u2011\u2012\u2013\u2014\u2212")
"""The dashes that word processors and chat programs put in place of a hyphen."""

BASE = re.compile(r"([0-9]+)\.([0-9]+)\.([0-9]+)(.*)")
CANDIDATE = re.compile(r"[-._]*[rR][cC][-._]*([0-9lIOo]*)[-._]*")
POST = re.compile(r"[-._]*(?:post|patch|rev|r|p|)[-._]*([0-9]*)[-._]*", re.IGNORECASE | re.ASCII)
DEV = re.compile(r"[-._]*[dD][eE][vV][-._]*([0-9]*)[-._]*")
FINAL = re.compile(r"[-._]*(?:final|ga|release|stable)([-._]*[0-9]*)", re.IGNORECASE | re.ASCII)
EARLY = re.compile(r"[-._]*(alpha|beta)[-._]*([0-9]+)", re.IGNORECASE | re.ASCII)
SHORT = re.compile(r"([0-9]+\.[0-9]+)((?:-|rc|\.post|\.dev|\+)[^.].*)")
ZERO = re.compile(r"(?<![0-9])(0[0-9]+)(?=$|[-._])")
DATE = re.compile(r"(?:19|20)[0-9]{2}-?(?:0[1-9]|1[0-2])-?(?:0[1-9]|[12][0-9]|3[01])(?:[-._].*)?")
LETTERED_BASE = re.compile(r"([0-9lIOo]+\.[0-9lIOo]+\.[0-9lIOo]+)(?![A-Za-z0-9])(.*)")
LETTERS = str.maketrans("lIOo", "1100")
"""Letters that look like digits, and the digits that they look like."""


@dataclass(frozen=True)
class _Mistake:
    """The plainest mistake in a tag.

    `corrected`: the tag without this mistake; it may have another one. Empty when it is not clear what was meant.
    `hint`: further advice. Without a hint and a correction, the refusal shows what release tags look like.
    """

    reason: Reason
    message: str
    corrected: str = ""
    hint: str = ""


def explain(tag: str, prefix: str, is_version: Callable[[str], bool]) -> TagRefused:
    """The refusal of a tag that is no version. `is_version` says of a corrected tag whether it is one."""
    name = tag.removeprefix("refs/tags/")
    mistake = _find_mistake(name, prefix)
    meant = _correct(mistake.corrected, prefix, is_version)
    hint = mistake.hint or ("" if meant else show_examples(prefix))
    return TagRefused(name, mistake.reason, mistake.message, meant=meant, hint=hint)


def _correct(name: str, prefix: str, is_version: Callable[[str], bool]) -> str:
    """The version that is left when one mistake after the other is corrected; empty when there is none."""
    # One round for each reason: so the loop ends even if two corrections undo each other.
    for _ in Reason:
        if not name or is_version(name):
            return name
        name = _find_mistake(name, prefix).corrected
    return ""


def _find_mistake(name: str, prefix: str) -> _Mistake:
    return next(mistake for mistake in _find_mistakes(name, prefix) if mistake)


def _find_mistakes(name: str, prefix: str) -> Iterator[_Mistake | None]:
    """Every mistake in turn, the plainest first. Each may rely on those before it; the last is always made."""
    yield _check_length(name)
    yield _check_git_ref(name)
    yield _check_spaces(name)
    yield _check_ascii(name)
    yield _check_characters(name)
    yield _check_date(name, prefix)
    yield _check_letters(name, prefix)
    yield _check_floating(name, prefix)
    yield _check_prefix(name, prefix)
    yield _check_base(name, prefix)
    tag = _TagParts.split(name, prefix)
    yield _check_build_metadata(tag)
    yield _check_four_parts(tag)
    yield _check_size(name, tag.suffix)
    yield _check_leading_zero_in_suffix(tag)
    yield _check_candidate_look_alike(tag)
    yield _check_final_look_alike(tag)
    yield _check_post_look_alike(tag)
    yield _check_dev_look_alike(tag)
    yield _refuse_suffix(tag)


def show_tag(tag: str) -> str:
    """A tag as a message repeats it: in quotes, on one line, in ASCII, and not endless."""
    return ascii(tag if len(tag) <= SHOWN_CHARACTERS else tag[:SHOWN_CHARACTERS] + "...")


def show_examples(prefix: str) -> str:
    """What release tags look like, for a hint."""
    return f"Release tags look like {prefix}1.2.3, {prefix}1.2.3-rc.1 or {prefix}1.2.3{post_spelling_of(prefix)}1."


def _check_length(name: str) -> _Mistake | None:
    if not name:
        return _Mistake(Reason.EMPTY, "The tag is empty.")
    if len(name) > LONGEST:
        message = f"Tag {show_tag(name)} has {len(name)} characters, and a registry accepts at most {LONGEST}."
        return _Mistake(Reason.TOO_LONG, message, hint="Choose a shorter suffix.")
    return None


def _check_git_ref(name: str) -> _Mistake | None:
    if not name.startswith("refs/"):
        return None
    message = f"{show_tag(name)} is a git ref, not the name of a tag."
    return _Mistake(Reason.NOT_A_TAG, message, hint="Give the tag's name, or its ref refs/tags/NAME.")


def _check_spaces(name: str) -> _Mistake | None:
    if name == name.strip():
        return None
    message = f"Tag {show_tag(name)} begins or ends with a space or a line break."
    return _Mistake(Reason.SPACES, message, name.strip())


def _check_ascii(name: str) -> _Mistake | None:
    if name.isascii():
        return None
    foreign = next(character for character in name if not character.isascii())
    what = unicodedata.name(foreign, "a character without a name").lower()
    message = f"Tag {show_tag(name)} contains U+{ord(foreign):04X} ({what}), and a registry accepts only ASCII."
    plain = "".join(_to_ascii(character) for character in name)
    return _Mistake(Reason.NOT_ASCII, message, plain if plain.isascii() else "")


def _check_characters(name: str) -> _Mistake | None:
    illegal = re.search(r"[^A-Za-z0-9._+-]|^[.+-]", name)
    if not illegal:
        return None
    verb, form = ("begins with", "begin with") if illegal.start() == 0 else ("contains", "contain")
    message = f"Tag {show_tag(name)} {verb} {illegal.group()!r}. An image tag must not {form} it."
    return _Mistake(Reason.CHARACTERS, message, name.replace(" ", "") if illegal.group() == " " else "")


def _to_ascii(character: str) -> str:
    """The character that was probably meant by one that is not ASCII; the same one when that is not clear."""
    if character.isascii():
        return character
    if character in DASHES:
        return "-"
    if unicodedata.category(character) == "Cf":  # no width, no ink: pasted along with the rest
        return ""
    digit = unicodedata.decimal(character, None)
    return character if digit is None else str(digit)


def _check_prefix(name: str, prefix: str) -> _Mistake | None:
    """Refuse what does not begin with the prefix and a digit."""
    if re.match(rf"{re.escape(prefix)}[0-9]", name):
        return None
    bare = re.fullmatch(rf"(?:{re.escape(prefix)}|v)*\.?([0-9].*)", name, re.IGNORECASE | re.ASCII)
    if not prefix:
        message = f"Tag {show_tag(name)} does not begin with a number, as release tags of this project do."
    elif name.startswith(prefix) and not bare:
        message = f"Tag {show_tag(name)} is not a version: no number follows {prefix!r}."
        return _Mistake(Reason.NOT_A_VERSION, message)
    else:
        message = (
            f"Tag {show_tag(name)} does not begin with {prefix!r} and a number, as release tags of this project do."
        )
    return _Mistake(Reason.PREFIX, message, prefix + bare.group(1) if bare else "")


def _check_date(name: str, prefix: str) -> _Mistake | None:
    text = re.sub(rf"^(?:{re.escape(prefix)}|v)", "", name)
    if not DATE.fullmatch(text):
        return None
    message = f"Tag {show_tag(name)} is a date, not a version with three numbers."
    return _Mistake(Reason.DATE, message)


def _check_letters(name: str, prefix: str) -> _Mistake | None:
    """Refuse letters in place of digits: v0.5.O, v0.5.l."""
    base = LETTERED_BASE.fullmatch(name.removeprefix(prefix)) if name.startswith(prefix) else None
    if base is None or not re.search("[lIOo]", base.group(1)):
        return None
    letter = re.findall("[lIOo]", base.group(1))[0]
    message = f"Tag {show_tag(name)} has the letter {letter!r} where a version has a digit."
    return _Mistake(Reason.LETTERS, message, prefix + base.group(1).translate(LETTERS) + base.group(2))


def _check_floating(name: str, prefix: str) -> _Mistake | None:
    if not is_floating(name, prefix):
        return None
    if name in FLOATING_NAMES:
        message = f"Tag {show_tag(name)} is a floating tag: it names the newest image, not one version."
        return _Mistake(Reason.FLOATING, message, hint=f"Push the version itself. {show_examples(prefix)}")
    text = name.removeprefix(prefix)
    message = f"Tag {show_tag(name)} is a floating tag: it names the newest release of {text}.x, not one version."
    hint = "The action protect-latest moves floating tags. Do not push them."
    return _Mistake(Reason.FLOATING, message, f"{prefix}{text}.0" if "." in text else "", hint)


def _check_base(name: str, prefix: str) -> _Mistake | None:
    """Refuse what has no three numbers after the prefix, or numbers that tools do not agree about."""
    text = name[len(prefix) :]
    base = BASE.fullmatch(text)
    if base:
        return _check_numbers(name, prefix, base)
    short = SHORT.fullmatch(text)
    if short:
        message = f"Tag {show_tag(name)} has two numbers where a version has three."
        return _Mistake(Reason.INCOMPLETE, message, f"{prefix}{short.group(1)}.0{short.group(2)}")
    if text.endswith("."):
        message = f"Tag {show_tag(name)} ends in '.': the rest is missing."
        return _Mistake(Reason.TRUNCATED, message)
    where = f"must follow {prefix!r}" if prefix else "must come first"
    message = f"Tag {show_tag(name)} is not a version: three numbers with dots between them {where}."
    return _Mistake(Reason.NOT_A_VERSION, message)


def _check_numbers(name: str, prefix: str, base: re.Match[str]) -> _Mistake | None:
    *numbers, suffix = base.groups()
    for number in numbers:
        if number != "0" and number.startswith("0"):
            plain = ".".join(part.lstrip("0") or "0" for part in numbers)
            return _refuse_leading_zero(name, number, prefix + plain + suffix)
    return _check_size(name, ".".join(numbers))


def _check_size(name: str, text: str) -> _Mistake | None:
    for number in re.findall(r"[0-9]+", text):
        if int(number) > LARGEST:
            message = f"Tag {show_tag(name)} has a number above {LARGEST}. Many tools round such a number or fail."
            return _Mistake(Reason.TOO_LARGE, message)
    return None


def _refuse_leading_zero(name: str, number: str, corrected: str) -> _Mistake:
    return _Mistake(Reason.LEADING_ZERO, f"Tag {show_tag(name)} has a number with a leading zero: {number}.", corrected)


@dataclass(frozen=True)
class _TagParts:
    """A tag with three good numbers and a suffix that is refused. `release` is the tag without the suffix."""

    name: str
    prefix: str
    release: str
    suffix: str

    @classmethod
    def split(cls, name: str, prefix: str) -> _TagParts:
        length = re.match(re.escape(prefix) + r"[0-9]+\.[0-9]+\.[0-9]+", name)
        end = length.end() if length else len(name)
        return cls(name, prefix, name[:end], name[end:])

    def mistake(self, reason: Reason, message: str, corrected: str = "", hint: str = "") -> _Mistake:
        """A mistake whose message begins with the tag."""
        return _Mistake(reason, f"Tag {show_tag(self.name)} {message}", corrected, hint)


def _check_build_metadata(tag: _TagParts) -> _Mistake | None:
    plain, plus, metadata = tag.name.partition("+")
    if not plus:
        return None
    message = f"has build metadata, {show_tag(plus + metadata)}, and an image tag must not contain '+'."
    return tag.mistake(Reason.BUILD_METADATA, message, plain, "Put the metadata into a label of the image.")


def _check_four_parts(tag: _TagParts) -> _Mistake | None:
    if not re.match(r"\.[0-9]", tag.suffix):
        return None
    hint = (
        f"Push a post release for a rebuild of {tag.release}, or the next patch version for a fix. A project whose "
        "post releases have four numbers sets versions.post-spelling to four-numbers in release.yaml."
    )
    return tag.mistake(Reason.FOUR_PARTS, "has more than three numbers.", hint=hint)


def _check_leading_zero_in_suffix(tag: _TagParts) -> _Mistake | None:
    zero = ZERO.search(tag.suffix)
    if not zero:
        return None
    start, end = zero.span(1)
    plain = tag.suffix[:start] + (zero.group(1).lstrip("0") or "0") + tag.suffix[end:]
    return _refuse_leading_zero(tag.name, zero.group(1), tag.release + plain)


def _check_candidate_look_alike(tag: _TagParts) -> _Mistake | None:
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
    hint = "Tools that make floating tags by cutting a tag at its last dot leave such names."
    return tag.mistake(Reason.TRUNCATED, message, f"{tag.release}-rc.1", hint)


def _check_final_look_alike(tag: _TagParts) -> _Mistake | None:
    final = FINAL.fullmatch(tag.suffix)
    if not final:
        return None
    message = f"has the suffix {show_tag(tag.suffix)}, and a final release has no suffix."
    # Which release `-final.2` means is not clear.
    return tag.mistake(Reason.SPELLING, message, "" if final.group(1) else tag.release)


def _check_post_look_alike(tag: _TagParts) -> _Mistake | None:
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


def _hint_at_spelling(tag: _TagParts) -> str:
    """How a project says that it writes its post releases as this tag is written; empty where it cannot say that."""
    written = re.sub(r"[0-9]+$", "", tag.suffix)
    value = next((value for value, spelling in POST_SPELLINGS.items() if spelling == written), "")
    return f"A project that writes them so sets versions.post-spelling to {value} in release.yaml." if value else ""


def _check_dev_look_alike(tag: _TagParts) -> _Mistake | None:
    dev = DEV.fullmatch(tag.suffix)
    if not dev:
        return None
    message = "looks like a dev version, but is not written as one."
    return tag.mistake(Reason.SPELLING, message, f"{tag.release}-dev{dev.group(1) and '.'}{dev.group(1)}")


def _refuse_suffix(tag: _TagParts) -> _Mistake:
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
