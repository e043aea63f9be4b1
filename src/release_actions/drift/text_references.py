"""Versions that follow a name in the same text: image references, links, clones, downloads, commands, tables.

These forms are the same in every kind of file, so each file is read once by a few expressions made from the names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from release_actions.drift.catalogue import Catalogue, Kind, Name
from release_actions.drift.reference import LITERAL, TOKEN, Form, Reference, Text, trim

DIGEST = r"@sha256:[0-9a-f]{64}"
REF = rf"(?:{TOKEN})(?:/{LITERAL})?"

IMAGE_END = re.compile(rf"(?![\w/-]|\.\w)(?::(?P<token>{TOKEN}))?(?P<digest>{DIGEST})?")
"""What may follow the name of an image: the name ends here, then a tag, a digest, both or nothing."""

NAME_CHARACTER = re.compile(r"[\w.-]")

LINK_KINDS = "tree|blob|raw|blame|edit|commits|tarball|zipball|releases/download"
PINNED_LINKS = frozenset({"tarball", "zipball", "releases/download"})
"""Links that programs follow. The others are for readers, who may be sent to the newest page on purpose."""

BRANCH_FOLDERS = ("release", "releases", "refs/heads", "refs/tags")
"""First parts of a branch's name that has a slash."""

GITHUB_END = re.compile(
    rf"(?:\.git)?(?:/(?P<link>{LINK_KINDS})/(?P<a>{REF})(?=[/\s\"'`)\]#?>]|$)"
    rf"|/archive/(?:refs/(?:tags|heads)/)?(?P<b>{REF}?)(?=\.tar\.gz|\.zip)"
    rf"|(?![\w.-])[^\s\"'`)\]]*?[?&]ref=(?P<c>{REF})"
    rf"|(?:/[\w./-]*)?@(?P<d>{REF}))"
)
"""What may follow a repository on github.com: a page, an archive, `?ref=` of kustomize, `@` of Go and pip."""

RAW_END = re.compile(rf"/(?:refs/(?:tags|heads)/)?(?P<e>{REF})/")
READ_BY_PEOPLE = re.compile(
    r"(?:[\w.-]+/)*(?:(?:LICENSE|NOTICE|README|CONTRIBUTING|SECURITY|OWNERS)[\w.]*|[\w.-]+\.(?:md|png|svg|jpe?g|gif))(?![\w./-])"
)
"""What is no input of a program even where it is fetched raw: texts and pictures."""

USES_END = re.compile(rf"(?:/[\w./-]*)?@(?P<f>{REF})")


@dataclass(frozen=True)
class Patterns:
    """The names of a catalogue, ordered so that each file is searched for as few texts as possible.

    `folders` are what images and charts begin with, `repositories` are `owner/name`; longer texts come first, because
    the first one that fits counts.
    """

    names: Mapping[str, Name]
    folders: Mapping[str, tuple[Name, ...]]
    repositories: tuple[Name, ...]

    @classmethod
    def of(cls, catalogue: Catalogue) -> Patterns:
        """For the names of a catalogue."""
        images = (*catalogue.of_kind(Kind.IMAGE), *catalogue.of_kind(Kind.CHART))
        folders = {
            folder: tuple(name for name in images if name.folder == folder)
            for folder in {name.folder for name in images}
        }
        repositories = catalogue.of_kind(Kind.REPOSITORY)
        return cls({name.text: name for name in (*images, *repositories)}, folders, repositories)


def find_all(content: str, text: str) -> Iterator[int]:
    """Where a text begins, everywhere. Many times faster than an expression that begins with alternatives."""
    position = content.find(text)
    while position >= 0:
        yield position
        position = content.find(text, position + 1)


def find_images(content: str, patterns: Patterns) -> Iterator[tuple[Name, int, re.Match[str]]]:
    """Names of images and charts, where each begins, and what follows it."""
    for folder, names in patterns.folders.items():
        for position in find_all(content, f"{folder}/"):
            # A name begins after a scheme, or after what cannot be a part of it.
            before = content[position - 1 : position]
            scheme = content[max(0, position - 3) : position] == "://"
            if before and (NAME_CHARACTER.match(before) or (before == "/" and not scheme)):
                continue
            for name in names:
                ending = content.startswith(name.basename, position + len(folder) + 1) and IMAGE_END.match(
                    content, position + len(name.text)
                )
                if ending:
                    yield name, position, ending
                    break


def read_images(text: Text, patterns: Patterns) -> Iterator[Reference]:
    """Images and charts with a tag behind the name, and images that need one and have none."""
    for name, position, ending in find_images(text.content, patterns):
        digest = (ending["digest"] or "").removeprefix("@")
        form = Form.IMAGE if name.kind is Kind.IMAGE else Form.CHART
        if ending["token"]:
            start = ending.start("token")
            yield text.reference(name, form, start, start + len(trim(ending["token"])), digest=digest)
        elif not digest and name.kind is Kind.IMAGE and _needs_tag(text, position, ending.start()):
            yield text.reference(name, form, ending.start(), ending.start())


NEEDS_TAG = re.compile(r"""(?:^\s*(?:- )?["']?image["']?:\s*["']?|^FROM\s+(?:--platform=\S+\s+)?)$""")


def _needs_tag(text: Text, start: int, end: int) -> bool:
    """Whether an image without a tag is pulled there, which then means latest."""
    line = text.line_number(start)
    is_manifest = "apiVersion:" in text.content or not text.path.endswith((".yaml", ".yml"))
    before = text.content[text.starts[line - 1] : start] if is_manifest else ""
    after = text.lines[line - 1][end - text.starts[line - 1] :]
    return bool(NEEDS_TAG.search(before)) and bool(re.match(r"[\"']?\s*(?:#.*)?(?:[Aa][Ss] .*)?$", after))


def read_links(text: Text, patterns: Patterns) -> Iterator[Reference]:
    """Versions in addresses of the project's repositories, and behind `@`."""
    content = text.content
    for name in patterns.repositories:
        for position in find_all(content, name.text):
            before = content[max(0, position - 32) : position]
            ending = _link_pattern(before)
            match = ending.match(content, position + len(name.text)) if ending else None
            group = match.lastgroup if match else None
            if match is None or group is None or not match[group]:
                continue
            readers = group == "a" and match["link"] not in PINNED_LINKS
            readers = readers or (group == "e" and bool(READ_BY_PEOPLE.match(content, match.end())))
            start = match.start(group)
            token = trim(_cut_branch(match[group]))
            yield text.reference(name, Form.LINK if readers else Form.SOURCE, start, start + len(token))


def _link_pattern(before: str) -> re.Pattern[str] | None:
    """What may follow a repository, by what stands before it; None where it is no address."""
    if before.endswith("raw.githubusercontent.com/"):
        return RAW_END
    if before.endswith(("github.com/", "github.com:")):
        return GITHUB_END
    return USES_END if re.search(r"uses:\s*[\"']?$", before) else None


def _cut_branch(token: str) -> str:
    """A branch with its folder, or the first part alone: in `tree/v1.0/docs` the rest is a path."""
    first, _, rest = token.partition("/")
    return token if rest and first in BRANCH_FOLDERS else first


CLONE = re.compile(rf"\s(?:-b|--branch)[= ]+[\"']?(?P<token>{TOKEN}(?:/{LITERAL})*)")
OPTION = re.compile(rf"\s--version[= ]+[\"']?(?P<token>{TOKEN})")
SET = re.compile(rf"\s--set(?:-string)?[= ]+[\"']?(?:[^\s\"']*?,)?(?P<key>[\w.\[\]-]*[tT]ag)=[\"']?(?P<token>{TOKEN})")
COMMAND = re.compile(r"\b(?:git clone|helm(?:file)?)\b")


def read_commands(text: Text, catalogue: Catalogue, patterns: Patterns) -> Iterator[Reference]:
    """Options of git and helm, in commands that go on over several lines."""
    if "git clone" not in text.content and "helm" not in text.content:
        return
    for start, end in _read_commands(text):
        command = text.content[start:end]
        if "git clone" in command:
            yield from _read_options(text, start, command, CLONE, _read_clone(command, catalogue), Form.SOURCE)
        if "helm" in command:
            chart = _read_chart(command, catalogue, patterns)
            yield from _read_options(text, start, command, OPTION, chart, Form.OPTION)
            image = _set_image(command, catalogue) or _find_image_of(chart, catalogue)
            yield from _read_options(text, start, command, SET, image, Form.OPTION)


def _read_commands(text: Text) -> Iterator[tuple[int, int]]:
    """Start and end of every command that names git or helm, whole with its continuation lines."""
    lines, last = text.lines, -1
    for match in COMMAND.finditer(text.content):
        first = text.line_number(match.start()) - 1
        if first <= last:
            continue
        last = first
        # A line that ends with a backslash goes on in the next one.
        while first > 0 and lines[first - 1].endswith("\\"):
            first -= 1
        while last + 1 < len(lines) and lines[last].endswith("\\"):
            last += 1
        yield text.starts[first], text.starts[last] + len(lines[last])


def _read_options(
    text: Text, start: int, command: str, pattern: re.Pattern[str], name: Name | None, form: Form
) -> Iterator[Reference]:
    if name:
        for match in pattern.finditer(command):
            begins = start + match.start("token")
            yield text.reference(name, form, begins, begins + len(trim(match["token"])))


def _read_clone(command: str, catalogue: Catalogue) -> Name | None:
    names = catalogue.of_kind(Kind.REPOSITORY)
    return next(
        (name for name in names if re.search(rf"[/:]{re.escape(name.text)}(?:\.git)?(?![\w/-])", command)), None
    )


def _read_chart(command: str, catalogue: Catalogue, patterns: Patterns) -> Name | None:
    """The chart of a helm command: by its address, or by its own name behind the local name of a repository."""
    for name, _, _ in find_images(command, patterns):
        if name.kind is Kind.CHART:
            return name
    for match in re.finditer(r"(?<=\s)[\w.-]+/([\w.-]+)(?=\s|$)", command):
        named = catalogue.find_basename(match[1], Kind.CHART)
        if named:
            return named
    return None


def _find_image_of(chart: Name | None, catalogue: Catalogue) -> Name | None:
    """The image whose tag a chart's values hold: that of the same component, if it has one."""
    images = (name for name in catalogue.of_kind(Kind.IMAGE) if not name.current and not name.is_dev)
    return next((name for name in images if chart and name.component == chart.component), None)


def _set_image(command: str, catalogue: Catalogue) -> Name | None:
    match = re.search(r"(?:repository|image)=[\"']?([\w./:-]+)", command)
    return catalogue.find(match[1], Kind.IMAGE) if match else None


ROW = re.compile(r"^[ \t]*\|(?P<cells>[^\n]*)\|[ \t\r]*$", re.MULTILINE)
CELL = re.compile(r"[^|\n]+")
VERSION_CELL = re.compile(r"[\s`*]*(?P<token>v?[0-9]+(?:\.[0-9]+){1,3}(?:[-.+]?[A-Za-z0-9][\w.+-]*)?)[\s`*]*")


def read_tables(text: Text, catalogue: Catalogue) -> Iterator[Reference]:
    """Rows of Markdown that name one thing in the first cell and have one version in all the others.

    A row with several versions compares them, so it pins nothing.
    """
    if not text.path.endswith((".md", ".mdx")):
        return
    for row in ROW.finditer(text.content):
        cells = list(CELL.finditer(text.content, row.start("cells"), row.end("cells")))
        name = _read_named(cells[0].group(), catalogue) if len(cells) > 1 else None
        versions = [match for match in (_version(text, cell) for cell in cells[1:]) if match]
        if name and len(versions) == 1:
            yield text.reference(name, Form.TABLE, versions[0].start("token"), versions[0].end("token"))


def _version(text: Text, cell: re.Match[str]) -> re.Match[str] | None:
    return VERSION_CELL.fullmatch(text.content, cell.start(), cell.end())


def _read_named(cell: str, catalogue: Catalogue) -> Name | None:
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", cell).strip(" `*\t")
    return catalogue.find(plain) or catalogue.find_basename(plain.rpartition("/")[2], Kind.IMAGE, Kind.CHART)
