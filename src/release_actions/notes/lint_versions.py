"""Rules about versions of components: within the table, between the table and the rest, and against what was published.

A row is never compared with another one by guessing: rows are the same when their names are, or when the components
file says that one was renamed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from release_actions.components import version_order
from release_actions.components.assemble import COMPONENTS_TABLE, INFRASTRUCTURE_TABLE, PublishedComponent
from release_actions.components.blocks import LineKind
from release_actions.components.document import MatrixPart, fill_template, title_of
from release_actions.components.finding import UNKNOWN
from release_actions.components.findings import names_of
from release_actions.components.former_name import RENAMED
from release_actions.components.table import TableRow, fold_name
from release_actions.errors import Place
from release_actions.notes.addresses import AddressKind
from release_actions.notes.evidence import EvidenceKind, NotesEvidence, PreviousTables, Unreadable
from release_actions.notes.lint_rule import CERTAIN, SUSPICIOUS, LintRule, LintSubject, RuleHit, agree
from release_actions.notes.reading import GitHubLink

TOLD_GONE = re.compile(
    r"(?i)\b(?:removed?|removal|deprecat\w+|discontinued|dropped|retired|merged into|replaced|no longer)\b"
)
NEW = "(new)"
AGAIN = "(re-enabled)"
AFTER_NAME = re.compile(
    r"(?:\s+\([^()]*\))?(?:\s+(?:is|was|now|at|to|in|version|release|v(?=\s)))*[\s:=@`*]*(?P<version>v?[0-9]+\.[0-9]+(?:\.[0-9]+)*[\w.-]*\w)"
)
"""A version right after a component's name."""


def _list_rows(subject: LintSubject) -> tuple[TableRow, ...]:
    """The rows of the component table."""
    return subject.notes.summary.rows if subject.notes.summary else ()


def find_part(row: TableRow, evidence: NotesEvidence) -> tuple[str, MatrixPart] | None:
    """The component of the components file that a row is of: by its name, else by its image."""
    document = evidence.document
    parts = [
        (id_, part)
        for table, id_, part in (document.parts() if document else ())
        if table in {COMPONENTS_TABLE, INFRASTRUCTURE_TABLE}
    ]
    name = fold_name(row.title)
    named = (item for item in parts if name in {fold_name(title) for title in (title_of(*item), *item[1].aliases)})
    return next(named, None) or next(
        (item for item in parts if item[1].image and name == fold_name(item[1].image)), None
    )


def _moving(subject: LintSubject) -> Iterator[RuleHit]:
    """A version is a name that moves, such as latest or main.

    Certain for projects that keep their components in a file. Other tables may say what something was tried with.
    """
    certainty = CERTAIN if subject.has_contract else SUSPICIOUS
    for row in subject.notes.rows:
        for cell in (row.version, row.previous):
            if cell.version and version_order.is_moving(cell.version):
                message = f"The version of {row.title} is {cell.version}, which names another version tomorrow."
                yield RuleHit(cell.place, message, "Write the version that it names.", certainty=certainty)


def _candidate(subject: LintSubject) -> Iterator[RuleHit]:
    """A final release has a component whose version is not final.

    Some components have no final version yet.
    """
    for row in subject.notes.rows if subject.final else ():
        version = row.version.version
        if version and not version_order.is_moving(version) and version_order.is_unfinished(version):
            message = f"{subject.evidence.version} is a final release, and {row.title} is at {version}."
            hint = "Release that component first, or go back to its last final version."
            yield RuleHit(row.version.place, message, hint)


def _previous_candidate(subject: LintSubject) -> Iterator[RuleHit]:
    """The previous version of a component in a final release is not final, so probably not what was published."""
    for row in subject.notes.rows if subject.final and subject.evidence.previous is None else ():
        previous = row.previous.version
        if previous and not version_order.is_moving(previous) and version_order.is_unfinished(previous):
            message = f"The previous version of {row.title} is {previous}, which no full release published."
            yield RuleHit(row.previous.place, message, "Write what the previous release published.")


def _down(subject: LintSubject) -> Iterator[RuleHit]:
    """A version is below the previous one.

    Some releases go back to an older version on purpose.
    """
    for row in subject.notes.rows:
        before = _published(row, subject)
        is_renamed = bool(row.former) or (before is not None and fold_name(before.title) != fold_name(row.title))
        was = before.version if before else row.previous.version
        if is_renamed and version_order.is_restart(row.version.version, was):
            continue  # under a new name a component may count from the beginning again
        if before and before.version and before.version != row.previous.version:
            was, other = before.version, before.place
        else:
            was, other = row.previous.version, row.previous.place
        order = version_order.compare(row.version.version, was)
        if was and order is not None and order < 0:
            message = f"{row.title} has an older version than before: {was} became {row.version.version}."
            yield RuleHit(row.version.place, message, "Take at least the version before, or say why not.", other)


def _new(subject: LintSubject) -> Iterator[RuleHit]:
    """A component is called new, and has a previous version or was published before.

    Certain for the previous version of a row that is about one thing. What was published before may be another thing of
    the same name.
    """
    for row in _list_rows(subject):
        words = row.type.text.casefold()
        before = _published(row, subject)
        if NEW in words and row.previous.version:
            message = f"{row.title} is called new, and has the previous version {row.previous.version}."
            certainty = CERTAIN if subject.has_contract and "+" not in words and not row.former else SUSPICIOUS
            hint = "Leave the word out, or write NA."
            yield RuleHit(row.type.place, message, hint, row.previous.place, certainty)
        elif (NEW in words or AGAIN in words) and before and before.version:
            message = f"{row.title} is not new: {before.place} has it at {before.version}."
            hint = "Leave the word in parentheses out."
            yield RuleHit(row.type.place, message, hint, before.place, SUSPICIOUS)


def _not_new(subject: LintSubject) -> Iterator[RuleHit]:
    """A component has no previous version, and is called neither new nor re-enabled."""
    for row in _list_rows(subject):
        words = row.type.text.casefold()
        known = bool(row.previous.markdown) and not row.previous.version and not row.previous.gone
        before = _published(row, subject)
        if known and words and NEW not in words and AGAIN not in words and not (before and before.version):
            message = (
                f"{row.title} has no previous version, and its type, {row.type.text}, does not say that it is new."
            )
            yield RuleHit(
                row.type.place, message, "Add (New) or (Re-enabled), or write the previous version.", row.previous.place
            )


def _get_previous(subject: LintSubject) -> PreviousTables | None:
    previous = subject.evidence.previous
    return previous if isinstance(previous, PreviousTables) and previous.rows else None


def _published(row: TableRow, subject: LintSubject) -> PublishedComponent | None:
    """What the previous release published of a row's component."""
    previous = _get_previous(subject)
    if previous is None:
        return None
    part = find_part(row, subject.evidence)
    id_, others = (part[0], (*part[1].aliases, *part[1].renamed_from)) if part else ("", ())
    wanted = {fold_name(name) for name in (row.title, *others)} | row.former
    by_id = (listed for listed in previous.rows if listed.id and listed.id == id_)
    return next(by_id, None) or next((listed for listed in previous.rows if fold_name(listed.title) in wanted), None)


def _not_published(subject: LintSubject) -> Iterator[RuleHit]:
    """A previous version is not what the previous release published.

    Certain where the release right before published it, once. A chart and an image may have the same name.
    """
    previous = _get_previous(subject)
    titles = Counter(fold_name(listed.title) for listed in previous.rows) if previous else Counter[str]()
    direct = previous is not None and previous.tag == subject.evidence.previous_tag
    for row in subject.notes.rows:
        before = _published(row, subject)
        said = row.previous.version
        if before is None or not before.version or agree(said, before.version) or not row.previous.markdown:
            continue
        if version_order.is_moving(said) or NEW in row.type.text.casefold() or AGAIN in row.type.text.casefold():
            continue
        shown = said or row.previous.text
        message = f"The previous version of {row.title} is given as {shown}, and {before.place} has {before.version}."
        sure = direct and titles[fold_name(before.title)] == 1 and agree(said, before.version) is False
        certainty = CERTAIN if sure or (direct and not said) else SUSPICIOUS
        yield RuleHit(row.previous.place, message, f"Write {before.version}.", before.place, certainty)


def _dropped(subject: LintSubject) -> Iterator[RuleHit]:
    """A component of the previous release is not in the table, and the notes do not say that it was removed.

    Certain for what the components file still has. Other tables may list only what changed.
    """
    previous, summary = _get_previous(subject), subject.notes.summary
    if previous is None or summary is None:
        return
    kept = {id(before) for row in subject.notes.rows if (before := _published(row, subject))}
    for before in previous.rows:
        if before.version and id(before) not in kept and not _told_gone(before, subject):
            message = f"{before.place} has {before.title} {before.version}, and this table has not."
            hint = "Add the row, or say in the notes that it was removed."
            certainty = CERTAIN if _is_in_document(before, subject) else SUSPICIOUS
            yield RuleHit(summary.place, message, hint, before.place, certainty)


def _is_in_document(before: PublishedComponent, subject: LintSubject) -> bool:
    document = subject.evidence.document
    return document is not None and any(
        fold_name(before.title) in {fold_name(name) for name in names_of(table, id_, document)}
        for table, id_, _ in document.parts()
    )


def _told_gone(before: PublishedComponent, subject: LintSubject) -> bool:
    """Whether the notes or the components file say that a component is gone, or what it is called now."""
    document = subject.evidence.document
    if document:
        if _is_in_document(before, subject):
            return False
        if any(fold_name(gone.name) == fold_name(before.title) for gone in document.removed.values()):
            return True
    whole = fold_name(before.title)
    names = {whole, whole.split(" (")[0], whole.split(" (")[0].rpartition("/")[2]}
    gone = {fold_name(row.title) for row in subject.notes.rows if row.is_gone}
    if whole in gone:
        return True
    return any(
        any(name in fold_name(line.text) for name in names)
        and any(words.search(text) for words in (TOLD_GONE, RENAMED) for text in (line.text, line.section))
        for line in subject.notes.text.lines
        if line.kind is not LineKind.CODE
    )


def _unchanged(subject: LintSubject) -> Iterator[RuleHit]:
    """Every version is the one that the previous release published.

    A release of nothing is possible; a table that was not brought up to date is likelier.
    """
    previous, summary = _get_previous(subject), subject.notes.summary
    if previous is None or summary is None:
        return
    now = {(fold_name(row.title), row.version.version) for row in subject.notes.rows}
    if now == {(fold_name(before.title), before.version) for before in previous.rows if before.version}:
        message = f"Every version is the one that {previous.tag} published."
        yield RuleHit(summary.place, message, "Bring the table up to date.", previous.rows[0].place)


def _upstream(subject: LintSubject) -> Iterator[RuleHit]:
    """A version that is not there where the component is published: no git tag, no image, no chart.

    The components file says where that is. Components that it does not have are not checked. Certain for versions with
    numbers of components of the repository's owner: another owner's may be hidden from the token.
    """
    owner = subject.evidence.repository.partition("/")[0].casefold()
    for row in subject.notes.rows:
        for place, answer, what in list_answers(row, subject.evidence):
            if isinstance(answer, Unreadable):
                yield RuleHit(row.version.place, f"{row.title}: {answer.message}", answer.hint, rule=UNKNOWN)
            elif answer is False:
                message = f"{row.title} {row.version.version}: {what}."
                hint = "Correct the version, or publish it."
                own = bool(owner) and owner in place.casefold().removeprefix("tags of ").split("/")
                certainty = CERTAIN if own and version_order.read(row.version.version) else SUSPICIOUS
                yield RuleHit(row.version.place, message, hint, Place(place), certainty)


def list_answers(row: TableRow, evidence: NotesEvidence) -> Iterator[tuple[str, bool | Unreadable | None, str]]:
    """Where a row's version has to be, whether it is there, and the words for that it is not."""
    part, version = find_part(row, evidence), row.version.version
    for kind, place, tag in list_places(part[1], version) if part and version else ():
        if kind == "git":
            answer = (evidence.upstream or {}).get(f"{place}@{tag}")
            yield f"tags of {place}", answer, f"{place} has no git tag {tag}"
        else:
            answer = (evidence.images or {}).get(f"{place}:{tag}")
            yield f"tags of {place}", answer, f"{place} has no {'version' if kind == 'chart' else 'tag'} {tag}"


def list_places(part: MatrixPart, version: str) -> Iterator[tuple[str, str, str]]:
    """Where a version of a component has to be: git, image or chart; repository or name; and the tag there."""
    if part.repository:
        yield "git", part.repository, fill_template(part.git_tag, version)
    if part.image:
        yield "image", part.image, fill_template(part.image_tag, version)
    if part.chart and part.chart.startswith("oci://"):
        # Tags have no +, so Helm writes _ for it (helm/helm#10166).
        yield "chart", part.chart.removeprefix("oci://"), fill_template(part.chart_version, version).replace("+", "_")


def _elsewhere(subject: LintSubject) -> Iterator[RuleHit]:
    """A component has another version in the text than in the table.

    Certain for the comparison that a component's own section calls its difference; another one, or a sentence, may be
    about other versions.
    """
    yield from _compared(subject)
    yield from _histories(subject)
    yield from _mentioned(subject)


def _compared(subject: LintSubject) -> Iterator[RuleHit]:
    """Comparisons of a component's repository against the rows of that repository."""
    for linked in subject.notes.compares:
        address = linked.address
        rows = [row for row in _list_rows(subject) if _repository(row, subject) == address.repository.casefold()]
        for what, said in (("version", address.name), ("previous", address.base)):
            cells = [getattr(row, what) for row in rows if getattr(row, what).version]
            verdicts = [agree(said, cell.version) for cell in cells]
            if cells and all(verdict is False for verdict in verdicts):
                words = "ends with" if what == "version" else "begins with"
                told = "version" if what == "version" else "previous version"
                message = f"The comparison {words} {said}, and the table has the {told} {cells[0].version}."
                hint = "Correct the one that is wrong."
                certainty = CERTAIN if _is_difference(linked) else SUSPICIOUS
                yield RuleHit(linked.link.place, message, hint, cells[0].place, certainty)
                break


def _is_difference(linked: GitHubLink) -> bool:
    """Whether a comparison is called the difference, in the section of its repository."""
    line = linked.link.line
    return "diff" in line.text.casefold() and linked.address.repository.casefold() in line.section.casefold()


def _repository(row: TableRow, subject: LintSubject) -> str:
    part = find_part(row, subject.evidence)
    return ((part[1].repository if part else "") or row.title.split(" (")[0]).casefold()


def _histories(subject: LintSubject) -> Iterator[RuleHit]:
    """Links to the history of a component in its own section: the tag that they lead to is the table's version."""
    rows = {fold_name(row.title).split(" (")[0]: row for row in _list_rows(subject) if row.version.version}
    for linked in subject.notes.linked:
        line, address = linked.link.line, linked.address
        row = rows.get(address.repository.casefold())
        told = "history" in line.text.casefold() and address.leads in {AddressKind.TREE, AddressKind.TAG}
        if row and told and agree(address.name, row.version.version) is False:
            message = f"The history ends at {address.name}, and the table has the version {row.version.version}."
            yield RuleHit(linked.link.place, message, "Correct the one that is wrong.", row.version.place)


def _mentioned(subject: LintSubject) -> Iterator[RuleHit]:
    """Versions that stand right after a component's name."""
    rows: dict[str, list[TableRow]] = {}
    for row in _list_rows(subject):
        rows.setdefault(fold_name(row.title).split(" (")[0], []).append(row)
    listed = subject.notes.credits
    for line in subject.notes.text.lines:
        if line.kind in {LineKind.CODE, LineKind.ROW, LineKind.BLANK} or line.number in listed:
            continue
        for name, own in rows.items():
            short = name.rpartition("/")[2]
            for match in re.finditer(rf"(?i)(?<![\w/.-])(?:{re.escape(name)}|{re.escape(short)})(?![\w/-])", line.text):
                said = AFTER_NAME.match(line.text, match.end())
                known = [cell for row in own for cell in (row.version, row.previous) if cell.version]
                verdicts = [agree(said["version"], cell.version) for cell in known] if said else []
                if said and verdicts and all(verdict is False for verdict in verdicts):
                    message = f"{match[0]} is {said['version']} here, and {known[0].version} in the table."
                    place = subject.notes.text.place(line, said.start("version"))
                    yield RuleHit(place, message, "Correct the one that is wrong.", known[0].place)


RULES = (
    LintRule("moving-version", CERTAIN, _moving),
    LintRule("candidate-in-final", SUSPICIOUS, _candidate, (EvidenceKind.TAG,)),
    LintRule("previous-not-final", SUSPICIOUS, _previous_candidate, (EvidenceKind.TAG,)),
    LintRule("version-went-down", SUSPICIOUS, _down),
    LintRule("new-with-previous", CERTAIN, _new),
    LintRule("not-called-new", SUSPICIOUS, _not_new),
    LintRule("version-elsewhere", SUSPICIOUS, _elsewhere),
    LintRule("previous-not-published", CERTAIN, _not_published, (EvidenceKind.PREVIOUS,)),
    LintRule("row-dropped", CERTAIN, _dropped, (EvidenceKind.PREVIOUS,)),
    LintRule("table-unchanged", SUSPICIOUS, _unchanged, (EvidenceKind.PREVIOUS,)),
    LintRule(
        "version-not-upstream",
        CERTAIN,
        _upstream,
        (EvidenceKind.COMPONENTS, EvidenceKind.REGISTRY, EvidenceKind.UPSTREAM),
    ),
)
