"""What a configuration file may hold: small shapes from which both the loader and the JSON Schema are made.

A shape takes a node to a value, or adds every mistake it finds to a list. It gives a JSON Schema (draft-07, which
editors know best) that says yes to exactly the same values. A rule that a schema cannot express has no place here: it
is checked by whoever owns the loaded value, with the places that `Record.origin` keeps.
"""

from release_actions.config.shapes.base import (
    Refused,
    Schema,
    Shape,
    describe_node,
    find_closest,
    in_file_order,
    name_node,
    quote_node,
    suggest_nearest,
)
from release_actions.config.shapes.choices import OneOf, OneOrMore, OrFalse
from release_actions.config.shapes.collections import ListOf, MapOf
from release_actions.config.shapes.forms import FormRecord, FormRecordOf
from release_actions.config.shapes.loading import load, load_file, load_node
from release_actions.config.shapes.records import Key, KnownKeys, Record, RecordOf, key
from release_actions.config.shapes.scalars import (
    GLOB,
    Boolean,
    Choice,
    Integer,
    Parsed,
    Text,
    make_duration,
    make_glob,
    make_path_glob,
)

__all__ = [
    "GLOB",
    "Boolean",
    "Choice",
    "FormRecord",
    "FormRecordOf",
    "Integer",
    "Key",
    "KnownKeys",
    "ListOf",
    "MapOf",
    "OneOf",
    "OneOrMore",
    "OrFalse",
    "Parsed",
    "Record",
    "RecordOf",
    "Refused",
    "Schema",
    "Shape",
    "Text",
    "describe_node",
    "find_closest",
    "in_file_order",
    "key",
    "load",
    "load_file",
    "load_node",
    "make_duration",
    "make_glob",
    "make_path_glob",
    "name_node",
    "quote_node",
    "suggest_nearest",
]
