"""Rules about links: what their text says and where they lead, and whether that is there."""

from __future__ import annotations

import re
from collections.abc import Iterator

from release_actions.components import version_order
from release_actions.components.blocks import LineKind
from release_actions.components.finding import UNKNOWN
from release_actions.components.table import fold_name
from release_actions.errors import Place
from release_actions.notes.addresses import AddressKind, GitHubAddress, parse
from release_actions.notes.evidence import EvidenceKind, TagComparison, Unreadable
from release_actions.notes.lint_rule import CERTAIN, SUSPICIOUS, LintRule, LintSubject, RuleHit, agree
from release_actions.notes.reading import GitHubLink

NUMBER = re.compile(r"#([0-9]{1,9})\b")
NUMBER_ALONE = re.compile(r"(?i)(?:(?:PR|pull request|issue)\s*)?(?:[\w.-]+/[\w.-]+)?#[0-9]{1,9}")
REPOSITORY = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9_.-]*[A-Za-z0-9_])(?:#[0-9]+|@.*)?")
VERSION = re.compile(r"(?:[A-Za-z][\w.]*-)*v?[0-9]+(?:\.[0-9]+){1,3}[A-Za-z0-9]*(?:[.-][A-Za-z0-9]+)*")
TAG = re.compile(r"v?[0-9]+\.[0-9]+\.[0-9]+.*")
PAIR = re.compile(r"(?P<base>\S+?)\s*(?:\u2192|->|=>|\.{2,3}|\u2026|\bto\b|\u2013>)\s*(?P<head>\S+)")
LOGIN = re.compile(r"@([A-Za-z0-9][A-Za-z0-9_-]*)(?:\[bot\])?")
SHA = re.compile(r"[0-9a-f]{7,64}")
SURE_SHA = 5
"""Characters that two commits share by no accident."""

UNDEFINED = re.compile(r"(?<![\w\]\\])\[[^\[\]]+\]\[([^\[\]]+)\]")
PLAIN = re.compile(r"(?:[A-Za-z][A-Za-z0-9_.]*[-/])*v?[0-9]+(?:\.[0-9]+)+")
"""A tag of numbers only."""

RELATIVE = re.compile(r"(?!#|/|[A-Za-z][A-Za-z0-9+.-]*:).+")


def _list_worded(subject: LintSubject) -> Iterator[GitHubLink]:
    """Links to GitHub whose text is no address."""
    return (linked for linked in subject.notes.linked if not linked.link.bare and linked.link.text)


def _number(subject: LintSubject) -> Iterator[RuleHit]:
    """The text of a link names another pull request or issue than its target.

    Certain for numbers of the repository, where other links show that its notes mean GitHub's numbers: some projects
    number their issues elsewhere.
    """
    pulls = [linked for linked in _list_worded(subject) if linked.address.leads is AddressKind.PULL]
    read = [(linked, NUMBER.findall(linked.link.text)) for linked in pulls]
    single = [(linked, int(numbers[0])) for linked, numbers in read if len(numbers) == 1]
    right = sum(number == linked.address.number for linked, number in single)
    is_usual = right > len(single) - right
    for linked, number in single:
        if number != linked.address.number:
            message = f"The link says #{number} and leads to #{linked.address.number}."
            alone = NUMBER_ALONE.fullmatch(linked.link.text) is not None
            sure = is_usual and alone and subject.is_own(linked.address.repository)
            certainty = CERTAIN if sure else SUSPICIOUS
            yield RuleHit(linked.link.place, message, "Correct the one that is wrong.", certainty=certainty)


def _repository(subject: LintSubject) -> Iterator[RuleHit]:
    """The text of a link names another repository than its target.

    It may be an earlier name of the repository, the name of a branch, or two words with a slash between them.
    """
    for linked in _list_worded(subject):
        said = REPOSITORY.fullmatch(linked.link.text)
        leads = linked.address.leads not in {AddressKind.TREE, AddressKind.ACCOUNT}
        if said and leads and said[1].casefold() != linked.address.repository.casefold():
            message = f"The link says {said[1]} and leads to {linked.address.repository}."
            yield RuleHit(linked.link.place, message, "Correct the one that is wrong.")


def _tag(subject: LintSubject) -> Iterator[RuleHit]:
    """The text of a link is another version than the tag that it leads to.

    Certain where the repository has both as tags. The version of a chart or a product may have tags of its own.
    """
    for linked in _list_worded(subject):
        said = VERSION.fullmatch(linked.link.text)
        if not said or (linked.address.leads is AddressKind.COMPARE and agree(said[0], linked.address.base)):
            continue
        target = _tag_of(linked.address)
        if target and not _does_name(said[0], target):
            message = f"The link says {said[0]} and leads to {target}."
            known = linked.address.leads is not AddressKind.TREE and _are_tags(
                linked.address, (said[0], target), subject
            )
            certainty = CERTAIN if known else SUSPICIOUS
            yield RuleHit(linked.link.place, message, "Correct the one that is wrong.", certainty=certainty)


def _are_tags(address: GitHubAddress, names: tuple[str, ...], subject: LintSubject) -> bool:
    """Whether names are tags of the repository that releases, and an address leads there."""
    tags = subject.evidence.tags
    return isinstance(tags, frozenset) and subject.is_own(address.repository) and set(names) <= tags


def _tag_of(address: GitHubAddress) -> str:
    """The version that an address leads to; empty when it names none."""
    if address.leads in {AddressKind.TAG, AddressKind.COMPARE}:
        return address.name
    first = address.name.partition("/")[0]
    # A branch is called like a version too, such as release-0.5.
    return first if address.leads is AddressKind.TREE and TAG.fullmatch(first) else ""


def _does_name(said: str, target: str) -> bool:
    """Whether a text may stand for a tag: the version in any style, or the beginning of it."""
    number = target[re.search(r"[0-9]|$", target).start() :]  # type: ignore[union-attr]  # $ is always there
    return agree(said, target) is not False or number.startswith(f"{said.removeprefix('v')}.")


def _compare(subject: LintSubject) -> Iterator[RuleHit]:
    """The text of a link names other versions than the comparison that it leads to.

    Certain where it names one of the two: a chart or a product may have other numbers than the tags.
    """
    for linked in _list_worded(subject):
        pair = PAIR.fullmatch(linked.link.text)
        if not pair or linked.address.leads is not AddressKind.COMPARE:
            continue
        sides = [(pair[side].strip("`*_"), target) for side, target in _list_sides(linked.address)]
        wrong = [(said, target) for said, target in sides if agree(said, target) is False]
        if wrong:
            message = f"The link says {wrong[0][0]} and compares with {wrong[0][1]}."
            one = len(wrong) == 1 and any(agree(said, target) for said, target in sides)
            certainty = CERTAIN if one else SUSPICIOUS
            yield RuleHit(linked.link.place, message, "Correct the one that is wrong.", certainty=certainty)


def _list_sides(address: GitHubAddress) -> tuple[tuple[str, str], tuple[str, str]]:
    return ("base", address.base), ("head", address.name)


def _commit(subject: LintSubject) -> Iterator[RuleHit]:
    """The text of a link is another commit than its target.

    Certain for what begins as the target does, and goes on otherwise: a word, a date or a commit of another system may
    look like a commit.
    """
    for linked in _list_worded(subject):
        said = linked.link.text
        if linked.address.leads is AddressKind.COMMIT and SHA.fullmatch(said):
            length = min(len(said), len(linked.address.name))
            if said[:length] != linked.address.name[:length]:
                message = f"The link says {said} and leads to {linked.address.name}."
                certainty = CERTAIN if said[:SURE_SHA] == linked.address.name[:SURE_SHA] else SUSPICIOUS
                yield RuleHit(linked.link.place, message, "Correct the one that is wrong.", certainty=certainty)


def _login(subject: LintSubject) -> Iterator[RuleHit]:
    """The text of a link names another account than its target.

    It may be the name that a person had before, or has elsewhere.
    """
    for linked in _list_worded(subject):
        said = LOGIN.fullmatch(linked.link.text)
        name = linked.address.name.removesuffix("[bot]")
        if said and linked.address.leads is AddressKind.ACCOUNT and said[1].casefold() != name.casefold():
            message = f"The link says @{said[1]} and leads to {linked.address.name}."
            yield RuleHit(linked.link.place, message, "Correct the one that is wrong.")


def _address(subject: LintSubject) -> Iterator[RuleHit]:
    """The text of a link is an address, and it leads to another one.

    Certain for two pull requests, comparisons, tags or commits of one repository. Others may be a short form.
    """
    for link in subject.notes.text.links:
        plain = link.text.rstrip("/")
        shown, target = (re.sub(r"^https?://(?:www\.)?", "", url).rstrip("/") for url in (plain, link.target))
        cut = re.sub(r"(?:\u2026|\.\.\.)$", "", shown)
        same = shown == target or (cut != shown and target.startswith(cut))
        if not link.bare and re.match(r"https?://\S+$", plain) and not same:
            message = f"The link shows {plain} and leads to {link.target}."
            certainty = CERTAIN if _differ_in_name(plain, link.target, subject) else SUSPICIOUS
            yield RuleHit(link.place, message, "Correct the one that is wrong.", certainty=certainty)


def _differ_in_name(shown: str, target: str, subject: LintSubject) -> bool:
    """Whether two addresses lead to two things of one kind in one repository."""
    first, second = (parse(url, subject.evidence.server) for url in (shown, target))
    if not first or not second or first.leads is not second.leads or first.leads is AddressKind.TREE:
        return False
    same = first.repository.casefold() == second.repository.casefold() != ""
    cut = first.name and second.name.startswith(first.name)
    return same and first != second and not cut


def _nowhere(subject: LintSubject) -> Iterator[RuleHit]:
    """A link without a target."""
    for link in subject.notes.text.links:
        if link.target in {"", "#"}:
            yield RuleHit(
                link.place, f"The link '{link.text}' leads nowhere.", "Give it a target, or make it plain text."
            )


def _relative(subject: LintSubject) -> Iterator[RuleHit]:
    """A link to a file by a relative path.

    The page of a release is not a folder of the repository, so such a link leads nowhere from there.
    """
    for link in subject.notes.text.links:
        if RELATIVE.fullmatch(link.target):
            message = f"The link '{link.text}' leads to {link.target}, which a release page does not have below it."
            yield RuleHit(link.place, message, "Write the whole address, with the tag in it.")


def _undefined(subject: LintSubject) -> Iterator[RuleHit]:
    """A link by a label that is not defined anywhere, so that readers see the brackets."""
    defined = {link.text.casefold() for link in subject.notes.text.links}
    for line in subject.notes.text.lines:
        for match in UNDEFINED.finditer(line.prose) if line.kind is not LineKind.CODE else ():
            known = any(
                link.place == subject.notes.text.place(line, match.start()) for link in subject.notes.text.links
            )
            # `[BUG][v1.9] Fix it` is a title with two tags, as a link would have its text in the first brackets.
            tags = line.kind is LineKind.BULLET and not line.prose[line.start : match.start()].strip(
                " \t*+-0123456789.)"
            )
            if not known and not tags and match[1].casefold() not in defined:
                message = f"The label [{match[1]}] is not defined."
                yield RuleHit(
                    subject.notes.text.place(line, match.start()), message, "Define it, or write the address."
                )


def _list_compares(subject: LintSubject) -> Iterator[GitHubLink]:
    return (linked for linked in subject.notes.linked if linked.address.leads is AddressKind.COMPARE)


def _backwards(subject: LintSubject) -> Iterator[RuleHit]:
    """A comparison that begins with the newer version.

    Certain within one line of final releases of the repository or of one of its components, where it shows nothing. A
    dependency may go back, a suffix may mean a later build, and two dots show what was taken back.
    """
    own = {subject.repository, *(fold_name(row.title).split(" (")[0] for row in subject.notes.rows)}
    for linked in _list_compares(subject):
        order = version_order.compare(linked.address.base, linked.address.name)
        if order is not None and order > 0:
            message = f"The comparison goes backwards, from {linked.address.base} to {linked.address.name}."
            tags = (linked.address.base, linked.address.name)
            sides = [version_order.read(tag) for tag in tags]
            line = {side.numbers[:2] for side in sides if side}
            is_own = linked.address.repository.casefold() in own
            plain = not linked.address.direct and all(PLAIN.fullmatch(tag) for tag in tags)
            certainty = CERTAIN if is_own and plain and len(line) == 1 else SUSPICIOUS
            yield RuleHit(linked.link.place, message, "Swap the two.", certainty=certainty)


def _same(subject: LintSubject) -> Iterator[RuleHit]:
    """A comparison of a version with itself, which is always empty."""
    for linked in _list_compares(subject):
        if linked.address.base == linked.address.name:
            message = f"The comparison is of {linked.address.base} with itself."
            yield RuleHit(linked.link.place, message, "Begin with the version before, or leave it out.")


def _unresolved(subject: LintSubject) -> Iterator[RuleHit]:
    """A comparison that GitHub cannot show: one of the tags is not there, or they share no history.

    Repositories that put a prefix before their tags lose it here most often. Certain for the repository itself; another
    one may be there and hidden from the token.
    """
    answers = {**(subject.evidence.compares or {})}
    for linked in _list_compares(subject):
        address = linked.address
        answer = answers.get(TagComparison(address.repository, address.base, address.name))
        if isinstance(answer, Unreadable):
            yield RuleHit(linked.link.place, answer.message, answer.hint, rule=UNKNOWN)
        elif answer is False:
            message = f"GitHub cannot compare {address.base} with {address.name} in {address.repository}."
            hint = "Correct the tags: the repository may put a prefix before them."
            other = Place(f"tags of {address.repository}")
            certainty = CERTAIN if _is_readable(address.repository, subject) else SUSPICIOUS
            yield RuleHit(linked.link.place, message, hint, other, certainty)


def _is_readable(repository: str, subject: LintSubject) -> bool:
    """Whether GitHub has answered about a repository, so that what it does not show is not there."""
    folded = repository.casefold()
    compared = {
        asked.repository.casefold() for asked, answer in (subject.evidence.compares or {}).items() if answer is True
    }
    named = {
        name.partition("@")[0].casefold()
        for name, answer in (subject.evidence.upstream or {}).items()
        if answer is True
    }
    return folded == subject.evidence.repository.casefold() or folded in compared | named


def _tag_missing(subject: LintSubject) -> Iterator[RuleHit]:
    """A link to a tag of the repository that is not there. The release's own tag may come later.

    Only suspicious for a branch or file, since branches are called like versions too; for a version that is not below
    this one, which may come later; and in a checkout, which may lack tags.
    """
    tags, version = subject.evidence.tags, subject.evidence.version
    for linked in subject.notes.linked:
        own = linked.address.repository.casefold() == subject.evidence.repository.casefold()
        name = _tag_of(linked.address) if linked.address.leads in {AddressKind.TAG, AddressKind.TREE} else ""
        if not own or not name or not isinstance(tags, frozenset) or (version and name == version.tag):
            continue
        if name not in tags:
            message = f"The link leads to {name}, and {subject.evidence.repository} has no such tag."
            order = version_order.compare(name, version.tag) if version else None
            past = version is None or (order is not None and order < 0)
            sure = past and linked.address.leads is AddressKind.TAG and not subject.evidence.from_git
            other = Place(f"tags of {subject.evidence.repository}")
            certainty = CERTAIN if sure else SUSPICIOUS
            yield RuleHit(linked.link.place, message, "Correct the tag.", other, certainty)


RULES = (
    LintRule("link-number", CERTAIN, _number),
    LintRule("link-repository", SUSPICIOUS, _repository),
    LintRule("link-tag", CERTAIN, _tag),
    LintRule("link-compare", CERTAIN, _compare),
    LintRule("link-commit", CERTAIN, _commit),
    LintRule("link-login", SUSPICIOUS, _login),
    LintRule("link-address", CERTAIN, _address),
    LintRule("link-empty", CERTAIN, _nowhere),
    LintRule("link-relative", SUSPICIOUS, _relative),
    LintRule("link-undefined", SUSPICIOUS, _undefined),
    LintRule("compare-backwards", CERTAIN, _backwards),
    LintRule("compare-same", CERTAIN, _same),
    LintRule("compare-unresolved", CERTAIN, _unresolved, (EvidenceKind.UPSTREAM,)),
    LintRule("tag-missing", CERTAIN, _tag_missing, (EvidenceKind.REPOSITORY, EvidenceKind.TAGS)),
)
