"""llm-d on the simulator, as the rehearsal begins: its tags, its releases, its packages; and what happens to it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.act import Act, Event, Ran

from release_actions.config import Config, Package, load_config
from release_actions.rehearsal.pull import Client, RegistrySnapshot
from release_actions.rehearsal.rehearsal_world import JUDGE_TOKEN, WORKFLOW_TOKEN, RehearsalWorld, build_rehearsal_world
from release_actions.rehearsal.scenario import load_scenario
from release_actions.simulator import Simulator
from release_actions.simulator.request_log import Entry

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
CONFIG = EXAMPLES / "llm-d" / "release.yaml"


@dataclass(frozen=True)
class LlmD:
    """The repository llm-d/llm-d, its packages, and act as its runner."""

    setting: RehearsalWorld
    config: Config
    simulator: Simulator
    act: Act

    @classmethod
    def begin(cls, folder: Path, repository: Path, environments: str) -> LlmD:
        """Start the simulator. `repository` is a copy of ours, `environments` a folder with the actions' Python."""
        config = load_config(CONFIG)
        setting = build_rehearsal_world(load_scenario(EXAMPLES / "llm-d" / "rehearsal.yaml"), config, seed=0)
        simulator = Simulator(setting.world)
        variables = {
            **simulator.environment(),
            "GITHUB_REPOSITORY": setting.repository.full_name,
            "RELEASE_ACTIONS_NOW": f"{setting.world.now():%Y-%m-%dT%H:%M:%SZ}",
            "RELEASE_ACTIONS_CACHE": environments,
        }
        return cls(setting, config, simulator, Act(folder, repository, variables, WORKFLOW_TOKEN))

    @property
    def released(self) -> tuple[Package, ...]:
        """The packages of releases."""
        return self.config.packages("release")

    def run(self, workflow: Path, event: Event, **variables: str) -> Ran:
        """Play a workflow. A checkout gives release.yaml; every runner that it names is this machine."""
        checkout = self.act.folder / "checkout"
        checkout.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(CONFIG, checkout / "release.yaml")
        shutil.copytree(CONFIG.parent / "docker", checkout / "docker", dirs_exist_ok=True)
        runners = {label for package in self.config.published for label in package.runners.values()}
        return self.act.run(workflow, event, checkout, runners, **variables)

    def push_tag(self, tag: str) -> Event:
        """Push a git tag. Returns the event."""
        sha = self.setting.tag(tag, self.setting.world.now())
        payload = {"ref": f"refs/tags/{tag}", "before": "0" * 40, "after": sha, "created": True, "forced": False}
        return self._event("push", payload["ref"], sha, payload)

    def night(self) -> Event:
        """The event of a schedule."""
        branch = f"refs/heads/{self.setting.repository.default_branch}"
        return self._event("schedule", branch, self.setting.repository.git.refs[branch].sha, {"schedule": "17 4 * * *"})

    def _event(self, name: str, ref: Any, sha: str, payload: Mapping[str, Any]) -> Event:
        repository = self.setting.repository
        about = {"full_name": repository.full_name, "default_branch": repository.default_branch}
        return Event(name, ref, sha, {**payload, "repository": about})

    def look(self) -> RegistrySnapshot:
        """What a plain client finds in the registry: every tag of every package, pulled down to the blobs."""
        client = Client(self.simulator.registry_url, JUDGE_TOKEN)
        return client.take_snapshot(package.name for package in self.config.published)

    def writes(self) -> list[Entry]:
        """Requests that were to change something, uploads and deletions included."""
        return [entry for entry in self.simulator.requests.entries if entry.method not in {"GET", "HEAD"}]
