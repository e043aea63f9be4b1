"""Reads release notes back: changes, contributors, the changelog link, component tables and sections, images, charts.

Known are GitHub's generated lines and the forms that people write instead. What is in none of them is text: a part must
never be made up from half a line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from release_actions.components import table
from release_actions.components.blocks import LineKind
from release_actions.components.lines import FILLER, MarkdownLine, MarkdownLink, MarkdownText
from release_actions.components.lines import read as read_lines
from release_actions.components.table import SUMMARY, ComponentTable, TableRow, fold_name
from release_actions.errors import Place
from release_actions.notes import addresses
from release_actions.notes.addresses import AddressKind, GitHubAddress
from release_actions.notes.change_forms import LOGIN, MARK, match_change

ITEM_LINES = 3
"""Lines that an item may go on for."""

CHANGE_LINE_CHARACTERS = 2_000
"""Characters of a line that may list a change: titles have up to 256, and patterns take their time with long lines."""

FIRST = re.compile(
    rf"{MARK}\[?@(?P<login>{LOGIN}).*?made (?:their|her|his) first contribution(?:\s+in\s+(?P<where>\S+))?.*"
)
CHANGELOG = re.compile(r"(?i)\bfull\s+change\s*log\b")
NUMBER = re.compile(r"(?:(?P<repository>[A-Za-z0-9-]+/[\w.-]+))?#(?P<number>[0-9]{1,9})")
SHA = re.compile(r"[0-9a-f]{7,64}")

REGISTRIES = r"ghcr\.io|docker\.io|quay\.io|registry\.k8s\.io|nvcr\.io|public\.ecr\.aws|mcr\.microsoft\.com"
TAG = r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}"
IMAGE = re.compile(
    r"(?<![\w./@-])(?P<oci>oci://)?"
    rf"(?P<name>(?:{REGISTRIES}|(?:[a-z0-9-]+\.)*(?:gcr\.io|pkg\.dev|azurecr\.io|amazonaws\.com))(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)+)"
    rf"(?::(?P<tag>{TAG}))?(?P<digest>@sha256:[0-9a-f]{{64}})?"
)
"""An image by its full name. Registries that are not listed are not recognised: their names look like any address."""

REPOSITORY_KEY = re.compile(
    r"""\s*(?:- )?(?:repository|image|hub|name):\s*["']?(?P<name>[a-z0-9.-]+\.[a-z]+(?:/[a-z0-9._-]+)+)["']?"""
    r"\s*(?:#.*)?"
)
TAG_KEY = re.compile(rf"""\s*(?:- )?(?:tag|newTag):\s*["']?(?P<tag>{TAG})["']?\s*(?:#.*)?""")
CHART_VERSION = re.compile(r"--version[= ]+[\"']?(?P<version>[A-Za-z0-9][\w.+-]*)")
NAME = re.compile(r"(?<![\w./@-])[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9][\w.-]*(?![\w/])")
"""`owner/name` in a text."""


@dataclass(frozen=True)
class ChangeLine:
    """A line of the change list. `login` is empty where it names no account; `number` is 0 for a commit.

    `repository` is empty where only a number is given. `coded`: the author is in code, so GitHub mentions nobody.
    `credited`: the line says by whom, as generated ones do; others may be a sentence that ends with a number.
    """

    title: str
    login: str
    number: int
    repository: str
    sha: str
    line: MarkdownLine
    place: Place
    coded: bool = False
    credited: bool = True


@dataclass(frozen=True)
class ContributorLine:
    """A line that welcomes a contributor. `number` is 0 where no pull request is named."""

    login: str
    number: int
    repository: str
    line: MarkdownLine
    place: Place


@dataclass(frozen=True)
class ChangelogLine:
    """A line with the full changelog. `address` is None where it leads to no comparison on GitHub."""

    link: MarkdownLink | None
    address: GitHubAddress | None
    line: MarkdownLine
    place: Place


@dataclass(frozen=True)
class ImageMention:
    """An image that the notes name. `tag` is empty for one without a tag; `code`: it stands in a block of code."""

    name: str
    tag: str
    digest: str
    place: Place
    code: bool


@dataclass(frozen=True)
class ChartMention:
    """A Helm chart at an `oci://` address. `version` is empty where none is asked for."""

    name: str
    version: str
    place: Place


@dataclass(frozen=True)
class GitHubLink:
    """A link to GitHub and where it leads."""

    link: MarkdownLink
    address: GitHubAddress


@dataclass(frozen=True)
class PublishedNotes:
    """Release notes as they were written. `summary` is the component table of the release."""

    text: MarkdownText
    changes: tuple[ChangeLine, ...]
    contributors: tuple[ContributorLine, ...]
    changelogs: tuple[ChangelogLine, ...]
    tables: tuple[ComponentTable, ...]
    images: tuple[ImageMention, ...]
    charts: tuple[ChartMention, ...]
    linked: tuple[GitHubLink, ...]
    summary: ComponentTable | None = None

    @property
    def credits(self) -> frozenset[int]:
        """The lines that list a change or welcome a contributor."""
        changes = {change.line.number for change in self.changes}
        return frozenset(changes | {contributor.line.number for contributor in self.contributors})

    @property
    def rows(self) -> tuple[TableRow, ...]:
        """Every row of every component table."""
        return tuple(row for table_ in self.tables for row in table_.rows)

    @property
    def compares(self) -> tuple[GitHubLink, ...]:
        """The links to comparisons that are not the full changelog's."""
        own = {changelog.line.number for changelog in self.changelogs}
        return tuple(
            linked
            for linked in self.linked
            if linked.address.leads is AddressKind.COMPARE and linked.link.line.number not in own
        )


def read(body: str, path: str, *, server: str = "https://github.com", heading: str = "") -> PublishedNotes:
    """What some notes say. `heading`: of the component table, where it is called otherwise than usual."""
    text = read_lines(body, path)
    linked = tuple(
        GitHubLink(link, address)
        for link in text.links
        if (address := addresses.parse(link.target, server)) is not None
    )
    lines = [line for line in text.lines if line.kind is LineKind.BULLET and len(line.text) <= CHANGE_LINE_CHARACTERS]
    contributors = tuple(item for line in lines if (item := _read_contributor(text, line, server)))
    welcomed = {contributor.line.number for contributor in contributors}
    tables = table.read_tables(text)
    alike = (
        item
        for item in tables
        if SUMMARY in fold_name(item.heading) or (heading and fold_name(heading) == fold_name(item.heading))
    )
    return PublishedNotes(
        text,
        tuple(change for line in lines if line.number not in welcomed and (change := _change(text, line, server))),
        contributors,
        tuple(_read_changelogs(text, server)),
        tables,
        tuple(_read_images(text)),
        tuple(_read_charts(text)),
        linked,
        next(alike, None),
    )


def _change(text: MarkdownText, line: MarkdownLine, server: str) -> ChangeLine | None:
    match = match_change(line.text) or match_change(_join_item(text, line))
    number, repository, sha = parse_reference(match.where, server) if match else (0, "", "")
    if match is None or not (number or sha):
        return None
    start, end = match.who
    place = text.place(line, len(line.text) - len(line.text.lstrip()))
    return ChangeLine(
        match.title,
        match.login,
        number,
        repository,
        sha,
        line,
        place,
        coded=FILLER in line.prose[start:end],
        credited=end > 0,
    )


def _join_item(text: MarkdownText, line: MarkdownLine) -> str:
    """An item that goes on in the lines below it, as one line."""
    pieces = [line.text.rstrip()]
    for following in text.lines[line.number : line.number + ITEM_LINES]:
        if following.kind is not LineKind.TEXT or not following.start:
            break
        pieces.append(following.text.strip())
    return " ".join(pieces) if len(pieces) > 1 else ""


def _read_contributor(text: MarkdownText, line: MarkdownLine, server: str) -> ContributorLine | None:
    match = FIRST.fullmatch(line.text)
    if match is None:
        return None
    number, repository, _ = parse_reference(match["where"] or "", server)
    login = match["login"].replace("\\", "")
    return ContributorLine(login, number, repository, line, text.place(line, len(line.text) - len(line.text.lstrip())))


def parse_reference(where: str, server: str) -> tuple[int, str, str]:
    """Number, repository and commit that the end of a line names: an address, `#1`, `o/r#1`, a link, `commit sha`."""
    commit = where.startswith("commit")
    where = where.removeprefix("commit").strip().rstrip(".,")
    link = re.fullmatch(r"\[([^\[\]]*)\]\(<?([^()<>\s]+)>?\)", where)
    target = link[2] if link else where.strip("<>`[]")
    address = addresses.parse(target, server)
    if address and address.leads is AddressKind.PULL:
        return address.number, address.repository, ""
    if address and address.leads is AddressKind.COMMIT:
        return 0, address.repository, address.name
    number = NUMBER.fullmatch(target)
    if number:
        return int(number["number"]), number["repository"] or "", ""
    return (0, "", target) if commit and SHA.fullmatch(target) else (0, "", "")


def _read_changelogs(text: MarkdownText, server: str) -> Iterator[ChangelogLine]:
    for line in text.lines:
        match = CHANGELOG.search(line.prose)
        if match is None or line.kind in {LineKind.HEADING, LineKind.CODE}:
            continue
        links = [link for link in text.links if link.line.number == line.number]
        if not links:
            continue
        address = addresses.parse(links[0].target, server)
        compare = address if address and address.leads is AddressKind.COMPARE else None
        yield ChangelogLine(links[0], compare, line, links[0].place)


def _read_images(text: MarkdownText) -> Iterator[ImageMention]:
    beside = {mention.place.line: mention for mention in _read_image_rows(text)}
    for index, line in enumerate(text.lines):
        if line.number in beside:
            yield beside[line.number]
            continue
        within = line.kind is LineKind.CODE
        keyed = REPOSITORY_KEY.fullmatch(line.raw) if within else None
        tag = _find_tag_beside(text, index) if keyed and ":" not in keyed["name"] else None
        if keyed and tag:
            place = text.place(line, line.raw.index(keyed["name"]))
            yield ImageMention(keyed["name"], tag, "", place, code=True)
            continue
        for match in IMAGE.finditer(line.text):
            before = line.text[: match.start()]
            if match["oci"] or before.endswith("//"):
                continue
            tag = (match["tag"] or "").rstrip(".-") if not within else match["tag"] or ""
            yield ImageMention(
                match["name"], tag, match["digest"] or "", text.place(line, match.start("name")), code=within
            )


def _read_image_rows(text: MarkdownText) -> Iterator[ImageMention]:
    """The images of tables that have their tags in a column of its own."""
    columns = (-1, -1)
    above = LineKind.BLANK
    for line in text.lines:
        cells = table.split_cells(line.text, text.path, line.number) if line.kind is LineKind.ROW else ()
        if cells and above is not LineKind.ROW:
            columns = table.find_image_columns([cell.text for cell in cells])
        elif cells and min(columns) >= 0 and max(columns) < len(cells):
            image, tag = (cells[column] for column in columns)
            match = IMAGE.fullmatch(image.text)
            if match and not match["tag"] and not match["oci"] and re.fullmatch(TAG, tag.text):
                yield ImageMention(match["name"], tag.text, match["digest"] or "", image.place, code=False)
        above = line.kind


def _find_tag_beside(text: MarkdownText, index: int) -> str | None:
    """The tag that a line of YAML near the one with the repository gives, in the same mapping."""
    line = text.lines[index]
    near = [*text.lines[index + 1 : index + 4], *reversed(text.lines[max(index - 3, 0) : index])]
    for other in near:
        match = TAG_KEY.fullmatch(other.raw)
        if match and other.fence == line.fence and _find_column(other.raw) == _find_column(line.raw):
            return match["tag"]
    return None


def _find_column(line: str) -> int:
    """Where a key of YAML begins."""
    return len(line) - len(line.lstrip(" -"))


def _read_charts(text: MarkdownText) -> Iterator[ChartMention]:
    for index, line in enumerate(text.lines):
        for match in IMAGE.finditer(line.text):
            if not match["oci"]:
                continue
            command = line.text[match.end() :]
            for following in text.lines[index + 1 :]:
                if not command.rstrip().endswith("\\"):
                    break
                command = command.rstrip().rstrip("\\") + " " + following.text
            version_match = CHART_VERSION.search(command.split("oci://")[0])
            version = match["tag"] or (version_match["version"] if version_match else "")
            yield ChartMention(match["name"], version, text.place(line, match.start("name")))
