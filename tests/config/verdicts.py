"""What a JSON Schema and the loader's first stage say of the same values."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import yaml

from release_actions.config import shapes
from release_actions.config.shapes import RecordOf
from release_actions.errors import ConfigurationError


def whole_pattern(_validator: Any, pattern: str, instance: object, _schema: object) -> Iterator[Any]:
    """ECMA-262, which JSON Schema's patterns are in, ends a text at `$`; Python allows a line feed after it."""
    if isinstance(instance, str) and not re.search(re.sub(r"\$$", r"\\Z", pattern), instance):
        yield jsonschema.ValidationError(f"{instance!r} does not match {pattern!r}")


VALIDATOR = jsonschema.validators.extend(  # type: ignore[no-untyped-call]  # the stubs leave it untyped
    jsonschema.Draft7Validator, {"pattern": whole_pattern}
)


class Verdicts:
    """Both verdicts on the values of one shape."""

    def __init__(self, shape: RecordOf[Any]) -> None:
        self._shape = shape
        self.schema = shape.schema()
        self._validator = VALIDATOR(self.schema)

    def schema_accepts(self, document: object) -> bool:
        return bool(self._validator.is_valid(document))

    def loader_accepts(self, document: object) -> bool:
        """The verdict of the loader's first stage on the same values. JSON is YAML."""
        try:
            shapes.load(json.dumps(document, ensure_ascii=False), self._shape, file="r.yaml")
        except ConfigurationError:
            return False
        return True


class Core(yaml.SafeLoader):
    """YAML without the timestamps of version 1.1, which the core schema of 1.2 and editors do not know."""


Core.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:timestamp"]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def values_of(text: str) -> Any:
    """The values of a YAML file, as an editor hands them to a schema."""
    return yaml.load(text, Core)
