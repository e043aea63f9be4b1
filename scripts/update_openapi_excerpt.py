"""Cut the excerpt of GitHub's REST description that the simulator is held to.

    python scripts/update_openapi_excerpt.py            again, from the version the excerpt names
    python scripts/update_openapi_excerpt.py --check    end with 1 if that would change the file
    python scripts/update_openapi_excerpt.py --latest   move to the newest version

The description of api.github.com is 13 MB, most of it prose. The excerpt keeps the operations that the simulator has
routes for, with their parameters, bodies, answers and header names, and of schemas the keywords that decide whether a
value fits. Run it again after adding a route; it needs the Python of the development environment.
A keyword this script does not know stops it: dropping a rule in silence would weaken every test that leans on it.
It comes from the npm package `@octokit/openapi` through `npm pack`, so it needs npm and reaches only its registry.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import io
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

from release_actions.simulator.github import graphql  # noqa: E402  # found by the line above
from release_actions.simulator.github.rest import Rest, Uploads  # noqa: E402  # found by the line above
from release_actions.simulator.origin import template  # noqa: E402

PACKAGE = "@octokit/openapi"
DESCRIPTION = "package/generated/api.github.com.json"
EXCERPT = ROOT / "tests" / "contract" / "openapi" / "api.github.com.excerpt.json"

KEPT = frozenset(
    [
        "type",
        "format",
        "enum",
        "nullable",
        "pattern",
        "required",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
        "uniqueItems",
        "minProperties",
        "maxProperties",
    ]
)
"""Keywords copied as they are."""

PROSE = frozenset(
    [
        "title",
        "description",
        "example",
        "examples",
        "default",
        "deprecated",
        "externalDocs",
        "readOnly",
        "writeOnly",
        "discriminator",
    ]
)
"""Keywords that say nothing about whether an answer fits; `x-*` too."""

SCHEMAS = "#/components/schemas/"


class CannotCutError(Exception):
    """The description has something this script has no rule for, or npm did not deliver."""


def npm(*arguments: str, cwd: Path) -> str:
    """Run npm and return what it prints. Raises `CannotCutError`."""
    try:
        done = subprocess.run(("npm", *arguments), cwd=cwd, capture_output=True, text=True, check=False)  # noqa: S603, S607  # fixed words; npm from PATH
    except OSError as error:
        message = f"npm could not be started: {error}. Install Node.js."
        raise CannotCutError(message) from error
    if done.returncode:
        message = f"npm {' '.join(arguments)} failed:\n{done.stderr}"
        raise CannotCutError(message)
    return done.stdout


def shape(path: str) -> str:
    """A path with its parameters unnamed: the simulator may call them as it likes."""
    return re.sub(r"\{\w+\}", "{}", path)


def routes() -> list[tuple[str, str]]:
    """Method and path, parameters unnamed, of what the simulator serves in GitHub's name."""
    return [
        (method.lower(), shape(template(rule)))
        for methods, rule, _ in (*Rest.routes, *Uploads.routes)
        for method in methods.split("|")
        if not rule.startswith("/_") and rule != graphql.PATH
    ]


def download(version: str) -> tuple[dict[str, Any], str, str]:
    """The description, the version it has and the integrity of its package (`sha512-…`, as lock files write it)."""
    with tempfile.TemporaryDirectory() as folder:
        packed = json.loads(npm("pack", f"{PACKAGE}@{version}", "--json", "--ignore-scripts", cwd=Path(folder)))
        # npm 12 answers with an object by package name, older ones with a list.
        details = next(iter(packed.values())) if isinstance(packed, dict) else packed[0]
        archive = (Path(folder) / details["filename"]).read_bytes()
    integrity = "sha512-" + base64.b64encode(hashlib.sha512(archive).digest()).decode()
    with tarfile.open(fileobj=io.BytesIO(archive)) as package:
        member = package.extractfile(DESCRIPTION)
        if member is None:
            message = f"{PACKAGE} {version} has no {DESCRIPTION}."
            raise CannotCutError(message)
        return json.load(member), str(details["version"]), integrity


def schema(node: Any, where: str) -> Any:
    """A schema without its prose. Raises `CannotCutError` for a keyword with no rule here."""
    if not isinstance(node, dict):
        return node
    found: dict[str, Any] = {}
    for keyword, value in node.items():
        inside = f"{where}/{keyword}"
        if keyword == "properties":
            found[keyword] = {name: schema(child, f"{inside}/{name}") for name, child in value.items()}
        elif keyword in {"items", "not", "additionalProperties"}:
            found[keyword] = schema(value, inside)
        elif keyword in {"allOf", "anyOf", "oneOf"}:
            found[keyword] = [schema(child, inside) for child in value]
        elif (keyword == "$ref" and value.startswith(SCHEMAS)) or keyword in KEPT:
            found[keyword] = value
        elif keyword not in PROSE and not keyword.startswith("x-"):
            message = f"{where} uses the keyword {keyword}, which this script neither keeps nor drops."
            raise CannotCutError(message)
    return found


def references(node: Any) -> Iterator[str]:
    """The names of the schemas that a cut schema, operation or list of them refers to."""
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"].removeprefix(SCHEMAS)
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from references(child)


def resolve(description: dict[str, Any], node: Any) -> Any:
    """What a `$ref` to a parameter, an answer or a header stands for."""
    while isinstance(node, dict) and "$ref" in node:
        target: Any = description
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def content(node: dict[str, Any], where: str) -> dict[str, Any]:
    """Media type -> schema of a body."""
    return {
        media: {"schema": schema(body.get("schema", {}), f"{where} {media}")}
        for media, body in node.get("content", {}).items()
    }


def operation(description: dict[str, Any], method: str, path: str) -> dict[str, Any]:
    """One operation: parameters, body and answers."""
    item = description["paths"][path]
    found = item[method]
    where = f"{method} {path}"
    parameters = [
        {
            "name": each["name"],
            "in": each["in"],
            "required": each.get("required", False),
            "schema": schema(each["schema"], f"{where} {each['name']}"),
        }
        for each in (resolve(description, node) for node in [*item.get("parameters", []), *found.get("parameters", [])])
    ]
    cut: dict[str, Any] = {"operationId": found["operationId"], "parameters": parameters, "responses": {}}
    if "requestBody" in found:
        body = resolve(description, found["requestBody"])
        cut["requestBody"] = {"required": body.get("required", False), "content": content(body, where)}
    for status, node in found["responses"].items():
        answer = resolve(description, node)
        cut["responses"][status] = {"content": content(answer, f"{where} {status}")}
        if answer.get("headers"):
            cut["responses"][status]["headers"] = sorted(answer["headers"])
    return cut


def excerpt(
    description: dict[str, Any], version: str, integrity: str, wanted: Iterable[tuple[str, str]]
) -> dict[str, Any]:
    """The part of the description that some routes reach. Raises `CannotCutError` for one that GitHub lacks."""
    paths: dict[str, Any] = {}
    names = {(method, shape(path)): path for path, item in description["paths"].items() for method in item}
    for method, route in wanted:
        path = names.get((method, route))
        if path is None:
            message = f"{method.upper()} {route} is a route of the simulator that GitHub does not describe."
            raise CannotCutError(message)
        paths.setdefault(path, {})[method] = operation(description, method, path)
    schemas: dict[str, Any] = {}
    waiting = sorted(set(references(paths)))
    while waiting:
        name = waiting.pop()
        if name not in schemas:
            schemas[name] = schema(description["components"]["schemas"][name], name)
            waiting += references(schemas[name])
    return {
        "openapi": description["openapi"],
        "source": {
            "package": PACKAGE,
            "version": version,
            "integrity": integrity,
            "license": "MIT License Copyright (c) 2020 Octokit contributors",
        },
        "paths": paths,
        "components": {"schemas": schemas},
    }


def written(node: Any, indent: str = "") -> str:
    """JSON with sorted keys, a value on one line where it fits in 120 columns, so that a change shows as few lines."""
    line = json.dumps(node, sort_keys=True, ensure_ascii=False)
    if not isinstance(node, dict | list) or not node or len(indent) + len(line) <= 110:  # noqa: PLR2004  # leaves room for the key
        return line
    deeper = indent + "  "
    if isinstance(node, list):
        parts = [written(child, deeper) for child in node]
        opening, closing = "[", "]"
    else:
        parts = [f"{json.dumps(name)}: {written(node[name], deeper)}" for name in sorted(node)]
        opening, closing = "{", "}"
    return opening + "\n" + ",\n".join(deeper + part for part in parts) + "\n" + indent + closing


def main(argv: list[str]) -> int:
    """Write or check the excerpt. Returns the exit code."""
    parser = argparse.ArgumentParser(description="Cut the excerpt of GitHub's REST description.")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--check", action="store_true", help="change nothing; end with 1 if the excerpt is stale")
    choice.add_argument("--latest", action="store_true", help="move to the newest version of the npm package")
    options = parser.parse_args(argv)
    committed = EXCERPT.read_text(encoding="utf-8") if EXCERPT.exists() else ""
    pinned = json.loads(committed)["source"] if committed else {}
    try:
        asked = "latest" if options.latest or not pinned else pinned["version"]
        description, version, integrity = download(asked)
        if version == pinned.get("version") and integrity != pinned["integrity"]:
            message = f"{PACKAGE} {version} is not the package it was: {integrity} in place of {pinned['integrity']}."
            raise CannotCutError(message)  # noqa: TRY301  # told like every other failure
        text = written(excerpt(description, version, integrity, routes())) + "\n"
    except CannotCutError as error:
        print(error, file=sys.stderr)
        return 3
    if options.check:
        if text != committed:
            print(f"{EXCERPT.name} is stale: run python scripts/update_openapi_excerpt.py", file=sys.stderr)
            return 1
        print(f"{EXCERPT.name} is what {PACKAGE} {version} yields.")
        return 0
    EXCERPT.parent.mkdir(parents=True, exist_ok=True)
    EXCERPT.write_text(text, encoding="utf-8")
    print(f"Wrote {EXCERPT.name} from {PACKAGE} {version}: {len(routes())} operations, {len(text) // 1024} KiB.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
