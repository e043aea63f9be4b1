"""GitHub's own description of its REST API, as a judge of single exchanges.

Decides whether an answer is one that GitHub could have given: a described operation, a status it documents, a body
that fits the schema and has no property of its own invention, headers of the documented shape. Of a request that was
granted it asks the same: parameters and body must be described. The excerpt is made by
`scripts/update_openapi_excerpt.py`.
"""

from __future__ import annotations

import contextlib
import functools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from openapi_schema_validator import OAS30Validator, oas30_format_checker
from referencing import Registry
from referencing.jsonschema import DRAFT4
from tests.contract.exchange import Exchange

ERROR = {"$ref": "#/components/schemas/basic-error"}
INVALID = {"$ref": "#/components/schemas/validation-error"}
"""A 422 says what did not validate, where no body is described too: an asset whose name is taken has the code
`already_exists` (https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api#validation-failed)."""

EXCERPT = Path(__file__).parent / "openapi" / "api.github.com.excerpt.json"
ADDRESS = "urn:github-rest"

ANYTHING: Mapping[str, Any] = {}
"""The schema that every value fits."""

REMEMBERED_VALUES = 20_000
"""Judged values that are remembered at once: some 50 MB."""

SLASHED = frozenset({"ref", "basehead", "branch", "tag"})
"""Path parameters that take slashes as they are, since the name of a branch or tag may have some."""

RATE_LIMIT_HEADERS = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-used", "x-ratelimit-reset")
"""All or, where limits are off, none: https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api"""


@dataclass(frozen=True)
class Allowance:
    """A status that GitHub gives and its description leaves out, with where that can be seen."""

    operations: str
    """Regular expression of operation ids."""
    status: int
    reason: str


ALLOWANCES = (
    Allowance(
        r".*",
        401,
        "Bad credentials, on every operation: "
        "https://docs.github.com/rest/authentication/authenticating-to-the-rest-api#failed-login-limit",
    ),
    Allowance(
        r".*",
        403,
        "Rate limits, and a token without the permission, on every operation: "
        "https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api#rate-limit-errors",
    ),
    Allowance(
        r".*",
        429,
        "Rate limits, on every operation: "
        "https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit",
    ),
    Allowance(
        r".*",
        404,
        "What is not there or not to be seen, on every operation: "
        "https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api#404-not-found-for-an-existing-resource",
    ),
    Allowance(
        r"packages/delete-package-.*",
        400,
        "The last tagged version, and a public version of more than 5,000 downloads, are not deleted: "
        "https://github.com/kairos-io/kairos/pull/4724 and https://github.com/posit-dev/positron/pull/15764",
    ),
    Allowance(
        r"repos/update-release",
        422,
        "Notes of more than 125,000 characters are refused when they are changed too: "
        "https://github.com/cli/cli/issues/7705",
    ),
    Allowance(
        r"actions/create-workflow-dispatch",
        422,
        "Inputs that a workflow does not have, a ref that is not there and a disabled workflow are refused: "
        "https://github.com/benc-uk/workflow-dispatch/issues/37",
    ),
    *(
        Allowance(
            r".*",
            status,
            "A passing fault: https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api#timeouts",
        )
        for status in (500, 502, 503, 504)
    ),
)


@dataclass(frozen=True)
class Omission:
    """Query parameters that an operation takes and its description leaves out, with where that can be seen."""

    operation: str
    parameters: Mapping[str, Mapping[str, Any]]
    reason: str


OMISSIONS = (
    Omission(
        "packages/get-all-package-versions-for-package-owned-by-user",
        {
            "page": {"type": "integer"},
            "per_page": {"type": "integer"},
            "state": {"type": "string", "enum": ["active", "deleted"]},
        },
        "https://github.com/github/rest-api-description/issues/1651; "
        "https://github.com/dataaxiom/ghcr-cleanup-action sends all three",
    ),
)


@dataclass(frozen=True, eq=False)
class Operation:
    """One operation of the description: method in capitals, path with its templates, what the description says."""

    method: str
    path: str
    details: Mapping[str, Any]

    @property
    def name(self) -> str:
        return str(self.details["operationId"])

    @property
    def templates(self) -> int:
        return self.path.count("{")

    @functools.cached_property
    def query(self) -> Mapping[str, Mapping[str, Any]]:
        """Name of a query parameter -> its schema, with what the description leaves out."""
        described = {each["name"]: each["schema"] for each in self.details["parameters"] if each["in"] == "query"}
        omitted = [each.parameters for each in OMISSIONS if each.operation == self.name]
        return {name: schema for parameters in (*omitted, described) for name, schema in parameters.items()}

    @functools.cached_property
    def pattern(self) -> re.Pattern[str]:
        parts = re.split(r"\{(\w+)\}", self.path)
        for n, part in enumerate(parts):
            parts[n] = (".+" if part in SLASHED else "[^/]+") if n % 2 else re.escape(part)
        return re.compile("".join(parts))

    @property
    def shape(self) -> str:
        """The path with its parameters unnamed, for comparison with a routing table."""
        return re.sub(r"\{\w+\}", "{}", self.path)


class Description:
    """The excerpt, ready to judge."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        self.registry: Registry[Any] = Registry().with_resource(ADDRESS, DRAFT4.create_resource(_rooted(document)))
        self.formats = _formats()
        self.known: dict[tuple[object, ...], tuple[tuple[str | None, str], ...]] = {}
        self.operations = tuple(
            sorted(
                (
                    Operation(method.upper(), path, details)
                    for path, item in document["paths"].items()
                    for method, details in item.items()
                ),
                key=lambda operation: (operation.templates, -operation.path.count("/")),
            )
        )

    @classmethod
    @functools.cache
    def load(cls) -> Description:
        """The committed excerpt."""
        return cls(json.loads(EXCERPT.read_text(encoding="utf-8")))

    def find(self, method: str, path: str) -> Operation | None:
        """The operation that a request's method and raw path name; if several do, that with the fewest parameters.

        Of those the longest: a ref may have slashes.
        """
        for operation in self.operations:
            if operation.method == method and operation.pattern.fullmatch(path):
                return operation
        return None

    def faults(self, exchange: Exchange) -> list[str]:
        """What about an exchange could not have come from GitHub; empty when nothing."""
        operation = self.find(exchange.method, urlsplit(exchange.target).path)
        if operation is None:
            if exchange.status == 404:
                return []  # GitHub answers so too for what it has no operation for
            return [f"{exchange}: GitHub describes no such operation"]
        found = [
            *self._status_faults(operation, exchange),
            *self._header_faults(exchange),
            *self._body_faults(operation, exchange),
        ]
        if exchange.status < 300:
            found += [*self._request_faults(operation, exchange), *_paging_faults(operation, exchange)]
        return [f"{exchange} ({operation.name}): {fault}" for fault in found]

    def _status_faults(self, operation: Operation, exchange: Exchange) -> Iterator[str]:
        if str(exchange.status) in operation.details["responses"]:
            return
        for allowance in ALLOWANCES:
            if allowance.status == exchange.status and re.fullmatch(allowance.operations, operation.name):
                return
        yield f"status {exchange.status} is neither documented nor in the table of allowances"

    def _header_faults(self, exchange: Exchange) -> Iterator[str]:
        if "x-github-request-id" not in exchange.headers:
            yield "header X-GitHub-Request-Id is missing"
        told = [name for name in RATE_LIMIT_HEADERS if name in exchange.headers]
        for name in RATE_LIMIT_HEADERS if told else ():
            if not re.fullmatch("[0-9]+", exchange.headers.get(name, "")):
                yield f"header {name} is {exchange.headers.get(name)!r}, not a whole number"

    def _body_faults(self, operation: Operation, exchange: Exchange) -> Iterator[str]:
        documented = operation.details["responses"].get(str(exchange.status))
        if exchange.status == 204:
            if exchange.body:
                yield f"a body of {len(exchange.body)} bytes on 204"
            return
        media = exchange.headers.get("content-type", "").partition(";")[0].strip()
        if exchange.status >= 500 and media == "text/html":
            return  # the page of a proxy in front of the API
        schemas = {name: body["schema"] for name, body in (documented or {}).get("content", {}).items()}
        if not schemas:
            if exchange.status < 400:
                if exchange.body:
                    yield "a body where none is described"
                return
            schemas = {"application/json": INVALID if exchange.status == 422 else ERROR}
        if media not in schemas:
            yield f"content type {media!r} is none of {', '.join(schemas)}"
            return
        # Every error has what the basic one has: the description gives `status` to that one alone.
        also = [ERROR] if exchange.status >= 400 else []
        yield from self._instance_faults("body", exchange.body, schemas[media], also)

    def _request_faults(self, operation: Operation, exchange: Exchange) -> Iterator[str]:
        sent = parse_qsl(urlsplit(exchange.target).query, keep_blank_values=True)
        for name, text in sent:
            schema = operation.query.get(name)
            if schema is None:
                yield f"query parameter {name!r} is not described"
                continue
            value: Any = int(text) if schema.get("type") == "integer" and text.isascii() and text.isdigit() else text
            yield from self._value_faults(f"query parameter {name!r}", value, schema)
        for each in operation.details["parameters"]:
            if each["in"] == "query" and each["required"] and each["name"] not in dict(sent):
                yield f"query parameter {each['name']!r} is required"
        body = operation.details.get("requestBody")
        if exchange.sent and body is None:
            yield "a request body where none is described"
        elif exchange.sent and body is not None and "application/octet-stream" not in body["content"]:
            described = next(iter(body["content"].values()))["schema"]
            yield from self._instance_faults("request body", exchange.sent, described)

    def _instance_faults(
        self, what: str, text: bytes, schema: Mapping[str, Any], also: Sequence[Mapping[str, Any]] = ()
    ) -> Iterator[str]:
        try:
            instance = json.loads(text)
        except ValueError as error:
            yield f"{what} is not JSON: {error}"
            return
        schemas = [schema, *also]
        if isinstance(instance, list):
            # Pages of one list repeat their entries from request to request, so each is judged by itself, once.
            yield from self._value_faults(what, instance, {**self._resolved(schema), "items": ANYTHING})
            naming = [flat["items"] for flat in self._flat(schemas) if "items" in flat]
            judges = [self._resolved(schema).get("items", ANYTHING)]
            for n, entry in enumerate(instance):
                for place, words in self._judged(json.dumps(entry), judges, naming):
                    yield f"{what}[{n}]{place}{words}" if place is not None else f"{what} has [{n}]{words}"
            return
        for place, words in self._judged(json.dumps(instance), [schema], schemas):
            yield f"{what}{place}{words}" if place is not None else f"{what} has {words.lstrip('.')}"

    def _judged(
        self, text: str, judges: Sequence[Mapping[str, Any]], naming: Sequence[Mapping[str, Any]]
    ) -> tuple[tuple[str | None, str], ...]:
        """What is wrong with a value: place inside it and words, where the place is None for an invented property.

        `judges` are the schemas that it has to fit, `naming` those that name the properties it may have. Remembered,
        because the same value comes again and again, and the schemas of one description are the same objects.
        """
        key = (text, *map(id, judges), *map(id, naming))
        known = self.known.get(key)
        if known is None:
            instance = json.loads(text)
            faults: list[tuple[str | None, str]] = []
            for schema in judges:
                faults += self._value_errors(instance, schema)
            faults += [
                (None, f"{path}, which GitHub does not describe") for path in self._invented(instance, list(naming), "")
            ]
            if len(self.known) >= REMEMBERED_VALUES:
                self.known.clear()
            known = self.known[key] = tuple(faults)
        return known

    def _value_faults(self, what: str, instance: Any, schema: Mapping[str, Any]) -> Iterator[str]:
        yield from (f"{what}{place}{words}" for place, words in self._value_errors(instance, schema))

    def _value_errors(self, instance: Any, schema: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        checker = OAS30Validator(_rooted(schema), registry=self.registry, format_checker=self.formats)
        for error in checker.iter_errors(instance):
            where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path)
            words = error.message
            yield where, f": {words if len(words) <= 300 else words[:140] + ' ... ' + words[-140:]}"

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """The schema that a reference leads to."""
        while "$ref" in schema:
            schema = self.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return schema

    def _invented(self, instance: Any, schemas: list[Mapping[str, Any]], path: str) -> Iterator[str]:
        """Properties of an instance that none of the schemas for it names. Maps with free keys name them all."""
        flat = list(self._flat(schemas))
        if isinstance(instance, list):
            deeper = [schema["items"] for schema in flat if "items" in schema]
            for n, child in enumerate(instance):
                yield from self._invented(child, deeper, f"{path}[{n}]")
        if not isinstance(instance, dict):
            return
        closed = any("properties" in schema for schema in flat)
        free = any(schema.get("additionalProperties") for schema in flat)
        for name, child in instance.items():
            deeper = [schema["properties"][name] for schema in flat if name in schema.get("properties", {})]
            if deeper:
                yield from self._invented(child, deeper, f"{path}.{name}")
            elif closed and not free:
                yield f"{path}.{name}"

    def _flat(self, schemas: list[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
        """Schemas with their references and alternatives spread out."""
        for schema in schemas:
            if "$ref" in schema:
                name = schema["$ref"].rpartition("/")[2]
                yield from self._flat([self.document["components"]["schemas"][name]])
            yield schema
            for word in ("allOf", "anyOf", "oneOf"):
                yield from self._flat(schema.get(word, []))


def _formats() -> Any:
    """The formats of OpenAPI 3.0, and `uri`, which its checker leaves alone."""
    formats = type(oas30_format_checker)(formats=())
    formats.checkers = dict(oas30_format_checker.checkers)
    formats.checkers["uri"] = (_is_uri, ())
    return formats


def _is_uri(value: object) -> bool:
    """An absolute web address, as every `uri` of GitHub's answers is; `nullable` and `type` judge what is no text."""
    if not isinstance(value, str):
        return True
    parts = urlsplit(value)
    return parts.scheme in {"http", "https", "git", "svn"} and bool(parts.netloc) and " " not in value


def _rooted(schema: Any) -> Any:
    """A schema whose references name the document they are in, and whose nulls are allowed as GitHub means them.

    OpenAPI 3.0.3 lets `nullable` count beside `type` only. GitHub writes it beside `oneOf` and `allOf` too, and sends
    null there: the author of a commit by nobody with an account. Beside `enum` it counts only if null is listed, which
    GitHub leaves out: the reason why an issue was closed that is open.
    """
    if isinstance(schema, dict):
        rooted = {
            name: ADDRESS + child if name == "$ref" and isinstance(child, str) else _rooted(child)
            for name, child in schema.items()
        }
        unlisted = None not in schema.get("enum", [None])
        bare = schema.get("nullable") is True and ("type" not in schema or unlisted)
        return {"anyOf": [{"enum": [None]}, rooted]} if bare else rooted
    if isinstance(schema, list):
        return [_rooted(child) for child in schema]
    return schema


LINK = re.compile(r'<(?P<url>[^<>]+)>; rel="(?P<rel>first|prev|next|last)"')


def _paging_faults(operation: Operation, exchange: Exchange) -> Iterator[str]:
    """Pages as https://docs.github.com/rest/using-the-rest-api/using-pagination-in-the-rest-api describes them."""
    header = exchange.headers.get("link")
    query = dict(parse_qsl(urlsplit(exchange.target).query))
    if "page" not in operation.query:
        if header:
            yield "a Link header on an operation without pages"
        return
    size = min(int(query.get("per_page", 30)), 100)
    with contextlib.suppress(ValueError):  # told as a fault of the body
        instance = json.loads(exchange.body)
        if isinstance(instance, list) and len(instance) > size:
            yield f"{len(instance)} entries on a page of {size}"
    if header:
        yield from _link_faults(header, int(query.get("page", 1)), urlsplit(exchange.target).path)


def _link_faults(header: str, page: int, path: str) -> Iterator[str]:
    """The neighbours of a page, each on the path that was asked for."""
    links: dict[str, str] = {}
    for part in header.split(", "):
        match = LINK.fullmatch(part)
        if match is None:
            yield f"Link header has {part!r}"
        else:
            links[match["rel"]] = match["url"]
    pages = {rel: int(dict(parse_qsl(urlsplit(url).query)).get("page", "0")) for rel, url in links.items()}
    expected = {"first": 1, "prev": page - 1, "next": page + 1}
    for rel, number in pages.items():
        if number != expected.get(rel, number):
            yield f"Link rel={rel} names page {number}, not {expected[rel]}"
        # GitHub names organizations by number there: https://github.com/snok/container-retention-policy/issues/33
        if re.sub("^/organizations/[^/]+/", "/orgs/", urlsplit(links[rel]).path) not in {
            path,
            re.sub("^/orgs/[^/]+/", "/orgs/", path),
        }:
            yield f"Link rel={rel} leads to another path"
    if ("next" in links) != ("last" in links) or ("prev" in links) != ("first" in links):
        yield f"Link header names {', '.join(links)}: next comes with last, prev with first"
