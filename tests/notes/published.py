"""Notes in the shapes that projects publish, in words of their own and without a fault."""

from __future__ import annotations

SECTIONS = """\
# 🚀 llm-d 0.4.0

This release brings *lower latency* and **new accelerators**. Upgrading from v0.3.1? Read the
[migration guide](https://llm-d.ai/docs/migrate) first: `values.yaml` has changed.

---

## 🧩 Component Summary

| Component | Version | Previous Version | Type |
|-----------|:-------:|:----------------:|------|
| llm-d/llm-d-inference-scheduler | `v0.4.0` | `v0.3.2` | Image |
| llm-d/llm-d-routing-sidecar | `v0.4.0` | `v0.3.0` | Image |
| llm-d-incubation/llm-d-modelservice | `v0.3.8` | `v0.2.10` | Helm Chart |
| llm-d/llm-d (CUDA) | `v0.4.0` | `v0.3.1` | Image |
| llm-d/llm-d (XPU) | `v0.4.0` | `v0.3.0` | Image |
| llm-d/llm-d-hpu | `v0.4.0` | NA | Image (New) |
| llm-d/llm-d-aws | NA | `v0.3.1` | Deprecated in v0.4.0 |
| vllm-project/vllm | `v0.11.2` | `v0.11.0` | Wheel installed in llm-d |
| LMCache/LMCache | `v0.3.9.post2` | `v0.3.7` | Library |
| ai-dynamo/nixl | `0.7.1` | `0.6.1` | Library |
| deepseek-ai/DeepEP | `e3908bf` | `c187c23` | Library |

---

## 🔹 llm-d/llm-d-inference-scheduler

* **Description**: Picks the replica for a request.
* **Diff**: [v0.3.2 → v0.4.0](https://github.com/llm-d/llm-d-inference-scheduler/compare/v0.3.2...v0.4.0)

---

## 🔹 llm-d-incubation/llm-d-modelservice

* **Description**: A chart for models.
* **Diff**: [v0.2.10 → v0.3.8](https://github.com/llm-d-incubation/llm-d-modelservice/compare/llm-d-modelservice-v0.2.10...llm-d-modelservice-v0.3.8)

---

## 🔹 llm-d/llm-d-hpu

* **Description**: For Gaudi.
* **History** (new)
* **Image Variants**:
    * `ghcr.io/llm-d/llm-d-hpu:v0.4.0`

## Known Issues

- The sidecar logs `TODO` comments of its template at debug level.
- [ ]-style lists are not rendered.

For more see the [list of open issues](https://github.com/llm-d/llm-d/issues) and #llm-d on Slack.

| Accelerator | Tested | Notes |
| --- | --- | --- |
| H100 | yes | |
| Gaudi 3 | | waiting for hardware |
"""

LISTS = """\
## LLM-D Component Summary

| Component | Version | Previous Version | Type |
| --- | --- | --- | --- |
| llm-d/llm-d-inference-scheduler | `v0.6.0` | `v0.5.0` | Image |
| llm-d/llm-d-modelservice | `llm-d-modelservice-v0.4.7` | `llm-d-modelservice-v0.4.5` | Helm Chart + Image |
| llm-d/llm-d-cuda-debug | `v0.5.1` | `v0.5.0` | Image |
| llm-d/llm-d-workload-variant-autoscaler | `v0.5.1` | `v0.5.0` | Helm Chart + Image |
| llm-d/llm-d-rocm | `v0.5.1` | Deprecated in v0.4.0 | Image (Re-enabled) |
| istio/istio | `1.29.0` | `1.28.1` | Library |
| vllm-project/vllm | `v0.15.1` | `v0.14.1` | Wheel installed in llm-d |
| flashinfer-ai/flashinfer | `v0.6.1.1` | `v0.6.1` | Wheel installed in llm-d |
| llm-d/llm-d-batch-gateway | `v0.1.0` | — | Image (New) |

## Infrastructure Changes

| Component | Version | Previous Version | Notes |
| --- | --- | --- | --- |
| gateway-api | `v1.4.0` | `v1.3.0` | CRDs only |
| gaie | `v1.3.0` (plus a fix) | `v1.2.1` | [changes](https://github.com/k8s/gaie/compare/v1.2.1...v1.3.0) |

## Removed

The image llm-d/llm-d-aws is no longer built.

## What's Changed
* docs: fix the typo in `guides/README.md` by @mara-k in https://github.com/llm-d/llm-d/pull/512
* [CI] Run the e2e tests twice a day (#498) by @Kim in https://github.com/llm-d/llm-d/pull/515
* Revert "Enable sleep mode" by @lin in https://github.com/llm-d/llm-d/pull/517
* build(deps): bump actions/setup-go from 5 to 6 by @dependabot[bot] in https://github.com/llm-d/llm-d/pull/520
* feat!: drop `--legacy` by @Kim in https://github.com/llm-d/llm-d/pull/521
* Upgrade vllm to v0.15.1 by @lin in https://github.com/llm-d/llm-d/pull/522
* Handle TODO items of the review by @mara-k in https://github.com/llm-d/llm-d/pull/523
* fix: email user\\@example.com by @Kim in https://github.com/llm-d/llm-d/pull/524

## New Contributors
* @mara-k made their first contribution in https://github.com/llm-d/llm-d/pull/512

**Full Changelog**: https://github.com/llm-d/llm-d/compare/v0.5.0...v0.5.1
"""

HANDMADE = """\
Gear 3.0
========

**Breaking:** the `old` API is gone. See [UPGRADING](https://gear.example/upgrade#v3 "how to") and
[#77], [@sophie](https://github.com/sophie) wrote it.

1. Install it:

   ```console
   $ pip install gear==3.0.0
   $ docker run --rm -it docker.io/acme/gear:3.0.0 @args
   ```

2. Compare with `{{ .Values.image }}` in your chart:

       image: docker.io/acme/gear:3.0.0

<details>
<summary>All 3 changes</summary>

* Faster start (#71)
* Faster stop (#72)
* `gear turn` takes `<version>` (#73)

</details>

![logo](https://gear.example/logo.png) [![build](https://gear.example/b.svg)](https://gear.example/ci)

> Quote: "turn @ 3.0" -- somebody

[#77]: https://github.com/acme/gear/issues/77
"""

ALL = {"sections": SECTIONS, "lists": LISTS, "handmade": HANDMADE}
