"""Rules about images and charts that the notes name, most often to be copied into a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from release_actions.components import version_order
from release_actions.components.blocks import LineKind
from release_actions.components.document import fill_template
from release_actions.components.finding import UNKNOWN
from release_actions.components.table import TableRow, fold_name
from release_actions.errors import Place
from release_actions.notes.evidence import EvidenceKind, Unreadable
from release_actions.notes.lint_rule import CERTAIN, SUSPICIOUS, LintRule, LintSubject, RuleHit, agree
from release_actions.notes.lint_versions import find_part
from release_actions.notes.reading import ImageMention


def _own(name: str, subject: LintSubject) -> bool:
    """Whether an image is in the namespace of the repository's owner."""
    owner = subject.evidence.repository.partition("/")[0].casefold()
    return bool(owner) and name.casefold().split("/")[1:2] == [owner]


def _moving(subject: LintSubject) -> Iterator[RuleHit]:
    """An image by a tag that moves or names a state between releases: latest, main, nightly, dev, pr-12.

    A sentence may be about the tag itself, and a command may ask for whatever is newest on purpose.
    """
    for image in subject.notes.images:
        if image.tag and not image.digest and version_order.is_moving(image.tag):
            message = f"{image.name}:{image.tag} names another image tomorrow."
            yield RuleHit(image.place, message, "Name the version.")


def _untagged(subject: LintSubject) -> Iterator[RuleHit]:
    """An image without a tag in a block of code, which means latest."""
    for image in subject.notes.images:
        if image.code and not image.tag and not image.digest:
            yield RuleHit(image.place, f"{image.name} has no tag, which means latest.", "Name the version.")


def _candidate(subject: LintSubject) -> Iterator[RuleHit]:
    """The notes of a final release name the image of a candidate or dev version.

    Some images have no final version yet, and some notes invite to try what comes next.
    """
    for image in subject.notes.images if subject.final else ():
        unfinished = version_order.is_unfinished(image.tag) and not version_order.is_moving(image.tag)
        if image.tag and unfinished:
            message = f"{subject.evidence.version} is a final release, and {image.name}:{image.tag} is not."
            yield RuleHit(image.place, message, "Name the final image.")


def _not_built(subject: LintSubject) -> Iterator[RuleHit]:
    """An image of the repository's owner that the build matrix does not publish, and no component does either.

    Another repository may publish it. Certain in a block of code, which is there to be copied, if its registry does not
    have it either, or if `retired` in release.yaml lists it and its tag is that of a release that is made without it.
    """
    built, document = subject.evidence.built, subject.evidence.document
    known = set(built) if isinstance(built, frozenset) else set()
    known |= {part.image for _, _, part in document.parts() if part.image} if document else set()
    folders = {name.split(" (")[0].casefold() for row in subject.notes.rows for name in [fold_name(row.title)]}
    for image in subject.notes.images:
        path = image.name.partition("/")[2]
        retired = subject.evidence.retired.get(image.name)
        version = subject.evidence.version
        if retired is not None:
            # An earlier release of it may be named with reason, as the last one.
            if version is not None and version.numbers >= retired.since.numbers and image.tag == version.image_tag:
                message = f"{image.name} is not published since {retired.since}: {retired.reason}."
                certainty = CERTAIN if image.code else SUSPICIOUS
                yield RuleHit(image.place, message, "Remove it from the notes.", Place("release.yaml"), certainty)
        elif _own(image.name, subject) and image.name not in known and path not in folders:
            message = f"{image.name} is not among the images that are built."
            hint = "Correct its name, or add it to release.yaml or the components file."
            there = (subject.evidence.images or {}).get(f"{image.name}:{image.tag}")
            certainty = CERTAIN if image.code and there is False else SUSPICIOUS
            yield RuleHit(image.place, message, hint, Place("release.yaml"), certainty)


def _missing(subject: LintSubject) -> Iterator[RuleHit]:
    """An image or a chart that its registry does not have.

    Certain for those of the repository's owner in a block of code, which is there to be copied. A sentence may say that
    an image is gone, and another owner's may be hidden from the token.
    """
    answers = subject.evidence.images or {}
    asked = [(image.name, image.tag, image.place, image.code) for image in subject.notes.images]
    code = {line.number for line in subject.notes.text.lines if line.kind is LineKind.CODE}
    charts = [(chart, chart.place.line in code) for chart in subject.notes.charts]
    asked += [(chart.name, chart.version.replace("+", "_"), chart.place, coded) for chart, coded in charts]
    for name, tag, place, coded in asked:
        answer = answers.get(f"{name}:{tag}") if tag else None
        if isinstance(answer, Unreadable):
            yield RuleHit(place, answer.message, answer.hint, rule=UNKNOWN)
        elif answer is False and _may_be_built(name, subject):
            message = f"{name} has no tag {tag}."
            certainty = CERTAIN if coded and _own(name, subject) else SUSPICIOUS
            yield RuleHit(place, message, "Correct it, or publish it first.", Place(f"tags of {name}"), certainty)


def _may_be_built(name: str, subject: LintSubject) -> bool:
    """Whether an image may be built at all: one that is not is reported by another rule."""
    return not (
        isinstance(subject.evidence.built, frozenset)
        and any(hit.message.startswith(f"{name} is") for hit in _not_built(subject))
    )


def _differs(subject: LintSubject) -> Iterator[RuleHit]:
    """An image or a chart is named with another version than its component has, or than the release has.

    Sentences about coming from an earlier version name it with reason, so this is only suspicious.
    """
    first: dict[str, ImageMention] = {}
    for image in subject.notes.images:
        if not image.tag or version_order.is_moving(image.tag) or version_order.is_unfinished(image.tag):
            continue
        expected, other = _find_expected(image, subject)
        if not expected and image.name in first:
            expected, other = first[image.name].tag, first[image.name].place
        if expected and agree(image.tag, expected) is False:
            message = f"{image.name} is named with {image.tag} here, and with {expected} in {other}."
            yield RuleHit(image.place, message, "Correct the one that is wrong.", other)
        first.setdefault(image.name, image)
    for chart in subject.notes.charts:
        for row in _of_chart(chart.name, subject):
            if chart.version and agree(chart.version, row.version.version) is False:
                version = row.version.version
                message = f"The chart {chart.name} is named with {chart.version} here, and with {version} in the table."
                yield RuleHit(chart.place, message, "Correct the one that is wrong.", row.version.place)


def _find_expected(image: ImageMention, subject: LintSubject) -> tuple[str, Place]:
    """The tag that an image should have, and where that is said. Empty when nothing says it."""
    version, built = subject.evidence.version, subject.evidence.built
    if version and isinstance(built, frozenset) and image.name in built:
        exact = subject.evidence.exact_tags.get(image.name) or (version.image_tag,)
        return image.tag if image.tag in exact else exact[0], Place(f"release {version}")
    rows = [row for row in subject.notes.rows if row.version.version and _is_of(image.name, row, subject)]
    if rows and not any(agree(image.tag, row.version.version) for row in rows):
        row = rows[0]
        part = find_part(row, subject.evidence)
        return fill_template(part[1].image_tag, row.version.version) if part else row.version.version, row.version.place
    return ("", Place("")) if not rows else (image.tag, rows[0].version.place)


def _is_of(name: str, row: TableRow, subject: LintSubject) -> bool:
    """Whether an image is a row's: by the components file, else by its name."""
    part = find_part(row, subject.evidence)
    if part and part[1].image:
        return part[1].image == name
    return name.partition("/")[2].casefold() == fold_name(row.title).split(" (")[0]


def _of_chart(name: str, subject: LintSubject) -> Iterator[TableRow]:
    for row in subject.notes.rows:
        part = find_part(row, subject.evidence)
        own = part and part[1].chart == f"oci://{name}"
        alike = (
            not part
            and "chart" in row.type.text.casefold()
            and fold_name(row.title).rpartition("/")[2] == name.rpartition("/")[2]
        )
        if row.version.version and (own or alike):
            yield row


RULES = (
    LintRule("image-moving", SUSPICIOUS, _moving),
    LintRule("image-untagged", SUSPICIOUS, _untagged),
    LintRule("image-candidate", SUSPICIOUS, _candidate, (EvidenceKind.TAG,)),
    LintRule("image-not-built", CERTAIN, _not_built, (EvidenceKind.REPOSITORY, EvidenceKind.BUILT)),
    LintRule("image-missing", CERTAIN, _missing, (EvidenceKind.REGISTRY,)),
    LintRule("image-differs", SUSPICIOUS, _differs),
)
