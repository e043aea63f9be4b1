"""Release notes without a fault, and what is true beside them."""

from __future__ import annotations

import dataclasses
from typing import Any

from release_actions.changes.model import Author, MergedChange
from release_actions.components import assemble, manifest, table
from release_actions.components.document import load_text, title_of
from release_actions.components.manifest import ComponentEntry, ComponentManifest
from release_actions.notes.evidence import NotesEvidence, PreviousTables, TagComparison
from release_actions.versions.version import parse

WEB = "https://github.com"

COMPONENTS = """\
organisations: [llm-d, vllm-project]
heading: LLM-D Component Summary
components:
  router:
    organisation: llm-d
    name: llm-d-router
    type: Image
    version: {kind: literal, version: v0.6.0}
    repository: llm-d/llm-d-router
    image: ghcr.io/llm-d/llm-d-router
    renamed-from: [llm-d/llm-d-inference-scheduler]
  modelservice:
    organisation: llm-d
    name: llm-d-modelservice
    type: Helm Chart
    version: {kind: literal, version: v0.4.7}
    repository: llm-d/llm-d-modelservice
    git-tag: llm-d-modelservice-{version}
    chart: oci://ghcr.io/llm-d/charts/llm-d-modelservice
  cuda:
    organisation: llm-d
    name: llm-d-cuda
    type: Image
    version: {kind: release}
  gateway:
    organisation: llm-d
    name: llm-d-gateway
    type: Image (New)
    version: {kind: literal, version: v0.1.0}
  vllm:
    organisation: vllm-project
    name: vllm
    type: Wheel installed in llm-d
    version: {kind: literal, version: v0.17.1}
    repository: vllm-project/vllm
infrastructure:
  istio:
    name: Istio
    version: {kind: literal, version: '1.29.1'}
removed:
  sim:
    name: llm-d/llm-d-inference-sim
    reason: Moved to its own releases.
"""

LLM_D = """\
# llm-d v0.5.0

The fifth release serves models on two more accelerators. Thanks to everybody who tested the candidates.

## Highlights

* Requests are routed by what each replica has cached, see the [guide](https://github.com/llm-d/llm-d/tree/v0.5.0/guides).
* `llm-d/llm-d-cuda` is built for arm64 too.
* The [previous release](https://github.com/llm-d/llm-d/releases/tag/v0.4.2) had one image per accelerator.

## LLM-D Component Summary

| Component | Version | Previous Version | Type |
| --- | --- | --- | --- |
| llm-d/llm-d-router | `v0.6.0` | `v0.5.1` | Image |
| llm-d/llm-d-modelservice | `v0.4.7` | `v0.4.5` | Helm Chart |
| llm-d/llm-d-cuda | `v0.5.0` | `v0.4.2` | Image |
| llm-d/llm-d-gateway | `v0.1.0` | NA | Image (New) |
| vllm-project/vllm | `v0.17.1` | `v0.14.0` | Wheel installed in llm-d |

The component llm-d/llm-d-inference-sim was removed: it has releases of its own now.

## Infrastructure Changes

| Component | Version | Previous Version |
| --- | --- | --- |
| Istio | `1.29.1` | `1.28.4` |

## 🔹 llm-d/llm-d-router

* **Description**: Routes requests to the replica that answers them first.
* **Diff**: [v0.5.1 → v0.6.0](https://github.com/llm-d/llm-d-router/compare/v0.5.1...v0.6.0)
* **Image Variants**: `ghcr.io/llm-d/llm-d-router:v0.6.0`

## 🔹 llm-d/llm-d-modelservice

* **Description**: Describes a model and how it is served.
* **Diff**: [v0.4.5 → v0.4.7](https://github.com/llm-d/llm-d-modelservice/compare/llm-d-modelservice-v0.4.5...llm-d-modelservice-v0.4.7)

## Install

```sh
docker pull ghcr.io/llm-d/llm-d-cuda:v0.5.0
helm install model oci://ghcr.io/llm-d/charts/llm-d-modelservice \\
  --version v0.4.7
```

```yaml
image:
  repository: ghcr.io/llm-d/llm-d-router
  tag: v0.6.0
```

<!-- Generated from components.yaml. -->

## What's Changed

### Features

* feat: Route by cached prefixes by @ada in https://github.com/llm-d/llm-d/pull/401
* Add the gateway by @grace in https://github.com/llm-d/llm-d/pull/405
* Reland "Compress \\_everything\\_" by @ada in https://github.com/llm-d/llm-d/pull/407

### Fixes

* fix(build): Keep the `TODO` of the linker by @linus in [#402](https://github.com/llm-d/llm-d/pull/402)
* Fix the probe by @barbara in #403
* Say what 1f2e3d4 did by Alan Turing in commit 0123456789abcdef0123456789abcdef01234567

<details><summary>Changes by bots</summary>

* Bump actions/checkout from 4 to 5 by @dependabot[bot] in https://github.com/llm-d/llm-d/pull/404

</details>

## New Contributors

* @grace made their first contribution in https://github.com/llm-d/llm-d/pull/405
* @barbara made their first contribution in https://github.com/llm-d/llm-d/pull/403

**Full Changelog**: https://github.com/llm-d/llm-d/compare/v0.4.2...v0.5.0
"""

PLAIN = """\
Pump 2.3.1 mends what 2.3.0 broke.

What's Changed
--------------

- Stop the motor when the tank is empty by @sophie in https://github.com/acme/pump/pull/88
- Name the valve in errors (#90)
- Document `pump --dry-run` in [the manual][manual] (#91)

See [#88](https://github.com/acme/pump/issues/88) and [`acme/valve`](https://github.com/acme/valve), and
[the difference](https://github.com/acme/pump/compare/2.3.0...2.3.1). The image is `quay.io/acme/pump:2.3.1`, by digest
`quay.io/acme/pump@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa`.

| Platform | Checksum |
| --- | --- |
| linux/amd64 | `9f86d08` |
| linux/arm64 | |

New Contributors
----------------

- @sophie made their first contribution in https://github.com/acme/pump/pull/88

[manual]: https://pump.example/manual

**Full Changelog**: https://github.com/acme/pump/compare/2.3.0...2.3.1
"""

BEFORE = """\
## LLM-D Component Summary

| Component | Version | Previous Version | Type |
| --- | --- | --- | --- |
| llm-d/llm-d-inference-scheduler | `v0.5.1` | `v0.5.0` | Image |
| llm-d/llm-d-modelservice | `v0.4.5` | `v0.4.0` | Helm Chart |
| llm-d/llm-d-cuda | `v0.4.2` | `v0.4.1` | Image |
| llm-d/llm-d-inference-sim | `v0.6.1` | `v0.6.0` | Image |
| vllm-project/vllm | `v0.14.0` | `v0.13.0` | Wheel installed in llm-d |

## Infrastructure Changes

| Component | Version | Previous Version |
| --- | --- | --- |
| Istio | `1.28.4` | `1.28.1` |
"""


def merged(title: str, login: str, number: int = 0, sha: str = "", *, bot: bool = False) -> MergedChange:
    return MergedChange(title, Author(login, login, bot), (sha or f"{number:040x}",), number)


MERGED = (
    merged("feat: Route by cached prefixes", "ada", 401),
    merged("fix(build): Keep the TODO of the linker", "linus", 402),
    merged("Fix the probe", "barbara", 403),
    merged("Bump actions/checkout from 4 to 5", "dependabot", 404, bot=True),
    merged("Add the gateway", "grace", 405),
    merged('Reland "Compress _everything_"', "ada", 407),
    merged("Say what 1f2e3d4 did", "", sha="0123456789abcdef0123456789abcdef01234567"),
)
"""What was merged since the release before."""


def made() -> ComponentManifest:
    """components.json of the release."""
    document = load_text(COMPONENTS)
    rows = {row.title: row for one in table.read(LLM_D, file="notes.md") for row in one.rows}
    entries: dict[str, list[ComponentEntry]] = {"components": [], "infrastructure": []}
    for kind, id_, part in document.parts():
        name = title_of(id_, part)
        row = rows[name]
        entries[kind].append(
            ComponentEntry(
                id=id_,
                name=name,
                type=row.type.text,
                version=row.version.version,
                previous=row.previous.version,
                repository=part.repository or "",
            )
        )
    return ComponentManifest(
        schema=manifest.SCHEMA,
        release="v0.5.0",
        components=tuple(entries["components"]),
        infrastructure=tuple(entries["infrastructure"]),
    )


def evidence(**changed: Any) -> NotesEvidence:
    """All that is true beside the clean notes of llm-d, with some of it changed."""
    document = load_text(COMPONENTS)
    before = assemble.PreviousRelease.of_tables("v0.4.2", table.read(BEFORE, file="notes of v0.4.2"), document.headings)
    assert before is not None
    own = "ghcr.io/llm-d"
    found = NotesEvidence(
        version=parse("v0.5.0", "v"),
        repository="llm-d/llm-d",
        tags=frozenset({"v0.4.0", "v0.4.1", "v0.4.2", "v0.4", "v0", "v0.5.0-rc.1"}),
        previous_tag="v0.4.2",
        previous=PreviousTables("v0.4.2", before.rows),
        announced={"linus": "v0.4.0", "ada": "v0.3.0"},
        changes=MERGED,
        earlier={"grace": False, "barbara": None},
        built=frozenset({f"{own}/llm-d-cuda", f"{own}/llm-d-gateway"}),
        document=document,
        manifest=made(),
        images={
            f"{own}/llm-d-cuda:v0.5.0": True,
            f"{own}/llm-d-router:v0.6.0": True,
            f"{own}/charts/llm-d-modelservice:v0.4.7": True,
        },
        compares={
            TagComparison("llm-d/llm-d", "v0.4.2", "v0.5.0"): True,
            TagComparison("llm-d/llm-d-router", "v0.5.1", "v0.6.0"): True,
            TagComparison("llm-d/llm-d-modelservice", "llm-d-modelservice-v0.4.5", "llm-d-modelservice-v0.4.7"): True,
        },
        upstream={
            "llm-d/llm-d-router@v0.6.0": True,
            "llm-d/llm-d-modelservice@llm-d-modelservice-v0.4.7": True,
            "vllm-project/vllm@v0.17.1": True,
        },
    )
    return dataclasses.replace(found, **changed)
