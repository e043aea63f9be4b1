from __future__ import annotations

import io
import json
import random
from pathlib import Path
from typing import Any

import pytest

from release_actions.performance import json_text


def detailed(requests: int) -> dict[str, Any]:
    generator = random.Random(3)
    return {
        "model_id": 'a "quoted" \\ name [with] {brackets}',
        "ttfts": [generator.random() for _ in range(requests)],
        "itls": [[generator.random() for _ in range(8)] for _ in range(requests)],
        "generated_texts": ['a "text" with ] and } and \\' * 3 for _ in range(requests)],
        "errors": ["" for _ in range(requests)],
        "nested": {"requests": {"successful": [{"a": [1, 2]}], "total": None}, "total": 5},
        "successful": {"mean": 1.5},
        "request_throughput": 10.0,
    }


@pytest.mark.parametrize("block", [1, 2, 7, 64, 1000, 1_000_000])
def test_reduced_text_is_the_text_without_the_lists_of_requests(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_text, "BLOCK", block)
    whole = detailed(20)

    reduced = json.loads(json_text.reduced_text(io.StringIO(json.dumps(whole))))

    expected = {**whole, **dict.fromkeys(["ttfts", "itls", "generated_texts", "errors"])}
    expected["nested"] = {"requests": {"successful": None, "total": None}, "total": 5}
    assert reduced == expected


def test_random_texts_are_reduced_alike_in_every_block_size(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = random.Random(4)
    alphabet = '"\\[]{}:,a é'
    for _ in range(200):
        value = {
            "".join(generator.choices(alphabet, k=3)): "".join(generator.choices(alphabet, k=generator.randint(0, 9))),
            "itls": [["".join(generator.choices(alphabet, k=4))] for _ in range(generator.randint(0, 3))],
            "last": generator.randint(0, 9),
        }
        text = json.dumps(value, ensure_ascii=generator.random() < 0.5)
        monkeypatch.setattr(json_text, "BLOCK", generator.randint(1, 12))

        reduced = json.loads(json_text.reduced_text(io.StringIO(text)))

        assert reduced == {**value, "itls": None}


@pytest.mark.parametrize("cut", ['{"itls": [[1, 2], [3', '{"model_id": "abc', '{"generated_texts": ["a]'])
def test_a_text_that_ends_too_early_is_refused(cut: str) -> None:
    with pytest.raises(ValueError, match="it ends in the middle of a value"):
        json_text.reduced_text(io.StringIO(cut))


def test_more_than_fits_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_text, "MOST_KEPT", 1024 * 1024)

    with pytest.raises(ValueError, match="more than 1 MB are left"):
        json_text.reduced_text(io.StringIO(json.dumps({"unknown": ["x" * 1000] * 2000})))


def test_values_come_one_after_another_with_nan_and_infinity() -> None:
    values = list(json_text.values_of('{"a": NaN}\n\n[1, Infinity]\r\n"inf"\n'))

    assert str(values) == "[{'a': nan}, [1, inf], 'inf']"


def test_a_nest_without_end_is_a_wrong_value() -> None:
    with pytest.raises(ValueError, match="nested too deeply"):
        list(json_text.values_of("[" * 200_000))


def test_a_large_file_is_reduced_and_a_small_one_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "result.json"
    path.write_text(json.dumps(detailed(3)), encoding="utf-8")

    assert json.loads(json_text.read_reduced(path))["errors"] == ["", "", ""]
    monkeypatch.setattr(json_text, "WHOLE", 10)
    assert json.loads(json_text.read_reduced(path))["errors"] is None
