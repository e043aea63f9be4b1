"""What the JSON Schema of `release.yaml` and the loader's first stage say of the same values."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema

from release_actions import shapes
from release_actions.config.document import SHAPE
from release_actions.errors import ConfigurationError

SCHEMA = SHAPE.schema()


def whole_pattern(_validator: Any, pattern: str, instance: object, _schema: object) -> Iterator[Any]:
    """ECMA-262, which JSON Schema's patterns are in, ends a text at `$`; Python allows a line feed after it."""
    if isinstance(instance, str) and not re.search(re.sub(r"\$$", r"\\Z", pattern), instance):
        yield jsonschema.ValidationError(f"{instance!r} does not match {pattern!r}")


VALIDATOR = jsonschema.validators.extend(  # type: ignore[no-untyped-call]  # the stubs leave it untyped
    jsonschema.Draft7Validator, {"pattern": whole_pattern}
)(SCHEMA)


def schema_accepts(document: object) -> bool:
    return bool(VALIDATOR.is_valid(document))


def loader_accepts(document: object) -> bool:
    """The verdict of the loader's first stage on the same values. JSON is YAML."""
    try:
        shapes.load(json.dumps(document, ensure_ascii=False), SHAPE, file="r.yaml")
    except ConfigurationError:
        return False
    return True
