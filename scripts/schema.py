"""Write what follows from the shapes of the files that people write: `python scripts/schema.py [--check]`.

Those are `release.yaml`, `components.yaml`, the scenarios of rehearsals, and what is published with a release in
`components.json`. The schema of reports is written too. From each shape come its JSON Schema, which editors complete
and check by, and the generated parts of its reference page. The rest of a page is written by hand and left alone.
"""

from __future__ import annotations

import argparse
import inspect
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

from release_actions.components import document as components  # noqa: E402  # the path above comes first
from release_actions.components import manifest  # noqa: E402  # as above
from release_actions.config.document import SHAPE  # noqa: E402  # as above
from release_actions.config.rules import RULES  # noqa: E402  # as above
from release_actions.config.shapes import (  # noqa: E402  # as above
    Key,
    KnownKeys,
    ListOf,
    MapOf,
    OneOf,
    OrFalse,
    RecordOf,
    Shape,
)
from release_actions.rehearsal import scenario  # noqa: E402  # as above
from release_actions.runner import envelope  # noqa: E402  # as above

ADDRESS = "https://raw.githubusercontent.com/llm-d/release-actions/main"
"""Where an editor finds the newest schemas."""


@dataclass(frozen=True)
class Subject:
    """A kind of file: its shape, its schema and its page. `rules` are those that no schema expresses."""

    title: str
    shape: RecordOf[Any]
    schema_file: Path
    page: Path
    example: Path | None = None
    rules: tuple[Callable[..., object], ...] = ()

    def schema(self) -> dict[str, Any]:
        """The JSON Schema. Draft-07: the newest that every YAML editor knows."""
        return {
            "$schema": "http://json-schema.org/draft-07/schema#",
            "$id": f"{ADDRESS}/{self.schema_file}",
            "title": self.title,
            **self.shape.schema(),
        }

    def sections(self) -> dict[str, str]:
        """What is generated in the page, by the name of its place."""
        parts = {"example": example(self.example)} if self.example else {}
        parts["reference"] = reference(self.shape)
        if self.rules:
            parts["rules"] = rules(self.rules)
        return parts


RELEASE = Subject(
    title="release.yaml of release-actions",
    shape=SHAPE,
    schema_file=Path("schema/release.schema.json"),
    page=Path("docs/configuration.md"),
    example=Path("examples/single-image/release.yaml"),
    rules=tuple(RULES),
)
SCENARIO = Subject(
    title="scenario of a rehearsal of release-actions",
    shape=scenario.SHAPE,
    schema_file=Path("schema/scenario.schema.json"),
    page=Path("docs/rehearsal.md"),
    example=Path("examples/single-image/rehearsal.yaml"),
)
COMPONENTS = Subject(
    title="components.yaml of release-actions",
    shape=components.SHAPE,
    schema_file=Path("schema/components.schema.json"),
    page=Path("docs/components.md"),
    example=Path("examples/single-image/components.yaml"),
    rules=tuple(components.RULES),
)
MANIFEST = Subject(
    title=f"components.json of release-actions, form {manifest.SCHEMA}",
    shape=manifest.SHAPE,
    schema_file=Path(f"schema/component-manifest.v{manifest.SCHEMA}.schema.json"),
    page=Path("docs/components-json.md"),
)
REPORT = Path("schema/report.schema.json")
"""The schema of every report. People write none, so it has no shape and no page of keys."""

SUBJECTS = (RELEASE, SCENARIO, COMPONENTS, MANIFEST)


Described = RecordOf[Any] | KnownKeys
"""A mapping with known keys, which gets a section of the reference."""


def records(shape: Shape[Any], path: str = "") -> Iterator[tuple[str, Described]]:
    """Every record below a shape with the path that leads to it, outermost first."""
    if isinstance(shape, (RecordOf, KnownKeys)):
        yield path, shape
        for wanted in shape.keys:
            yield from records(wanted.shape, f"{path}.{wanted.name}" if path else wanted.name)
    elif isinstance(shape, MapOf):
        yield from records(shape.value, f"{path}.KEY")
    elif isinstance(shape, ListOf):
        yield from records(shape.item, f"{path}[]")
    elif isinstance(shape, OrFalse):
        yield from records(shape.shape, path)
    elif isinstance(shape, OneOf):
        for name, kind in shape.kinds.items():
            yield from records(kind, f"{path} with {shape.chooser}: {name}")


def reference(whole: Shape[Any]) -> str:
    """A section with a table for each kind of record."""
    paths: dict[object, list[str]] = {}
    shapes: dict[object, Described] = {}
    for path, shape in records(whole):
        kind = shape.build if isinstance(shape, RecordOf) else shape.words
        paths.setdefault(kind, []).append(path)
        shapes[kind] = shape
    return "\n\n".join(section(paths[kind], shapes[kind]) for kind in shapes)


def section(paths: Sequence[str], shape: Described) -> str:
    """One record: where it stands, what it is, and its keys."""
    title = "The whole file" if paths == [""] else " and ".join(f"`{path}`" for path in paths)
    rows = "\n".join(row(wanted) for wanted in shape.keys)
    notes = "".join(f"\n\n{note}" for note in (together(shape) if isinstance(shape, RecordOf) else ()))
    return (
        f"### {title}\n\n{shape.about}\n\n| Key | Value | Default | Meaning |\n| --- | --- | --- | --- |\n{rows}{notes}"
    )


def row(wanted: Key[Any]) -> str:
    """One key in a table."""
    default = "required" if wanted.required else ""
    if isinstance(wanted.default, (str, int)):
        default = f"`{json.dumps(wanted.default)}`" if not isinstance(wanted.default, str) else f"`{wanted.default}`"
    value = "a mapping, described below" if isinstance(wanted.shape, (RecordOf, KnownKeys)) else wanted.shape.words
    cells = (f"`{wanted.name}`", value, default, wanted.about)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def together(shape: RecordOf[Any]) -> Iterator[str]:
    """What holds for keys as a set, a sentence each."""
    if shape.one_of:
        yield f"Exactly one of {listed(shape.one_of)} is given."
    if shape.any_of:
        yield f"At least one of {listed(shape.any_of)} is given."
    for name, others in shape.needs.items():
        yield f"`{name}` is only given together with {listed(others)}."


def example(file: Path) -> str:
    """The smallest example, without the line for editors."""
    text = (ROOT / file).read_text(encoding="utf-8")
    return "```yaml\n" + text.partition("\n")[2].strip() + "\n```"


def listed(names: Sequence[str]) -> str:
    """Names of keys in a sentence."""
    return " and ".join(f"`{name}`" for name in names)


def rules(found: Iterable[Callable[..., object]]) -> str:
    """The rules that no JSON Schema expresses, a bullet each."""
    return "\n".join(f"- {inspect.cleandoc(rule.__doc__ or '').partition(chr(10))[0]}" for rule in found)


def generated() -> Mapping[Path, str]:
    """Every file that this writes, with its text."""
    files = {}
    for subject in SUBJECTS:
        page = (ROOT / subject.page).read_text(encoding="utf-8")
        for name, text in subject.sections().items():
            begin, end = f"<!-- {name}: generated by scripts/schema.py -->\n", f"<!-- end of {name} -->\n"
            before, found, rest = page.partition(begin)
            _, closed, after = rest.partition(end)
            if not found or not closed:
                sys.exit(f"{subject.page} needs the lines {begin.strip()} and {end.strip()}.")
            page = f"{before}{begin}\n{text}\n\n{end}{after}"
        files[subject.schema_file] = json.dumps(subject.schema(), indent=2, ensure_ascii=False) + "\n"
        files[subject.page] = page
    files[REPORT] = json.dumps({"$id": f"{ADDRESS}/{REPORT}", **envelope.schema()}, indent=2, ensure_ascii=False) + "\n"
    return files


def stale() -> list[Path]:
    """The files whose text is not what this would write."""
    return [
        path
        for path, text in generated().items()
        if not (ROOT / path).is_file() or (ROOT / path).read_text(encoding="utf-8") != text
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the files; with `--check` only compare, and give 1 if one is stale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a file is stale")
    found = stale()
    if parser.parse_args(arguments).check:
        for path in found:
            print(f"{path} is stale: run python scripts/schema.py", file=sys.stderr)
        return 1 if found else 0
    for path in found:
        (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / path).write_text(generated()[path], encoding="utf-8")
        print(f"Wrote {path}.")
    return 0


if __name__ == "__main__":
    import interface  # imports this module

    sys.exit(main() or interface.main())
