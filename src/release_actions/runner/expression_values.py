"""Values of GitHub's expression language: their conversion, comparison and members, and the functions on them.

Follows GitHub's reference ("Evaluate expressions in workflows and actions"). It must never read a context.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

Value = object
"""A JSON value: None, bool, int, float, str, a sequence or a mapping."""

TOKEN = re.compile(
    r"""\s*(?:
        (?P<number>[-+]?(?:0x[0-9a-fA-F]+|0o[0-7]+|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?))
        |(?P<string>'(?:[^']|'')*')
        |(?P<name>[A-Za-z_][A-Za-z0-9_-]*)
        |(?P<sign>==|!=|<=|>=|&&|\|\||[!<>()\[\].,*])
    )""",
    re.VERBOSE,
)


class CaseSensitive(dict[str, str]):
    """A context whose names differ by case: `env` on Linux and macOS. All other contexts ignore case."""


def is_true(value: Value) -> bool:
    """Null, false, zero, not-a-number and the empty text are false."""
    if isinstance(value, float) and math.isnan(value):
        return False
    return value not in (None, False, 0, "")


def as_text(value: Value) -> str:
    """A value in the middle of a text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        if math.isnan(value):
            return "NaN"
        return format(value, ".15g") if isinstance(value, float) else str(value)
    if isinstance(value, str):
        return value
    return "Object" if isinstance(value, Mapping) else "Array"


def as_number(value: Value) -> float:
    """A value in a comparison between types; not-a-number where there is none."""
    if value is None:
        return 0.0
    if isinstance(value, bool | int | float):
        return float(value)
    if isinstance(value, str):
        text = value.strip()
        if not text:
            return 0.0
        match = TOKEN.fullmatch(text)
        return float(parse_number(text)) if match and match.lastgroup == "number" else math.nan
    return math.nan


def is_equal(left: Value, right: Value) -> bool:
    """GitHub's loose equality: texts without regard to case, different types as numbers."""
    if isinstance(left, str) and isinstance(right, str):
        return left.upper() == right.upper()
    if name_kind(left) != name_kind(right):
        return as_number(left) == as_number(right)
    if isinstance(left, Mapping) or is_list(left):
        return left is right
    return left == right


def get_member(value: Value, key: Value) -> Value:
    """A property or an element; null where there is none."""
    if isinstance(value, Mapping):
        name = as_text(key)
        if name in value or isinstance(value, CaseSensitive):
            entry: Value = value.get(name)
            return entry
        return next((item for other, item in value.items() if str(other).upper() == name.upper()), None)
    if isinstance(value, Sequence) and is_list(value):
        index = as_number(key)
        element: Value = value[int(index)] if 0 <= index < len(value) else None
        return element
    return None


def is_list(value: Value) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def name_kind(value: Value) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return "number"
    return "array" if is_list(value) else type(value).__name__


def parse_number(text: str) -> float:
    digits = text.lstrip("+-").lower()
    value = float(int(digits, 0)) if digits.startswith(("0x", "0o")) else float(digits)
    return -value if text.startswith("-") else value


def compare_order(sign: str, left: Value, right: Value) -> bool:
    if isinstance(left, str) and isinstance(right, str):
        order = (left.upper() > right.upper()) - (left.upper() < right.upper())
    else:
        first, second = as_number(left), as_number(right)
        if math.isnan(first) or math.isnan(second):
            return False
        order = (first > second) - (first < second)
    return {"<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0}[sign]


def has_item(where: Value, what: Value) -> bool:
    if isinstance(where, Sequence) and is_list(where):
        return any(is_equal(item, what) for item in where)
    return as_text(what).upper() in as_text(where).upper()


def format_text(pattern: Value, *values: Value) -> str:
    def place(match: re.Match[str]) -> str:
        if match.group() in {"{{", "}}"}:
            return match.group()[0]
        number = match.group(1)
        if number is None or int(number) >= len(values):
            message = f"format() has no value for {match.group()}"
            raise ValueError(message)
        return as_text(values[int(number)])

    return re.sub(r"\{\{|\}\}|\{([0-9]+)\}|[{}]", place, as_text(pattern))


def join_items(items: Value, separator: Value = ",") -> str:
    parts = items if isinstance(items, Sequence) and is_list(items) else [items]
    return as_text(separator).join(as_text(item) for item in parts)
