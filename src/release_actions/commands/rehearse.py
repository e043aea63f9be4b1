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
from release_actions.images.plain_tags import require_plain_tags
from release_actions.rehearsal.action_runner import ROOT, RehearsalInputs
from release_actions.rehearsal.page import format_page
from release_actions.rehearsal.play import rehearse
from release_actions.rehearsal.rehearsal_world import JUDGE_TOKEN, build_rehearsal_world
from release_actions.rehearsal.scenario import load_scenario
from release_actions.rehearsal.terminal import Terminal
from release_actions.rehearsal.timeline import Line, Style, format_conclusion
from release_actions.runner import inputs
from release_actions.runner.context import Context
from release_actions.runner.files import write_workspace_file
from release_actions.runner.nearest_path import suggest_path
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
    seed: int = inputs.option(inputs.integer(), 0, about="Random seed of the images' content and of faults.")
    nights: int = inputs.option(
        inputs.integer(1),
        2,
        about="Nights that run through the nightly workflow; a stand-in pushes the others.",
    )
    faults: str = inputs.option(
        inputs.text,
        "",
        about=f"Faults that requests meet: {', '.join(PRESETS)}, or a file of faults.",
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
    "candidate-tags",
    "steps",
)


def run(given: Inputs, context: Context, log: Workflow) -> Report:
    """Play the scenario. Exit code 1 when an invariant broke or an action failed."""
    rehearsed = resolve_inputs(given, context)
    folder = context.path(given.output)
    # What cannot be written is better known before, and no report of an earlier run is taken for this one's.
    write(folder, "", "")
    terminal = Terminal(log, context.environ)
    world = build_rehearsal_world(rehearsed.scenario, rehearsed.config, rehearsed.seed)
    with Simulator(world.world, faults=rehearsed.faults) as simulator:
        terminal.show(Line(f"{rehearsed.scenario.name}, rehearsed on an embedded GitHub and GHCR", Style.HEADING))
        terminal.show(Line(f"  GitHub {simulator.api_url}, GHCR {simulator.registry_url}", Style.FAINT))
        with terminal.kept_alive():
            rehearsal = rehearse(rehearsed, simulator, world, terminal)
        files = write(folder, format_page(rehearsal), json.dumps(rehearsal.as_json(), indent=2) + "\n")
        for name, page in rehearsal.page_files().items():
            write_workspace_file(folder / name, name, page)
        for line in format_conclusion(rehearsal):
            terminal.show(line)
        terminal.show(Line(f"Report: {files[0]}, data: {files[1].name}"))
        if given.keep:
            keep_serving(simulator, rehearsed, log)
    return Report(
        outputs=rehearsal.as_json(),
        summary=format_page(rehearsal),
        findings=tuple(
            Finding.of(Level.ERROR, f"Step {step.number}, {step.title}: {problem}", hint=step.hint, rule="rehearsal")
            for step in rehearsal.steps
            for problem in step.first_problems(1)
        ),
        exit_code=ExitCode.PASS if rehearsal.held else ExitCode.REFUSED,
    )


def resolve_inputs(given: Inputs, context: Context) -> RehearsalInputs:
    """What to play: what the flags name, llm-d's release where they name nothing.

    A scenario without a configuration takes the `release.yaml` beside it. Raises `InputError` for a scenario of another
    repository than the configuration's.
    """
    scenario_file = context.path(given.scenario) if given.scenario else EXAMPLE / "rehearsal.yaml"
    beside = scenario_file.parent / "release.yaml"
    config_file = context.path(given.config) if given.config else beside
    config = load_config(config_file, name=given.config or (str(beside) if given.scenario else ""))
    require_plain_tags(
        config,
        "A rehearsal",
        "Rehearse with a copy of the file without 'image-tag', 'destinations', 'built-by' and 'tag' of variants.",
    )
    if config.channel_tags:
        message = f"A rehearsal plays builds under their default tags, and {config_file.name} has others."
        raise InputError(message, hint="Rehearse with a copy of the file without 'tags' below 'channels'.")
    scenario = load_scenario(scenario_file, name=given.scenario)
    if scenario.repository != config.repository:
        message = f"The scenario is about {scenario.repository}, and {config_file.name} is of {config.repository}."
        raise InputError(
            message,
            hint="Pass --config with the release.yaml of the scenario's repository, or change 'repository' there.",
            place=scenario.origin.at("repository"),
        )
    rehearsed = RehearsalInputs(
        scenario=scenario,
        config=config,
        config_file=config_file,
        seed=given.seed,
        faults=faults_named(given.faults, folder=context.workspace, seed=str(given.seed)) if given.faults else (),
        faults_name=given.faults,
        nights=given.nights,
    )
    if rehearsed.versions and not (config_file.parent / rehearsed.versions).is_file():
        message = f"{config_file.name} names the version file {rehearsed.versions}, which is not there."
        near = suggest_path(rehearsed.versions, config_file.parent)
        raise InputError(
            message, hint=f"{near} Put it below {config_file.parent}, where the repository has it.".strip()
        )
    return rehearsed


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


def keep_serving(simulator: Simulator, rehearsed: RehearsalInputs, log: Workflow) -> None:
    """Leave the simulator up until Ctrl-C, and say how to inspect it."""
    package = rehearsed.config.packages("release")[0]
    host = simulator.registry_url.partition("://")[2]
    log.info("")
    log.info("The simulator stays up until Ctrl-C. Inspect it, for example:")
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
