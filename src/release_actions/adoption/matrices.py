"""The combinations of a job's matrix, as GitHub makes them from keys, `exclude` and `include`."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import yaml

from release_actions.adoption.unknown import Evaluator
from release_actions.surface.yaml_tree import Tree

MAX_JOBS = 256
"""Jobs that GitHub makes of one matrix at most (GitHub docs, "Usage limits"). It refuses a larger one."""

Combination = dict[str, Any]


def list_combinations(strategy: Tree, evaluator: Evaluator) -> list[Combination] | None:
    """Every combination; one that is empty for a job without a matrix, None for a matrix that only a run knows."""
    if "matrix" not in strategy:
        return [{}]
    whole = evaluator.evaluate(strategy.below("matrix").scalar()) if strategy.below("matrix").scalar() else None
    matrix = whole if isinstance(whole, Mapping) else read_value(strategy.below("matrix").node, evaluator)
    if not isinstance(matrix, Mapping) or not matrix:
        return None
    keys = {key: value for key, value in matrix.items() if key not in {"include", "exclude"}}
    if any(not isinstance(value, Sequence) or isinstance(value, str) for value in keys.values()):
        return None
    if math.prod(len(value) for value in keys.values()) > MAX_JOBS:
        return None
    made: list[Combination] = [dict(zip(keys, values, strict=True)) for values in itertools.product(*keys.values())]
    made = made if keys else []
    excluded = [item for item in matrix.get("exclude") or () if isinstance(item, Mapping)]
    made = [each for each in made if not any(_agrees(each, item, item) for item in excluded)]
    return _include(made, list(keys), [item for item in matrix.get("include") or () if isinstance(item, Mapping)])


def _include(made: list[Combination], keys: Sequence[str], added: Iterable[Mapping[str, Any]]) -> list[Combination]:
    """Add to combinations what does not change a key of theirs; what fits none is a combination of its own."""
    original = [dict(each) for each in made]
    alone: list[Combination] = []
    for item in added:
        fitting = [n for n, each in enumerate(original) if _agrees(each, item, [key for key in item if key in keys])]
        for number in fitting:
            made[number].update(item)
        if not fitting:
            alone.append(dict(item))
    return [*made, *alone]


def _agrees(combination: Mapping[str, Any], item: Mapping[str, Any], keys: Iterable[str]) -> bool:
    return all(combination.get(key) == item[key] for key in keys)


def read_value(node: Any, evaluator: Evaluator) -> Any:
    """A value of YAML with its expressions filled in. A scalar that is one expression may be a list or an object.

    Texts that are expressions of another context than a matrix has, such as rules of tags, are filled in here as well.
    """
    if isinstance(node, yaml.MappingNode):
        return {key.value: read_value(value, evaluator) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [read_value(item, evaluator) for item in node.value]
    text = str(node.value) if isinstance(node, yaml.ScalarNode) else ""
    value = evaluator.evaluate(text) if text.strip().startswith("${{") else None
    return value if isinstance(value, (list, dict)) else evaluator.render(text)
