#!/usr/bin/env bash
# One run of a benchmark: IMAGE COMMIT RESULT. Starts a fresh container, so that a run is a run of the server.
#
# This one needs no accelerator: it measures what Python in the image does on one processor. `vllm.sh` beside it does the
# same for vLLM on H100 and MI300X.
set -euo pipefail

image=$1 commit=$2 result=$3
folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

mkdir -p "$(dirname "$result")"
docker run --rm --network none --cpus 1 --volume "$folder:/benchmark:ro" "$image" \
  python3 /benchmark/benchmark.py --commit "$commit" --runner "$(hostname)" >"$result"
