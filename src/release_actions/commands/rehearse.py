"""rehearse: play a whole release on the embedded GitHub and GHCR, and judge it.

Nothing real is reached: the actions get the simulator's addresses and a token that opens nothing else.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from pathlib import Path

from release_actions.config import load_config
from release_actions.errors import ExitCode, InputError
from release_actions.rehearsal import narrate
from release_actions.rehearsal.play import rehearse
from release_actions.rehearsal.scenario import load_scenario
from release_actions.rehearsal.setting import JUDGE_TOKEN, set_up
from release_actions.rehearsal.stage import ROOT, Script
from release_actions.runner import inputs
from release_actions.runner.context import Context
from release_actions.runner.report import Finding, Level, Report
from release_actions.runner.workflow import Workflow
from release_actions.simulator import Simulator
from release_actions.simulator.fault_file import faults_named
from release_actions.simulator.faults import PRESETS

EXAMPLE = ROOT / "examples" / "llm-d"


@dataclass(frozen=True)
class Inputs:
    """The flags of `./release-actions rehearse`."""

    scenario: str = inputs.option(
        inputs.text, "", about="Scenario to play; docs/rehearsal.md says how to write one. Default: llm-d's v0.5.0."
    )
    config: str = inputs.option(inputs.text, "", about="release.yaml of the scenario's project. Default: llm-d's.")
    seed: int = inputs.option(inputs.integer(), 0, about="Number that the images and the chances follow from.")
    faults: str = inputs.option(
        inputs.text, "", about=f"Trouble on the line while the actions run: {', '.join(PRESETS)}, or a file of faults."
    )
    keep: bool = inputs.option(
        inputs.boolean, default=False, about="Leave the simulator up at the end and print its addresses."
    )
    output: str = inputs.option(
        inputs.text, "rehearsal-report", about="Folder for report.md and report.json. Default: rehearsal-report."
    )


OUTPUTS = (
    "name",
    "held",
    "seed",
    "faults",
    "seconds",
    "requests",
    "invariants",
    "steps",
)


def run(given: Inputs, context: Context, log: Workflow) -> Report:
    """Play the scenario. Exit code 1 when an invariant broke or an action failed."""
    script = script_of(given, context)
    folder = context.path(given.output)
    # What cannot be written is better known before, and no report of an earlier run is taken for this one's.
    write(folder, "", "")
    setting = set_up(script.scenario, script.config, script.seed)
    with Simulator(setting.world, faults=script.faults) as simulator:
        log.info(f"{script.scenario.name}, on GitHub at {simulator.api_url} and GHCR at {simulator.registry_url}")
        rehearsal = rehearse(script, simulator, setting, log.info)
        for line in narrate.conclusion(rehearsal):
            log.info(line)
        files = write(folder, narrate.page(rehearsal), json.dumps(rehearsal.as_json(), indent=2) + "\n")
        log.info(f"Report: {files[0]} and {files[1]}")
        if given.keep:
            stay(simulator, script, log)
    return Report(
        outputs=rehearsal.as_json(),
        summary=narrate.page(rehearsal),
        findings=tuple(
            Finding.of(Level.ERROR, f"Step {step.number}, {step.title}: {fault}", rule="rehearsal")
            for step in rehearsal.steps
            for fault in step.first_faults(1)
        ),
        exit_code=ExitCode.PASS if rehearsal.held else ExitCode.REFUSED,
    )


def script_of(given: Inputs, context: Context) -> Script:
    """What to play: what the flags name, llm-d's release where they name nothing."""
    scenario = context.path(given.scenario) if given.scenario else EXAMPLE / "rehearsal.yaml"
    config = context.path(given.config) if given.config else EXAMPLE / "release.yaml"
    loaded = load_config(config, name=given.config)
    return Script(
        scenario=load_scenario(scenario, name=given.scenario),
        config=loaded,
        config_file=config,
        seed=given.seed,
        faults=faults_named(given.faults, folder=context.workspace, seed=str(given.seed)) if given.faults else (),
        faults_name=given.faults,
    )


def write(folder: Path, page: str, data: str) -> tuple[Path, Path]:
    """Write the report as Markdown and as JSON. Raises `InputError` when that cannot be done."""
    files = folder / "report.md", folder / "report.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file, text in zip(files, (page, data), strict=True):
            file.write_text(text, encoding="utf-8")
    except OSError as error:
        message = f"The report could not be written to {folder}: {error.strerror}."
        raise InputError(message, hint="Pass another folder with --output.") from error
    return files


def stay(simulator: Simulator, script: Script, log: Workflow) -> None:
    """Leave the simulator up until Ctrl-C, and say how to look at it."""
    package = script.config.packages("release")[0]
    host = simulator.registry_url.partition("://")[2]
    log.info("")
    log.info("The simulator stays up until Ctrl-C. Look at it, for example:")
    log.info(f"  crane ls --insecure {host}/{package.name}")
    path = f"/orgs/{package.owner}/packages/container/{package.package.replace('/', '%2F')}/versions"
    log.info(f"  curl -H 'Authorization: Bearer {JUDGE_TOKEN}' {simulator.api_url}{path}")
    wait_for_interrupt()


def wait_for_interrupt() -> None:
    """Wait for Ctrl-C, which is how this ends and no failure."""
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        return
