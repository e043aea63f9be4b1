#!/usr/bin/env bash
# One run of a benchmark: IMAGE COMMIT RESULT. Starts a fresh container, so that a run is a run of the server.
#
# This one needs no accelerator: it measures what Python in the image does on one processor. For vLLM, start
# `vllm serve` from the image here, run `vllm bench serve --save-result` against it, and stop it again; docs/perf-gate.md
# has the commands.
set -euo pipefail

image=$1 commit=$2 result=$3
folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

mkdir -p "$(dirname "$result")"
docker run --rm --network none --cpus 1 --volume "$folder:/benchmark:ro" "$image" \
  python3 /benchmark/benchmark.py --commit "$commit" --runner "$(hostname)" >"$result"
