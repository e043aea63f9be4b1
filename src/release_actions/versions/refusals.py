"""Why a tag names no version, in words for the person who pushed it, and the tag that was probably meant.

Only for tags that `version` has refused already. Nothing here decides: a tag that is nearly a version is refused all
the same, and the tag that was meant is only shown. The rules of the history say whether that tag may be pushed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator

from release_actions.versions.grammar import (
    FLOATING_NAMES,
    LONGEST,
    Reason,
    TagRefused,
    is_floating,
    path_of,
)
from release_actions.versions.mistakes import Mistake, check_size, refuse_leading_zero, show_examples, show_tag
from release_actions.versions.suffix_mistakes import (
    LETTERS,
    TagParts,
    check_build_metadata,
    check_candidate_look_alike,
    check_dev_look_alike,
    check_final_look_alike,
    check_four_parts,
    check_leading_zero_in_suffix,
    check_post_look_alike,
    refuse_suffix,
)

DASHES = frozenset("\u2010\u2011\u2012\u2013\u2014\u2212")
"""The dashes that word processors and chat programs put in place of a hyphen."""

SHORT_COMMIT = 7
"""Digits that git shows of a commit at least. No project counts so many major versions."""

BASE = re.compile(r"([0-9]+)\.([0-9]+)\.([0-9]+)(.*)")
SHORT = re.compile(r"([0-9]+\.[0-9]+)((?:-|rc|\.post|\.dev|\+)[^.].*)")
DATE = re.compile(r"(?:19|20)[0-9]{2}-?(?:0[1-9]|1[0-2])-?(?:0[1-9]|[12][0-9]|3[01])(?:[-._].*)?")
LETTERED_BASE = re.compile(r"([0-9lIOo]+\.[0-9lIOo]+\.[0-9lIOo]+)(?![A-Za-z0-9])(.*)")


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


def _find_mistake(name: str, prefix: str) -> Mistake:
    return next(mistake for mistake in _find_mistakes(name, prefix) if mistake)


def _find_mistakes(name: str, prefix: str) -> Iterator[Mistake | None]:
    """Every mistake in turn, the plainest first. Each may rely on those before it; the last is always made."""
    yield _check_length(name)
    yield _check_git_ref(name)
    yield _check_spaces(name)
    yield _check_ascii(name)
    yield _check_characters(name, path_of(prefix))
    yield _check_date(name, prefix)
    yield _check_letters(name, prefix)
    yield _check_floating(name, prefix)
    yield _check_prefix(name, prefix)
    yield _check_base(name, prefix)
    tag = TagParts.split(name, prefix)
    yield check_build_metadata(tag)
    yield check_four_parts(tag)
    yield check_size(name, tag.suffix)
    yield check_leading_zero_in_suffix(tag)
    yield check_candidate_look_alike(tag)
    yield check_final_look_alike(tag)
    yield check_post_look_alike(tag)
    yield check_dev_look_alike(tag)
    yield refuse_suffix(tag)


def _check_length(name: str) -> Mistake | None:
    if not name:
        return Mistake(Reason.EMPTY, "The tag is empty.")
    if len(name) > LONGEST:
        message = f"Tag {show_tag(name)} has {len(name)} characters, and a registry accepts at most {LONGEST}."
        return Mistake(Reason.TOO_LONG, message, hint="Choose a shorter suffix.")
    return None


def _check_git_ref(name: str) -> Mistake | None:
    if not name.startswith("refs/"):
        return None
    message = f"{show_tag(name)} is a git ref, not the name of a tag."
    return Mistake(Reason.NOT_A_TAG, message, hint="Give the tag's name, or its ref refs/tags/NAME.")


def _check_spaces(name: str) -> Mistake | None:
    if name == name.strip():
        return None
    message = f"Tag {show_tag(name)} begins or ends with a space or a line break."
    return Mistake(Reason.SPACES, message, name.strip())


def _check_ascii(name: str) -> Mistake | None:
    if name.isascii():
        return None
    foreign = next(character for character in name if not character.isascii())
    what = unicodedata.name(foreign, "a character without a name").lower()
    message = f"Tag {show_tag(name)} contains U+{ord(foreign):04X} ({what}), and a registry accepts only ASCII."
    plain = "".join(_to_ascii(character) for character in name)
    return Mistake(Reason.NOT_ASCII, message, plain if plain.isascii() else "")


def _check_characters(name: str, path: str) -> Mistake | None:
    illegal = re.search(r"[^A-Za-z0-9._+-]|^[.+-]", name.removeprefix(path))
    if not illegal:
        return None
    verb, form = ("begins with", "begin with") if illegal.start() == 0 else ("contains", "contain")
    message = f"Tag {show_tag(name)} {verb} {illegal.group()!r}. An image tag must not {form} it."
    return Mistake(Reason.CHARACTERS, message, name.replace(" ", "") if illegal.group() == " " else "")


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


def _check_prefix(name: str, prefix: str) -> Mistake | None:
    """Refuse what does not begin with the prefix and a digit."""
    if re.match(rf"{re.escape(prefix)}[0-9]", name):
        return None
    bare = re.fullmatch(r"\.?([0-9].*)", _strip_prefixes(name, prefix), re.ASCII)
    if not prefix:
        message = f"Tag {show_tag(name)} does not begin with a number, as release tags of this project do."
    elif name.startswith(prefix) and not bare:
        message = f"Tag {show_tag(name)} is not a version: no number follows {prefix!r}."
        return Mistake(Reason.NOT_A_VERSION, message)
    else:
        message = (
            f"Tag {show_tag(name)} does not begin with {prefix!r} and a number, as release tags of this project do."
        )
    return Mistake(Reason.PREFIX, message, prefix + bare.group(1) if bare else "")


def _strip_prefixes(name: str, prefix: str) -> str:
    """A name without any prefixes before it, whatever their case."""
    # Not an expression: there are as many ways to read vvvv as one has patience for.
    starts = sorted({prefix.lower(), "v"} - {""}, key=len, reverse=True)
    while start := next((text for text in starts if name.lower().startswith(text)), ""):
        name = name[len(start) :]
    return name


def _check_date(name: str, prefix: str) -> Mistake | None:
    text = re.sub(rf"^(?:{re.escape(prefix)}|v)", "", name)
    if not DATE.fullmatch(text):
        return None
    message = f"Tag {show_tag(name)} is a date, not a version with three numbers."
    return Mistake(Reason.DATE, message)


def _check_letters(name: str, prefix: str) -> Mistake | None:
    """Refuse letters in place of digits: v0.5.O, v0.5.l."""
    base = LETTERED_BASE.fullmatch(name.removeprefix(prefix)) if name.startswith(prefix) else None
    if base is None or not re.search("[lIOo]", base.group(1)):
        return None
    letter = re.findall("[lIOo]", base.group(1))[0]
    message = f"Tag {show_tag(name)} has the letter {letter!r} where a version has a digit."
    return Mistake(Reason.LETTERS, message, prefix + base.group(1).translate(LETTERS) + base.group(2))


def _check_floating(name: str, prefix: str) -> Mistake | None:
    if not is_floating(name, prefix):
        return None
    if name in FLOATING_NAMES:
        message = f"Tag {show_tag(name)} is a floating tag: it names the newest image, not one version."
        return Mistake(Reason.FLOATING, message, hint=f"Push the version itself. {show_examples(prefix)}")
    text = name.removeprefix(prefix)
    if len(text) >= SHORT_COMMIT and text.isdecimal():
        message = f"Tag {show_tag(name)} is one number of {len(text)} digits, as the short form of a commit can be."
        return Mistake(Reason.FLOATING, message, hint=f"Push a version. {show_examples(prefix)}")
    message = f"Tag {show_tag(name)} is a floating tag: it names the newest release of {text}.x, not one version."
    hint = "The action protect-latest moves floating tags. Do not push them."
    return Mistake(Reason.FLOATING, message, f"{prefix}{text}.0" if "." in text else "", hint)


def _check_base(name: str, prefix: str) -> Mistake | None:
    """Refuse what has no three numbers after the prefix, or numbers that tools do not agree about."""
    text = name[len(prefix) :]
    base = BASE.fullmatch(text)
    if base:
        return _check_numbers(name, prefix, base)
    short = SHORT.fullmatch(text)
    if short:
        message = f"Tag {show_tag(name)} has two numbers where a version has three."
        return Mistake(Reason.INCOMPLETE, message, f"{prefix}{short.group(1)}.0{short.group(2)}")
    if text.endswith("."):
        message = f"Tag {show_tag(name)} ends in '.': the rest is missing."
        return Mistake(Reason.TRUNCATED, message)
    where = f"must follow {prefix!r}" if prefix else "must come first"
    message = f"Tag {show_tag(name)} is not a version: three numbers with dots between them {where}."
    return Mistake(Reason.NOT_A_VERSION, message)


def _check_numbers(name: str, prefix: str, base: re.Match[str]) -> Mistake | None:
    *numbers, suffix = base.groups()
    for number in numbers:
        if number != "0" and number.startswith("0"):
            plain = ".".join(part.lstrip("0") or "0" for part in numbers)
            return refuse_leading_zero(name, number, prefix + plain + suffix)
    return check_size(name, ".".join(numbers))
