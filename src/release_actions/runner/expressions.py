"""Evaluates the part of GitHub's expression language that our manifests and workflows use.

Literals, contexts, properties and indexes, the operators, and the functions that need no file system. Comparison and
conversion follow GitHub's reference ("Evaluate expressions in workflows and actions"). What is not supported is an
error that names the expression, found before anything runs; an expression must never be guessed at.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from release_actions.errors import ConfigurationError
from release_actions.runner.expression_values import (
    TOKEN,
    Value,
    as_text,
    compare_order,
    format_text,
    get_member,
    has_item,
    is_equal,
    is_true,
    join_items,
    parse_number,
)

STATUS_FUNCTIONS = frozenset({"success", "failure", "always", "cancelled"})

_EMBEDDED = re.compile(r"\$\{\{((?:[^'}]|'(?:[^']|'')*'|\}(?!\}))*)\}\}")


class ExpressionError(ConfigurationError):
    """An expression that GitHub would refuse, or that lies outside the supported part of the language."""


@dataclass(frozen=True)
class Scope:
    """What an expression sees: contexts by lower-case name, and the status for `success()` and similar."""

    contexts: Mapping[str, Value] = field(default_factory=dict)
    status: str = "success"


Node = Callable[[Scope], Value]


@dataclass(frozen=True)
class Template:
    """A manifest's text with `${{ }}` in it, read once. `render` gives the text with every expression replaced."""

    text: str
    parts: tuple[str | Node, ...]

    @classmethod
    def read(cls, text: str, contexts: frozenset[str]) -> Template:
        """Read a text that may use these contexts. Raises `ExpressionError`."""
        parts: list[str | Node] = []
        end = 0
        for match in _EMBEDDED.finditer(text):
            parts += [text[end : match.start()], _Parser(match.group(1), contexts).read()]
            end = match.end()
        if "${{" in text[end:]:
            raise _make_error(text[end:].strip(), "it is not closed with }}")
        return cls(text, (*parts, text[end:]))

    def render(self, scope: Scope) -> str:
        """The text, each expression replaced by its value as text."""
        return "".join(part if isinstance(part, str) else as_text(part(scope)) for part in self.parts)

    def evaluate(self, scope: Scope) -> Value:
        """The value of a text that is one expression and nothing else, of whatever type; else the text."""
        nodes = [part for part in self.parts if part]
        if len(nodes) == 1 and not isinstance(nodes[0], str):
            return nodes[0](scope)
        return self.render(scope)


@dataclass(frozen=True)
class Condition:
    """An `if:`. Without a status function it also asks for `success()`, as GitHub does."""

    text: str
    node: Node
    asks_status: bool

    @classmethod
    def read(cls, text: str, contexts: frozenset[str]) -> Condition:
        """Read a condition, with or without `${{ }}` around it. Raises `ExpressionError`."""
        bare = text.strip()
        whole = _EMBEDDED.fullmatch(bare)
        if "${{" in bare and not whole:
            raise _make_error(bare, "a condition is one expression, not a text around one")
        parser = _Parser(whole.group(1) if whole else bare or "success()", contexts, STATUS_FUNCTIONS)
        return cls(bare, parser.read(), parser.asks_status)

    def holds(self, scope: Scope) -> bool:
        """Whether the step runs."""
        return (self.asks_status or scope.status == "success") and is_true(self.node(scope))


_FUNCTIONS: Mapping[str, tuple[Callable[..., Value], int, int]] = {
    "contains": (has_item, 2, 2),
    "startswith": (lambda text, start: as_text(text).upper().startswith(as_text(start).upper()), 2, 2),
    "endswith": (lambda text, end: as_text(text).upper().endswith(as_text(end).upper()), 2, 2),
    "format": (format_text, 1, 255),
    "join": (join_items, 1, 2),
    "tojson": (lambda value: json.dumps(value, indent=2, ensure_ascii=False), 1, 1),
    "fromjson": (lambda text: json.loads(as_text(text)), 1, 1),
}
"""Function in lower case -> what it does, and the least and most arguments it takes."""

_STATUS: Mapping[str, Callable[[Scope], bool]] = {
    "success": lambda scope: scope.status == "success",
    "failure": lambda scope: scope.status == "failure",
    "cancelled": lambda scope: scope.status == "cancelled",
    "always": lambda scope: True,  # noqa: ARG005  # all status functions are called alike
}


def _make_error(text: str, reason: str) -> ExpressionError:
    message = f"The expression '{text}' cannot be evaluated: {reason}."
    hint = "The supported part is contexts, literals, operators and " + ", ".join(sorted(_FUNCTIONS)) + "."
    return ExpressionError(message, hint=hint)


class _Parser:
    """Recursive descent over one expression, from the operator that binds least to the one that binds most."""

    def __init__(self, text: str, contexts: frozenset[str], status: frozenset[str] = frozenset()) -> None:
        self.text = text.strip()
        self.contexts = contexts
        self.status = status
        self.asks_status = False
        self.tokens = self.split()
        self.position = 0

    def split(self) -> list[tuple[str, str]]:
        tokens: list[tuple[str, str]] = []
        position = 0
        while position < len(self.text):
            match = TOKEN.match(self.text, position)
            if match is None:
                raise _make_error(self.text, f"{self.text[position:].strip()[0]!r} has no meaning in it")
            kind = str(match.lastgroup)
            tokens.append((kind, match.group(kind)))
            position = match.end()
        return tokens

    def read(self) -> Node:
        node = self.either()
        if self.position < len(self.tokens):
            raise _make_error(self.text, f"{self.tokens[self.position][1]!r} was not expected")
        return self.guarded(node)

    def guarded(self, node: Node) -> Node:
        """Name the expression in what a function has to say about its arguments."""

        def evaluate(scope: Scope) -> Value:
            try:
                return node(scope)
            except ValueError as error:
                raise _make_error(self.text, str(error)) from error

        return evaluate

    def take(self, *signs: str) -> str:
        """The next sign if it is one of these, else the empty text."""
        if self.position < len(self.tokens) and self.tokens[self.position] in [("sign", sign) for sign in signs]:
            self.position += 1
            return self.tokens[self.position - 1][1]
        return ""

    def need(self, sign: str) -> None:
        if not self.take(sign):
            raise _make_error(self.text, f"{sign!r} is missing")

    def either(self) -> Node:
        node = self.both()
        while self.take("||"):
            node = _make_or(node, self.both())
        return node

    def both(self) -> Node:
        node = self.same()
        while self.take("&&"):
            node = _make_and(node, self.same())
        return node

    def same(self) -> Node:
        node = self.ordered()
        while sign := self.take("==", "!="):
            node = _make_equality(sign, node, self.ordered())
        return node

    def ordered(self) -> Node:
        node = self.negated()
        while sign := self.take("<=", ">=", "<", ">"):
            node = _make_relation(sign, node, self.negated())
        return node

    def negated(self) -> Node:
        if self.take("!"):
            node = self.negated()
            return lambda scope: not is_true(node(scope))
        return self.member()

    def member(self) -> Node:
        node = self.first()
        while sign := self.take(".", "["):
            if sign == "[":
                key = self.either()
                self.need("]")
                node = _make_member(node, key)
                continue
            kind, name = self.next()
            if kind != "name":
                raise _make_error(self.text, f"{name!r} is not the name of a property")
            node = _make_member(node, _make_constant(name))
        return node

    def next(self) -> tuple[str, str]:
        if self.position >= len(self.tokens):
            raise _make_error(self.text, "it ends too early")
        self.position += 1
        return self.tokens[self.position - 1]

    def first(self) -> Node:
        kind, text = self.next()
        if kind == "string":
            return _make_constant(text[1:-1].replace("''", "'"))
        if kind == "number":
            return _make_constant(parse_number(text))
        if text == "(":
            node = self.either()
            self.need(")")
            return node
        if kind != "name":
            raise _make_error(self.text, f"{text!r} was not expected")
        if self.take("("):
            return self.call(text)
        if text in {"null", "true", "false"}:
            return _make_constant({"null": None, "true": True, "false": False}[text])
        name = text.lower()
        if name not in self.contexts:
            raise _make_error(self.text, f"there is no context {text!r} here, only {', '.join(sorted(self.contexts))}")
        return lambda scope: scope.contexts.get(name)

    def call(self, text: str) -> Node:
        arguments: list[Node] = []
        if not self.take(")"):
            arguments.append(self.either())
            while self.take(","):
                arguments.append(self.either())
            self.need(")")
        name = text.lower()
        if name in self.status:
            if arguments:
                raise _make_error(self.text, f"{text}() takes no arguments")
            self.asks_status = True
            return _STATUS[name]
        if name not in _FUNCTIONS:
            raise _make_error(self.text, f"there is no function {text}() here")
        function, least, most = _FUNCTIONS[name]
        if not least <= len(arguments) <= most:
            raise _make_error(self.text, f"{text}() does not take {len(arguments)} arguments")
        return lambda scope: function(*(argument(scope) for argument in arguments))


def _make_constant(value: Value) -> Node:
    return lambda scope: value  # noqa: ARG005  # a node takes the scope


def _make_member(node: Node, key: Node) -> Node:
    return lambda scope: get_member(node(scope), key(scope))


def _make_or(left: Node, right: Node) -> Node:
    def evaluate(scope: Scope) -> Value:
        value = left(scope)
        return value if is_true(value) else right(scope)

    return evaluate


def _make_and(left: Node, right: Node) -> Node:
    def evaluate(scope: Scope) -> Value:
        value = left(scope)
        return right(scope) if is_true(value) else value

    return evaluate


def _make_equality(sign: str, left: Node, right: Node) -> Node:
    return lambda scope: is_equal(left(scope), right(scope)) is (sign == "==")


def _make_relation(sign: str, left: Node, right: Node) -> Node:
    return lambda scope: compare_order(sign, left(scope), right(scope))
