from __future__ import annotations

import json
import math
import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.performance.maker import AFTER, MODEL, serve, write_runs

from release_actions.errors import InputError
from release_actions.performance import files, formats
from release_actions.performance.model import IDENTITY, Run
from release_actions.performance.reading import Results, read_results

FILES = Path(__file__).parent / "files"


def read(*names: str) -> Results:
    return read_results(names, FILES)


def only_run(name: str) -> Run:
    results = read(name)
    assert results.unreadable == ()
    assert results.ignored == ()
    (run,) = results.runs
    return run


def test_serve_gives_load_metrics_commit_and_time() -> None:
    run = only_run("vllm-serve.json")

    named = ("tool", "model", "rate", "num-prompts", "burstiness", "tp")
    assert [run.settings.get(name) for name in named] == ["vllm serve", MODEL, "inf", "200", "1", "2"]
    assert run.metrics["median_ttft_ms"] == 100.0
    assert run.metrics["request_goodput"] == 9.5
    assert "std_ttft_ms" not in run.metrics
    assert (run.commit, run.started) == (AFTER, "2026-08-01T12:00:00")
    assert run.work == {"input tokens": 512.0, "output tokens": 128.0}
    assert run.defects == ()


def test_appended_results_are_a_run_each() -> None:
    results = read("vllm-serve-append.json")

    assert [run.metrics["median_ttft_ms"] for run in results.runs] == [100.0, 104.0]
    assert [str(run.source) for run in results.runs] == ["vllm-serve-append.json", "vllm-serve-append.json (run 2)"]


def test_latency_gives_percentiles_in_seconds() -> None:
    run = only_run("vllm-latency.json")

    assert run.settings == {"tool": "vllm latency"}
    assert (run.metrics["p50_latency"], run.metrics["avg_latency"]) == (0.8049, 0.8094)
    assert not run.names_commit


def test_throughput_gives_rates() -> None:
    run = only_run("vllm-throughput.json")

    assert run.settings == {"tool": "vllm throughput", "num-prompts": "1000"}
    assert run.metrics == {"elapsed_time": 41.27, "requests_per_second": 24.23, "tokens_per_second": 10012.4}


def test_startup_gives_cold_and_warm_times() -> None:
    run = only_run("vllm-startup.json")

    assert run.settings["tool"] == "vllm startup"
    assert (run.metrics["avg_cold_startup_time"], run.metrics["avg_warm_startup_time"]) == (41.333, 22.267)


def test_benchmark_records_of_a_file_are_one_run_until_a_metric_comes_again() -> None:
    first, second = read("pytorch-v3.json").runs

    assert first.metrics == {"median_ttft_ms": 100.0, "median_tpot_ms": 10.0}
    assert second.metrics == {"median_ttft_ms": 101.0, "median_tpot_ms": 10.1}
    assert first.commit == "c" * 40
    assert first.runner == "linux.dgx.h100"
    assert first.engine == "vllm 0.24.0"
    assert first.settings["device"] == "4 x NVIDIA H100 80GB HBM3"
    assert (first.settings["input-len"], first.settings["rate"]) == ("512", "inf")
    assert "host" not in first.settings


def test_iterations_of_a_record_are_one_value_not_many_runs() -> None:
    first, second = read("pytorch-v3-lines.jsonl").runs

    assert first.metrics == {"p50_latency": pytest.approx(0.80490, abs=0.0001)}
    assert second.metrics == {"p50_latency": pytest.approx(0.81490, abs=0.0001)}


def test_guidellm_gives_a_run_a_benchmark_with_its_labels() -> None:
    run = only_run("guidellm.json")

    named = ("tool", "model", "rate", "concurrency", "dataset")
    assert [run.settings[name] for name in named] == ["guidellm", "llama-3.1-8b-instruct", "inf", "2", "text_file"]
    assert run.metrics["median_ttft_ms"] == pytest.approx(24.72, abs=0.01)
    assert run.metrics["median_tpot_ms"] == pytest.approx(3.77, abs=0.01)
    assert run.metrics["median_itl_ms"] == pytest.approx(2.33, abs=0.01)
    assert run.metrics["median_e2el_ms"] == pytest.approx(60.9, abs=0.1)
    assert run.metrics["output_throughput"] == pytest.approx(481.9, abs=0.1)
    assert run.work == {"input tokens": 27.0, "output tokens": 16.0}
    assert run.commit == "c" * 40
    assert run.is_saturated


def test_guidellm_with_failed_requests_has_a_defect() -> None:
    assert only_run("guidellm-errors.json").defects == (
        "10 requests failed",
        "20 of 30 requests were completed",
    )


def test_real_results_of_serve_name_load_commit_and_work() -> None:
    run = only_run("vllm-0.33.0/serve.json")

    load = {"num-prompts": "100", "rate": "inf", "burstiness": "1", "concurrency": "4"}
    client = {"endpoint_type": "openai", "backend": "openai", "tokenizer_id": "tokenizer"}
    assert run.settings == {"tool": "vllm serve", "model": "acme/tiny", "tp": "2"} | load | client
    assert run.metrics["median_ttft_ms"] == pytest.approx(13.135, abs=0.001)
    assert run.metrics["output_throughput"] == pytest.approx(978.897, abs=0.001)
    assert (run.commit, run.started) == (AFTER, "2026-11-30T21:25:59")
    assert run.work == {"input tokens": 32.0, "output tokens": 16.0}
    assert (run.defects, run.is_saturated) == ((), True)


@pytest.mark.parametrize(
    ("name", "defects"),
    [
        ("serve-failed", ("4 requests failed", "36 of 40 requests were completed")),
        ("serve-down", ("10 requests failed", "0 of 10 requests were completed", "no token was generated")),
    ],
)
def test_real_results_of_a_server_that_failed_are_broken(name: str, defects: tuple[str, ...]) -> None:
    assert only_run(f"vllm-0.33.0/{name}.json").defects == defects


def test_real_results_with_details_and_of_several_runs_are_read() -> None:
    detailed = only_run("vllm-0.33.0/serve-detailed.json")
    appended = read("vllm-0.33.0/serve-append.json").runs

    assert detailed.metrics["median_tpot_ms"] == pytest.approx(2.483, abs=0.001)
    assert [run.settings["rate"] for run in appended] == ["20", "20"]
    assert [round(run.metrics["median_tpot_ms"], 3) for run in appended] == [2.74, 3.289]


def test_a_ramp_is_another_load_than_an_unlimited_rate() -> None:
    run = only_run("vllm-0.33.0/serve-ramp.json")

    assert run.settings["rate"] == "linear 5 to 30"
    assert not run.is_saturated
    assert {"probe_completed", "ramp_up_end_rps"}.isdisjoint(run.settings)


def test_real_results_of_latency_throughput_and_startup_are_read() -> None:
    latency, throughput, startup = (
        only_run(f"vllm-0.33.0/{name}.json") for name in ("latency", "throughput", "startup")
    )

    assert latency.settings == {"tool": "vllm latency", "model": "acme/tiny"}
    assert latency.metrics["p50_latency"] == pytest.approx(0.025428, abs=1e-6)
    assert throughput.settings == {"tool": "vllm throughput", "model": "acme/tiny", "num-prompts": "20"}
    assert throughput.metrics["tokens_per_second"] == pytest.approx(18383.7, abs=0.1)
    assert throughput.work == {"tokens": 48.0}
    assert startup.metrics["avg_cold_startup_time"] == pytest.approx(0.25684, abs=1e-5)


def test_real_records_of_serve_know_commit_load_and_failed_requests(tmp_path: Path) -> None:
    text = (FILES / "vllm-0.33.0" / "serve.pytorch.json").read_text(encoding="utf-8")
    (tmp_path / "whole.json").write_text(text, encoding="utf-8")
    (tmp_path / "broken.json").write_text(
        text.replace('"failed": 0', '"failed": 7').replace('"20261130-212559"', '"20261130-212600"'), encoding="utf-8"
    )

    broken, whole = read_results(["."], tmp_path).runs

    assert (whole.commit, whole.started) == (AFTER, "2026-11-30T21:25:59")
    assert [whole.settings[name] for name in ("model", "rate", "concurrency", "input-len")] == [
        *("acme/tiny", "inf", "4", "32")
    ]
    assert sorted(whole.metrics) == ["median_itl_ms", "median_tpot_ms", "median_ttft_ms"]
    assert whole.work == {"input tokens": 32.0, "output tokens": 16.0}
    assert (whole.defects, broken.defects) == ((), ("7 requests failed",))


def test_records_of_a_start_in_several_files_are_one_run(tmp_path: Path) -> None:
    for name in ("startup.cold_startup.pytorch.json", "startup.warm_startup.pytorch.json"):
        shutil.copy(FILES / "vllm-0.33.0" / name, tmp_path)

    (run,) = read_results(["."], tmp_path).runs

    assert sorted(run.metrics) == ["avg_cold_startup_time", "avg_warm_startup_time"]


def test_a_folder_as_inference_perf_leaves_it_gives_a_run_a_stage() -> None:
    results = read("inference-perf-0.7.0")

    named = ("tool", "model", "rate", "num-prompts", "stage", "dataset")
    assert [[run.settings[name] for name in named] for run in results.runs] == [
        ["inference-perf", "acme/tiny", "20", "60", "0", "random"],
        ["inference-perf", "acme/tiny", "40", "120", "1", "random"],
    ]
    first = results.runs[0]
    assert first.metrics["median_ttft_ms"] == pytest.approx(14.0948, abs=0.0001)
    assert first.metrics["output_throughput"] == pytest.approx(316.291, abs=0.001)
    assert first.work == {"input tokens": 32.0, "output tokens": 16.0}
    assert (first.defects, first.is_saturated) == ((), False)
    about = "it is about the stages beside it, which are read"
    assert {Path(unused.file).name: unused.reason for unused in results.ignored} == {
        "config.yaml": about,
        "inference-perf.partial.stage_0.yaml": about,
        "inference-perf.partial.stage_1.yaml": about,
        "summary_lifecycle_metrics.json": "the stages beside it are read, whose requests it has again",
    }


def test_requests_that_failed_in_inference_perf_are_a_defect() -> None:
    (run,) = read("inference-perf-0.7.0-failed").runs

    assert run.defects == ("6 requests failed", "54 of 60 requests were completed")


@pytest.mark.parametrize(
    ("file", "count"),
    [("inference-perf-0.7.0/stage_0_lifecycle_metrics.json", "count"), ("guidellm.json", "successful")],
)
def test_a_report_without_the_number_of_requests_cannot_be_trusted(tmp_path: Path, file: str, count: str) -> None:
    text = re.sub(rf'"{count}": [0-9]+', '"note": 0', (FILES / file).read_text(encoding="utf-8"))
    (tmp_path / "report.json").write_text(text, encoding="utf-8")

    (run,) = read_results(["report.json"], tmp_path).runs

    assert run.defects == ("it does not say how many requests were completed",)


def test_a_prefix_of_all_names_and_reports_of_adapters_add_no_run(tmp_path: Path) -> None:
    real = FILES / "inference-perf-0.7.0"
    for name in ("config.yaml", "stage_0_lifecycle_metrics.json", "summary_lifecycle_metrics.json"):
        shutil.copy(real / name, tmp_path / f"mine-{name}")
    of_adapter = (real / "stage_1_lifecycle_metrics.json").read_text(encoding="utf-8")
    for name in ("adapter_a1_lifecycle_metrics.json", "adapter_a1_stage_0_lifecycle_metrics.json"):
        (tmp_path / f"mine-{name}").write_text(of_adapter, encoding="utf-8")

    (run,) = read_results(["."], tmp_path).runs

    assert (run.source.file, run.settings["model"]) == ("mine-stage_0_lifecycle_metrics.json", "acme/tiny")


def test_a_stage_of_inference_perf_that_was_cut_short_is_broken(tmp_path: Path) -> None:
    real = FILES / "inference-perf-0.7.0"
    shutil.copy(real / "config.yaml", tmp_path)
    text = (real / "stage_0_lifecycle_metrics.json").read_text(encoding="utf-8")
    (tmp_path / "stage_0_lifecycle_metrics.json").write_text(text.replace('"count": 60', '"count": 31'), "utf-8")

    (run,) = read_results(["."], tmp_path).runs

    assert run.defects == ("31 of 60 requests were completed",)
    assert run.settings["num-prompts"] == "60"


def test_what_prometheus_said_of_a_stage_is_no_result(tmp_path: Path) -> None:
    report = {"load_summary": {}, "successes": {"count": 480, "rate": 8.0}, "failures": {}}
    (tmp_path / "stage_0_prometheus_metrics.json").write_text(json.dumps(report), encoding="utf-8")

    assert read_results(["."], tmp_path).runs == ()


def test_report_of_llm_d_benchmark_is_read_in_its_units() -> None:
    newer, older = only_run("llm-d-report-0.2.1.yaml"), only_run("llm-d-report-0.1.yaml")

    assert newer.metrics["median_ttft_ms"] == pytest.approx(36.2)
    assert older.metrics["median_ttft_ms"] == pytest.approx(203.5)
    assert (newer.settings["tp"], newer.settings["device"]) == ("8", "NVIDIA-H100-80GB-HBM3")
    assert newer.metrics["output_throughput"] == pytest.approx(1364.0)
    assert older.metrics["output_throughput"] == 32.5
    assert newer.started.startswith("2026-08-05T18:00:42")
    assert newer.engine == "llm-d ghcr.io/llm-d/llm-d-cuda:v0.6.0"


def test_unknown_unit_of_a_report_is_a_defect(tmp_path: Path) -> None:
    text = (FILES / "llm-d-report-0.1.yaml").read_text(encoding="utf-8").replace("ms/token", "fortnights")
    (tmp_path / "report.yaml").write_text(text, encoding="utf-8")

    (run,) = read_results(["report.yaml"], tmp_path).runs

    assert run.defects == ("time_per_output_token is in fortnights, which is not known",)


def test_own_results_are_read_from_json_and_csv_alike() -> None:
    from_json, from_csv = read("own.json").runs, read("own.csv").runs

    assert [run.metrics["parse_ms"] for run in from_json] == [run.metrics["parse_ms"] for run in from_csv]
    assert {run.commit for run in (*from_json, *from_csv)} == {"d" * 40}
    assert {run.settings["tool"] for run in (*from_json, *from_csv)} == {"parse"}
    assert {run.settings["size"] for run in (*from_json, *from_csv)} == {"1000"}
    assert from_csv[1].metrics["rows_per_s"] == 77.5


def test_a_folder_skips_what_vllm_and_inference_perf_write_twice() -> None:
    results = read(".")

    reasons = {unused.file: unused.reason for unused in results.ignored}
    assert reasons["vllm-serve.pytorch.json"] == "vLLM wrote the same run to vllm-serve.json, which is read"
    summary = reasons["inference-perf-0.7.0/summary_lifecycle_metrics.json"]
    assert summary == "the stages beside it are read, whose requests it has again"


def test_llm_d_benchmarks_newest_report_stands_for_the_result_and_the_older_report(tmp_path: Path) -> None:
    native = "stage_0_lifecycle_metrics.json"
    shutil.copy(FILES / "inference-perf-0.7.0" / native, tmp_path / native)
    shutil.copy(FILES / "llm-d-report-0.1.yaml", tmp_path / f"benchmark_report,_{native}.yaml")
    shutil.copy(FILES / "llm-d-report-0.2.1.yaml", tmp_path / f"benchmark_report_v0.2,_{native}.yaml")
    shutil.copy(FILES / "guidellm.json", tmp_path / "results.json")
    shutil.copy(FILES / "llm-d-report-0.1.yaml", tmp_path / "benchmark_report,_results.json_0.yaml")

    results = read_results(["."], tmp_path)

    assert [run.source.file for run in results.runs] == [
        "benchmark_report,_results.json_0.yaml",
        f"benchmark_report_v0.2,_{native}.yaml",
    ]
    newest = f"benchmark_report_v0.2,_{native}.yaml"
    assert {unused.file: unused.reason for unused in results.ignored} == {
        f"benchmark_report,_{native}.yaml": f"llm-d-benchmark wrote the same run to {newest}, which is read",
        native: f"llm-d-benchmark wrote the same run to {newest}, which is read",
        "results.json": "llm-d-benchmark wrote the same run to benchmark_report,_results.json_0.yaml, which is read",
    }


def test_a_summary_that_holds_the_runs_again_adds_none(tmp_path: Path) -> None:
    runs = [serve(date=f"2026080{number}-120000", run_number=number) for number in range(1, 4)]
    write_runs(tmp_path / "side", runs)
    (tmp_path / "side" / "summary.json").write_text(json.dumps(runs, indent=4), encoding="utf-8")

    results = read_results(["side"], tmp_path)

    assert [str(run.source) for run in results.runs] == [f"side/run-{number}.json" for number in (1, 2, 3)]
    assert [(unused.file, unused.reason) for unused in results.ignored] == [
        ("side/summary.json", "it is a copy of side/run-1.json, and a run counts once")
    ]


def test_runs_without_a_date_are_no_copies_however_alike(tmp_path: Path) -> None:
    text = json.dumps({"runs": [{"metrics": {"parse_ms": 12}}, {"metrics": {"parse_ms": 12}}]})
    (tmp_path / "own.json").write_text(text, encoding="utf-8")

    assert len(read_results(["own.json"], tmp_path).runs) == 2


def test_our_own_report_beside_its_results_is_skipped_and_alone_is_read(tmp_path: Path) -> None:
    report = {"report": "perf-gate", "runs": [{"metrics": {"parse_ms": 12}, "settings": {"tool": "x"}}]}
    for folder in ("beside", "alone"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "performance.json").write_text(json.dumps(report), encoding="utf-8")
    write_runs(tmp_path / "beside", [serve()])

    beside, alone = read_results(["beside"], tmp_path), read_results(["alone"], tmp_path)

    assert [run.source.file for run in beside.runs] == ["beside/run-1.json"]
    assert beside.ignored[0].reason == "it is a report of perf-gate, and results are beside it"
    assert [run.source.file for run in alone.runs] == ["alone/performance.json"]


def test_copies_count_once_and_are_named(tmp_path: Path) -> None:
    for name in ("a.json", "b.json"):
        shutil.copy(FILES / "vllm-serve.json", tmp_path / name)

    results = read_results(["."], tmp_path)

    assert len(results.runs) == 1
    assert [str(unused.reason) for unused in results.ignored] == ["it is a copy of a.json, and a run counts once"]


def test_a_file_that_ends_too_early_is_unreadable_not_ignored(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(json.dumps(serve())[:-40], encoding="utf-8")

    results = read_results(["run.json"], tmp_path)

    assert results.runs == ()
    assert [unused.file for unused in results.unreadable] == ["run.json"]


@pytest.mark.parametrize(
    ("values", "defect"),
    [
        ({"failed": 12}, "12 requests failed"),
        ({"completed": 150}, "150 of 200 requests were completed"),
        ({"completed": 0, "num_prompts": 0}, "no request was completed"),
        ({"total_output_tokens": 0}, "no token was generated"),
    ],
)
def test_a_run_that_failed_in_part_has_a_defect(tmp_path: Path, values: dict[str, int], defect: str) -> None:
    write_runs(tmp_path / "side", [serve(values)])

    (run,) = read_results(["side"], tmp_path).runs

    assert run.defects == (defect,)


def test_a_run_that_was_copied_counts_once_whatever_its_date(tmp_path: Path) -> None:
    result = json.loads((FILES / "vllm-0.33.0" / "serve.json").read_text(encoding="utf-8"))
    write_runs(tmp_path / "runs", [{**result, "date": f"20261130-21{minute}00"} for minute in (10, 11, 12)])

    results = read_results(["runs"], tmp_path)

    assert [run.source.file for run in results.runs] == ["runs/run-1.json"]
    assert [unused.reason for unused in results.ignored] == ["it is the same run as runs/run-1.json"] * 2


def test_a_copy_without_its_failed_requests_does_not_hide_them(tmp_path: Path) -> None:
    result = json.loads((FILES / "vllm-0.33.0" / "serve.json").read_text(encoding="utf-8"))
    write_runs(tmp_path / "runs", [result, {**result, "failed": 3}])

    runs = read_results(["runs"], tmp_path).runs

    assert [run.defects for run in runs] == [(), ("3 requests failed",)]


@pytest.mark.parametrize("value", ["0", -1, math.nan, True])
def test_a_count_that_is_none_is_a_defect(tmp_path: Path, value: object) -> None:
    write_runs(tmp_path, [serve(failed=value)])

    (run,) = read_results(["run-1.json"], tmp_path).runs

    assert "failed is no count" in run.defects


def test_metadata_cannot_change_the_load_that_vllm_wrote(tmp_path: Path) -> None:
    write_runs(tmp_path, [{"rate": "inf", "concurrency": "4", "model": "b", **serve(request_rate=1.0)}])

    (run,) = read_results(["run-1.json"], tmp_path).runs

    assert (run.settings["rate"], run.settings["model"]) == ("1", MODEL)
    assert "concurrency" not in run.settings


def test_half_a_character_and_bytes_that_are_no_text_can_be_written_again(tmp_path: Path) -> None:
    text = json.dumps({"settings": {"tool": "x\ud800", "\udfff": 1}, "metrics": {"m\ud800": 1.0}})
    name = os.fsdecode(b"run-\xff.json")
    (tmp_path / name).write_text(text, encoding="utf-8")

    (run,) = read_results(["."], tmp_path).runs

    assert run.source.file == "run-?.json"
    assert repr(run).encode().decode() == repr(run)
    assert run.settings["tool"] == "x\ufffd"


@pytest.mark.parametrize(
    ("missing", "defect"),
    [
        (("completed", "failed"), "it does not say how many requests were completed"),
        (("num_prompts", "failed"), "it does not say how many requests were sent, nor how many failed"),
    ],
)
def test_a_result_of_serve_without_its_counts_cannot_be_trusted(
    tmp_path: Path, missing: tuple[str, ...], defect: str
) -> None:
    result = {key: value for key, value in serve().items() if key not in missing}
    (tmp_path / "run.json").write_text(json.dumps(result), encoding="utf-8")

    (run,) = read_results(["run.json"], tmp_path).runs

    assert run.defects == (defect,)


def test_older_files_without_failed_are_judged_by_completed(tmp_path: Path) -> None:
    result = serve(completed=199)
    del result["failed"]
    write_runs(tmp_path / "side", [result])

    (run,) = read_results(["side"], tmp_path).runs

    assert run.defects == ("199 of 200 requests were completed",)


def test_sidecar_names_what_a_format_cannot(tmp_path: Path) -> None:
    (tmp_path / "side" / "inner").mkdir(parents=True)
    shutil.copy(FILES / "vllm-latency.json", tmp_path / "side" / "inner" / "latency.json")
    about = {"model": MODEL, "input_len": 32, "commit": AFTER, "runner": "h100-1", "engine": "vllm 0.24.0"}
    (tmp_path / "side" / "perf-run.json").write_text(json.dumps(about), encoding="utf-8")

    (run,) = read_results(["side"], tmp_path).runs

    assert (run.settings["model"], run.settings["input-len"]) == (MODEL, "32")
    assert (run.commit, run.runner, run.engine) == (AFTER, "h100-1", "vllm 0.24.0")


def test_what_a_result_says_wins_over_the_sidecar(tmp_path: Path) -> None:
    write_runs(tmp_path / "side", [serve()])
    (tmp_path / "side" / "perf-run.json").write_text('{"model": "other/model"}', encoding="utf-8")

    (run,) = read_results(["side"], tmp_path).runs

    assert run.settings["model"] == MODEL


def test_a_broken_sidecar_is_refused(tmp_path: Path) -> None:
    write_runs(tmp_path / "broken", [serve()])
    (tmp_path / "broken" / "perf-run.json").write_text("[1]", encoding="utf-8")

    with pytest.raises(InputError, match=r"broken/perf-run\.json is not a JSON object"):
        read_results(["broken"], tmp_path)


def test_globs_and_folders_give_each_file_once_in_natural_order(tmp_path: Path) -> None:
    write_runs(tmp_path / "side", [serve(median_ttft_ms=100.0 + number) for number in range(11)])

    results = read_results(["side/run-1*.json", "side"], tmp_path)

    assert [run.source.file for run in results.runs][:5] == [
        "side/run-1.json",
        "side/run-10.json",
        "side/run-11.json",
        "side/run-2.json",
        "side/run-3.json",
    ]
    assert len(results.runs) == 11


@pytest.mark.parametrize("text", ["inf", "Infinity", " INF "])
def test_an_unlimited_rate_is_one_however_it_is_written(tmp_path: Path, text: str) -> None:
    write_runs(tmp_path / "side", [serve(request_rate=text), serve(request_rate=float("inf"), date="20260802-120000")])

    assert {run.settings["rate"] for run in read_results(["side"], tmp_path).runs} == {"inf"}


def test_numbers_that_are_texts_in_metadata_are_the_same_setting(tmp_path: Path) -> None:
    write_runs(tmp_path / "side", [serve(tp="4"), serve(tensor_parallel_size=4.0)])

    assert {run.settings["tp"] for run in read_results(["side"], tmp_path).runs} == {"4"}


def test_csv_mistakes_name_their_line(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("run,metric,value\n1,parse_ms,fast\n", encoding="utf-8")
    (tmp_path / "b.csv").write_text("run,metric,value\n1,parse_ms,1\n1,parse_ms,2\n", encoding="utf-8")
    (tmp_path / "c.csv").write_text("run,value\n1,1\n", encoding="utf-8")

    results = read_results(["."], tmp_path)

    assert [unused.reason for unused in results.unreadable] == [
        "line 2 has the value 'fast', which is not a number",
        "line 3 gives parse_ms of run 1 a second time",
    ]
    assert [unused.file for unused in results.ignored] == ["c.csv"]


def test_files_far_outside_the_workspace_can_be_named(tmp_path: Path) -> None:
    write_runs(tmp_path / "side", [serve()])

    (run,) = read_results([str(tmp_path / "side")], FILES).runs
    (same,) = read_results([str(tmp_path / "side" / "*.json")], FILES).runs

    assert run == same
    assert files.name_of(tmp_path, FILES) == tmp_path.as_posix()


def test_manifests_and_templates_beside_the_results_are_ignored(tmp_path: Path) -> None:
    write_runs(tmp_path / "side", [serve()])
    (tmp_path / "side" / "workflow.yaml").write_text("on: push\n---\n1: {true: x}\n", encoding="utf-8")
    (tmp_path / "side" / "template.yaml").write_text("a: {{ .Values.a }}: b\n", encoding="utf-8")
    (tmp_path / "side" / "benchmark_report,_x.yaml").write_text("results: [\n", encoding="utf-8")

    results = read_results(["side"], tmp_path)

    assert len(results.runs) == 1
    assert [unused.file for unused in results.ignored] == ["side/template.yaml", "side/workflow.yaml"]
    assert [unused.file for unused in results.unreadable] == ["side/benchmark_report,_x.yaml"]


KEYS = (
    "request_throughput", "model_id", "num_prompts", "completed", "failed", "total_output_tokens",
    "output_throughput", "date", "avg_latency", "latencies", "percentiles", "elapsed_time", "requests_per_second",
    "avg_cold_startup_time", "metric", "benchmark", "benchmark_values", "name", "extra_info", "args", "model",
    "runners", "gpu_count", "timestamp", "dependencies", "vllm", "benchmarks", "metrics", "config", "strategy",
    "spec", "data", "start_time", "request_totals", "successful", "load_summary", "successes", "failures", "latency",
    "throughput", "count", "scenario", "version", "results", "request_performance", "aggregate", "units", "mean",
    "p50", "run", "time", "start", "stack", "standardized", "accelerator", "load", "runs", "settings", "requests",
    "work", "defects", "report",
)  # fmt: skip
"""Every key that a reader looks at, so that made-up values go deep."""

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["", "inf", "0.2", "ms", "x"])
trees = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=8)
)
RECOGNISED: tuple[dict[str, Any], ...] = (
    {"request_throughput": 1.0, "model_id": "m"},
    {"avg_latency": 1.0, "latencies": []},
    {"elapsed_time": 1.0, "requests_per_second": 1.0},
    {"metric": {"benchmark_values": [1.0]}, "benchmark": {}},
    {"benchmarks": [{"metrics": {}}]},
    {"load_summary": {}, "successes": {"latency": {}}, "failures": {}},
    {"version": "0.2", "scenario": {}, "results": {}},
    {"metrics": {"x": 1}},
)


@given(st.sampled_from(RECOGNISED), st.dictionaries(st.sampled_from(KEYS), trees, max_size=8))
@settings(deadline=None, max_examples=300)
def test_no_result_however_odd_stops_the_reader(known: dict[str, Any], odd: dict[str, Any]) -> None:
    for value in ({**known, **odd}, {**odd, **known}):
        for run in formats.runs_of([value], Path("odd.json"), "odd.json"):
            assert all(isinstance(number, float) for number in run.metrics.values())
            assert all(isinstance(text, str) for text in run.settings.values())


def test_yaml_that_names_billions_of_values_or_itself_is_read_quickly(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    (tmp_path / "bomb.yaml").write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "circle.yaml").write_text("a: &a {b: *a}\n", encoding="utf-8")

    assert read_results(["."], tmp_path).runs == ()


def test_what_is_no_glob_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is neither a path nor a glob"):
        files.matches_of("", tmp_path)


def test_a_table_that_is_no_table_is_unreadable(tmp_path: Path) -> None:
    huge = "x" * 200_000
    (tmp_path / "a.csv").write_text(f'run,metric,value\n1,"{huge}",2\n', encoding="utf-8")

    (unused,) = read_results(["."], tmp_path).unreadable

    assert unused.reason.startswith("it is not CSV: field larger than field limit")


@pytest.mark.parametrize("incomplete", [500, 3])
def test_requests_of_guidellm_that_never_ended_are_a_defect(tmp_path: Path, incomplete: int) -> None:
    report = json.loads((FILES / "guidellm.json").read_text(encoding="utf-8"))
    report["benchmarks"][0]["metrics"]["request_totals"] |= {"successful": 20, "incomplete": incomplete}
    (tmp_path / "report.json").write_text(json.dumps(report), encoding="utf-8")

    (run,) = read_results(["report.json"], tmp_path).runs

    assert run.defects == (f"{incomplete} requests were never completed",)


def test_what_was_in_flight_when_guidellm_stopped_is_no_defect(tmp_path: Path) -> None:
    report = json.loads((FILES / "guidellm.json").read_text(encoding="utf-8"))
    report["benchmarks"][0]["metrics"]["request_totals"]["incomplete"] = 2
    (tmp_path / "report.json").write_text(json.dumps(report), encoding="utf-8")

    (run,) = read_results(["report.json"], tmp_path).runs

    assert run.defects == ()


@pytest.mark.parametrize(
    ("requests", "defect"),
    [
        ({"total": 1000, "failures": 0, "incomplete": 900}, "900 requests were never completed"),
        ({"total": 10, "failures": 10}, "10 requests failed"),
        (None, "it does not say how many requests were completed"),
    ],
)
def test_a_report_of_llm_d_benchmark_without_answers_is_broken(
    tmp_path: Path, requests: dict[str, int] | None, defect: str
) -> None:
    report = yaml.safe_load((FILES / "llm-d-report-0.1.yaml").read_text(encoding="utf-8"))
    report["metrics"]["requests"] = requests
    (tmp_path / "report.yaml").write_text(yaml.safe_dump(report), encoding="utf-8")

    (run,) = read_results(["report.yaml"], tmp_path).runs

    assert run.defects == (defect,)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it is empty"),
        (" \n", "it is empty"),
        ("[]", "it is empty"),
        ('{"error": "the server crashed"}', "it holds an error instead of a result"),
        ('{"object": "error", "message": "x"}', "it holds an error instead of a result"),
    ],
)
def test_what_a_crashed_benchmark_leaves_is_unreadable(tmp_path: Path, text: str, reason: str) -> None:
    write_runs(tmp_path / "side", [serve()])
    (tmp_path / "side" / "run-2.json").write_text(text, encoding="utf-8")

    results = read_results(["side"], tmp_path)

    assert [(unused.file, unused.reason) for unused in results.unreadable] == [("side/run-2.json", reason)]
    assert results.ignored == ()


def test_an_empty_manifest_beside_the_results_is_ignored(tmp_path: Path) -> None:
    write_runs(tmp_path / "side", [serve()])
    (tmp_path / "side" / "values.yaml").write_text("", encoding="utf-8")

    results = read_results(["side"], tmp_path)

    assert (results.unreadable, [unused.file for unused in results.ignored]) == ((), ["side/values.yaml"])


@pytest.mark.parametrize("value", [None, "NaN"])
def test_null_or_text_in_place_of_a_metric_is_no_number(tmp_path: Path, value: str | None) -> None:
    write_runs(tmp_path / "side", [serve({"median_tpot_ms": value, "request_goodput:": None})])

    (run,) = read_results(["side"], tmp_path).runs

    assert math.isnan(run.metrics["median_tpot_ms"])
    assert "request_goodput" not in run.metrics


def test_files_of_a_folder_that_are_not_read_are_named(tmp_path: Path) -> None:
    write_runs(tmp_path / "side", [serve()])
    for name in ("run-2.txt", "run-3.json.bak", ".hidden"):
        (tmp_path / "side" / name).write_text(json.dumps(serve()), encoding="utf-8")

    results = read_results(["side"], tmp_path)

    assert len(results.runs) == 1
    assert {unused.file: unused.reason for unused in results.ignored} == dict.fromkeys(
        ("side/run-2.txt", "side/run-3.json.bak"),
        "its name does not end as those of results do, so it was not read",
    )


def components(tmp_path: Path, change: dict[str, Any]) -> str:
    report = yaml.safe_load((FILES / "llm-d-report-0.2.1.yaml").read_text(encoding="utf-8"))
    (stack,) = report["scenario"]["stack"]
    report["scenario"]["stack"] *= change.pop("times", 1)
    stack["standardized"] |= {"role": change.pop("role", "decode"), "replicas": change.pop("replicas", 2)}
    stack["standardized"]["accelerator"] |= change
    (tmp_path / "report.yaml").write_text(yaml.safe_dump(report), encoding="utf-8")
    (run,) = read_results(["report.yaml"], tmp_path).runs
    return run.settings["components"]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({}, "1 x decode (replicas 2, devices 8)"),
        ({"count": 16}, "1 x decode (replicas 2, devices 16)"),
        ({"replicas": 4}, "1 x decode (replicas 4, devices 8)"),
        ({"times": 3}, "3 x decode (replicas 2, devices 8)"),
        ({"role": "prefill"}, "1 x prefill (replicas 2, devices 8)"),
    ],
)
def test_more_devices_or_components_of_llm_d_are_another_load(
    tmp_path: Path, change: dict[str, Any], text: str
) -> None:
    assert components(tmp_path, dict(change)) == text


def test_an_older_report_of_llm_d_benchmark_counts_its_accelerators() -> None:
    assert only_run("llm-d-report-0.1.yaml").settings["components"] == "1 x replica (devices 1)"


def test_components_keep_groups_of_llm_d_apart() -> None:
    assert "components" in IDENTITY


def test_globs_tell_the_sides_of_an_unpacked_artifact_apart(tmp_path: Path) -> None:
    folder = tmp_path / "benchmark-results" / "performance" / "results"
    for side in ("baseline", "candidate"):
        write_runs(folder / side, [serve()])

    results = read_results(["benchmark-results/**/candidate/*"], tmp_path)

    assert [run.source.file for run in results.runs] == ["benchmark-results/performance/results/candidate/run-1.json"]
