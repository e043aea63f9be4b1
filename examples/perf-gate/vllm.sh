#!/usr/bin/env bash
# One run of vLLM: IMAGE COMMIT RESULT. Starts a server from the image, waits until it answers, measures, and stops it.
#
# HF_TOKEN is a token of Hugging Face, which gated models such as Llama and Mixtral need. ACCELERATOR is H100 or MI300X,
# DEVICES their number, MODEL the model. `vllm bench serve` runs on this machine, in one version for both sides: a client
# of each image would be measured with it. For --random-range-ratio and the like see docs/perf-gate.md.
set -euo pipefail

image=$1 commit=$2 result=$3
model=${MODEL:-meta-llama/Llama-3.1-8B-Instruct} devices=${DEVICES:-1} accelerator=${ACCELERATOR:-H100}
address=http://127.0.0.1:8000

case $accelerator in
  H100) flags=(--runtime nvidia --gpus all) ;;
  MI300X)
    flags=(--device /dev/kfd --device /dev/dri --group-add video --cap-add SYS_PTRACE)
    flags+=(--security-opt seccomp=unconfined)
    ;;
  *)
    echo "ACCELERATOR is $accelerator. Write H100 or MI300X." >&2
    exit 2
    ;;
esac
if [ -z "${HF_TOKEN:-}" ]; then
  echo "HF_TOKEN is not set, and $model may need it. Set it to a token that may read the model." >&2
  exit 2
fi

# The name of the variable alone keeps its value out of the list of processes.
server=$(docker run --detach "${flags[@]}" --ipc host --publish 127.0.0.1:8000:8000 --env HF_TOKEN \
  --volume "$HOME/.cache/huggingface:/root/.cache/huggingface" \
  "$image" --model "$model" --tensor-parallel-size "$devices")
trap 'docker rm --force "$server" >/dev/null' EXIT

# Loading a model takes minutes. A server that ended never answers, and its log says why.
waited=0
until curl --silent --fail --max-time 5 --output /dev/null "$address/health"; do
  if [ "$(docker inspect --format '{{.State.Running}}' "$server")" != true ]; then
    docker logs --tail 50 "$server" >&2
    echo "The server ended before it answered." >&2
    exit 1
  fi
  if [ "$waited" -ge "${READY_SECONDS:-1800}" ]; then
    docker logs --tail 50 "$server" >&2
    echo "The server did not answer within $waited seconds." >&2
    exit 1
  fi
  sleep "${POLL_SECONDS:-5}"
  waited=$((waited + 5))
done

mkdir -p "$(dirname "$result")"
vllm bench serve --base-url "$address" --model "$model" \
  --dataset-name random --random-input-len 1024 --random-output-len 256 --ignore-eos --seed 0 \
  --num-prompts 500 --request-rate inf --num-warmups 50 \
  --save-result --result-dir "$(dirname "$result")" --result-filename "$(basename "$result")" \
  --metadata "commit=$commit" "device=$devices x $accelerator" "tp=$devices" "runner=$(hostname)" \
  "server_start=${server:0:12}" "random_input_len=1024" "random_output_len=256"
