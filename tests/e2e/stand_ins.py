"""Other people's actions as far as our workflows use them, as composite actions that need neither network nor Docker.

They do real work with real programs: git checks out, buildah builds the Dockerfile, crane pushes to a registry and logs
in to it. What cannot be seen in the registry afterwards, such as the secrets that a build got, is written to the folder
`RECORD`, a JSON file a call. Artifacts are folders below `ARTIFACTS`; scans find what is below `FINDINGS`. In the jobs
that `DEAD` names, every call fails.
"""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Iterable
from pathlib import Path

DEAD = """\
    # A leg of a matrix is a job of its own here.
    case " ${DEAD:-} " in
      *" ${GITHUB_JOB%-[0-9]*} "*) echo "::error::The runner has received a shutdown signal."; exit 1 ;;
    esac
"""

CHECKOUT = """\
    # A commit that the repository lacks is an error here as there, and so is a fork's unless it is allowed.
    head=$(jq -r '.pull_request.head | select(.repo.fork) | .sha' "$GITHUB_EVENT_PATH")
    if [ "$GITHUB_EVENT_NAME" = pull_request_target ] && [ "${INPUT_REF:-none}" = "$head" ] &&
      [ "$INPUT_ALLOW_UNSAFE_PR_CHECKOUT" != true ]; then
      echo "::error::Refusing to check out code of a fork without allow-unsafe-pr-checkout."
      exit 1
    fi
    at="$GITHUB_WORKSPACE/${INPUT_PATH:-}"
    git clone -q "$REPOSITORIES/${INPUT_REPOSITORY:-$GITHUB_REPOSITORY}" "$RUNNER_TEMP/clone"
    git -C "$RUNNER_TEMP/clone" checkout -q --detach "${INPUT_REF:-$GITHUB_SHA}"
    mkdir -p "$at"
    # What is there and not of the commit goes, links as links. act's copy of the repository is its own.
    find "$at" -mindepth 1 -maxdepth 1 -exec rm -rf {} +
    cp -a "$RUNNER_TEMP/clone/." "$at"
    rm -rf "$RUNNER_TEMP/clone"
"""

LOGIN = """\
    echo "DOCKER_CONFIG=$RUNNER_TEMP/docker" >>"$GITHUB_ENV"
    export DOCKER_CONFIG="$RUNNER_TEMP/docker"
    host=${RELEASE_ACTIONS_REGISTRY_URL#http://}
    case "$INPUT_REGISTRY" in 127.*) host=$INPUT_REGISTRY ;; esac
    printf '%s' "$INPUT_PASSWORD" |
      crane auth login "$host" --username "$INPUT_USERNAME" --password-stdin
"""

BUILD = """\
    set -u
    call="$RECORD/build-$(basename "$(mktemp -u)").json"
    secrets='{}'
    arguments=()
    while IFS='=' read -r id file; do
      [ -n "$id" ] || continue
      arguments+=(--secret "id=$id,src=$file")
      secrets=$(jq --arg id "$id" --rawfile value "$file" '.[$id] = $value' <<<"$secrets")
    done <<<"$INPUT_SECRET_FILES"
    while IFS= read -r line; do [ -z "$line" ] || arguments+=(--build-arg "$line"); done <<<"$INPUT_BUILD_ARGS"
    while IFS= read -r line; do [ -z "$line" ] || arguments+=(--label "$line"); done <<<"$INPUT_LABELS"
    while IFS= read -r line; do [ -z "$line" ] || arguments+=(--annotation "$line"); done <<<"$INPUT_ANNOTATIONS"
    [ -z "$INPUT_TARGET" ] || arguments+=(--target "$INPUT_TARGET")
    package=$(sed -n 's/.*name=\\([^,]*\\).*/\\1/p' <<<"$INPUT_OUTPUTS")
    jq -n '$ARGS.named + {secrets: $secrets}' --argjson secrets "$secrets" --arg package "$package" \\
      --arg target "$INPUT_TARGET" --arg platform "$INPUT_PLATFORMS" --arg arguments "$INPUT_BUILD_ARGS" \\
      --arg epoch "${SOURCE_DATE_EPOCH-}" \\
      --arg no-cache "$INPUT_NO_CACHE" --arg cache "$INPUT_CACHE_FROM" --arg outputs "$INPUT_OUTPUTS" >"$call"
    case " ${BROKEN:-} " in *" $package@$INPUT_PLATFORMS "*) echo "::error::$package does not compile"; exit 1 ;; esac
    store=(--storage-driver vfs --root "$RUNNER_TEMP/buildah" --runroot "$RUNNER_TEMP/buildah-run")
    buildah "${store[@]}" build --quiet --isolation chroot --format oci --platform "$INPUT_PLATFORMS" \\
      "${arguments[@]}" --file "$INPUT_FILE" --tag built "$INPUT_CONTEXT"
    case "$INPUT_OUTPUTS" in *push=true*) ;; *) exit 0 ;; esac
    buildah "${store[@]}" push --quiet built "oci:$RUNNER_TEMP/layout:built"
    digest=$(jq -r '.manifests[0].digest' "$RUNNER_TEMP/layout/index.json")
    crane push --insecure "$RUNNER_TEMP/layout" "${RELEASE_ACTIONS_REGISTRY_URL#http://}/${package#*/}@$digest"
    echo "digest=$digest" >>"$GITHUB_OUTPUT"
"""

UPLOAD = """\
    shopt -s nullglob
    case " ${LOST:-} " in *" $INPUT_NAME "*) exit 0 ;; esac
    if [ ! -e "$INPUT_PATH" ]; then
      [ "$INPUT_IF_NO_FILES_FOUND" != error ] || { echo "::error::no files: $INPUT_PATH"; exit 1; }
      exit 0
    fi
    rm -rf "${ARTIFACTS:?}/$INPUT_NAME"
    mkdir -p "$ARTIFACTS/$INPUT_NAME"
    [ ! -d "$INPUT_PATH" ] || INPUT_PATH=$INPUT_PATH/.
    cp -a "$INPUT_PATH" "$ARTIFACTS/$INPUT_NAME"
"""

DOWNLOAD = """\
    shopt -s nullglob
    for artifact in "$ARTIFACTS"/$INPUT_PATTERN; do
      mkdir -p "$INPUT_PATH"
      cp -a "$artifact" "$INPUT_PATH"
    done
"""

SCAN = """\
    export DOCKER_CONFIG="$RUNNER_TEMP/scanner"
    host=${RELEASE_ACTIONS_REGISTRY_URL#http://}
    printf '%s' "$TRIVY_PASSWORD" | crane auth login "$host" --username "$TRIVY_USERNAME" --password-stdin
    crane config --insecure --platform "$TRIVY_PLATFORM" "$host/${INPUT_IMAGE_REF#*/}" >/dev/null
    image=${INPUT_IMAGE_REF%@*}
    case " ${BLIND:-} " in *" ${image##*/} "*) echo "::error::The database of vulnerabilities is gone."; exit 1 ;; esac
    found=$FINDINGS/${image##*/}.sarif
    [ -e "$found" ] || found=$FINDINGS/none.sarif
    cp "$found" "$INPUT_OUTPUT"
"""

SARIF = """\
    jq -n '$ARGS.named' --arg category "$INPUT_CATEGORY" --slurpfile found "$INPUT_SARIF_FILE" \\
      >"$RECORD/sarif-$(basename "$(mktemp -u)").json"
"""

COSIGN = """\
    mkdir -p "$RUNNER_TEMP/cosign"
    cat >"$RUNNER_TEMP/cosign/cosign" <<'PROGRAM'
    #!/bin/sh
    # A signature is a manifest about the digest, listed in the index that a tag made of the digest names, where a
    # registry knows no referrers.
    set -eu
    for image; do :; done
    digest=${image##*@}
    name=${image%@*}
    place=${RELEASE_ACTIONS_REGISTRY_URL#http://}/${name#*/}
    case "$name" in 127.*) place=$name ;; esac
    tar -cf "$RUNNER_TEMP/signature.tar" -C / etc/hostname
    echo "$image" >>"$RECORD/signed"
    # What another writer drops of the first signatures, or of all.
    calls=$(grep -cxF "$image" "$RECORD/signed")
    case " ${DROPPED:-} " in *" ${name##*/}@$calls "*|*" ${name##*/}@all "*) exit 0 ;; esac
    for each in "$digest" $(crane manifest --insecure "$place@$digest" | jq -r '.manifests // [] | .[].digest'); do
      tag=sha256-${each#sha256:}
      crane append --insecure --new_layer "$RUNNER_TEMP/signature.tar" --new_tag "$place:$tag"
      # A registry that asks nobody gives no token.
      token=$(crane auth token --insecure --push -H "$place" 2>/dev/null || :)
      crane manifest --insecure "$place:$tag" |
        python3 "$RUNNER_TEMP/cosign/attach" "$place" "$tag" "$each" "$token"
    done
    PROGRAM
    cat >"$RUNNER_TEMP/cosign/attach" <<'PROGRAM'
    import hashlib, json, sys, urllib.request
    place, tag, about, header = sys.argv[1:]
    host, name = place.split("/", 1)
    index = "application/vnd.oci.image.index.v1+json"
    manifest = json.load(sys.stdin)
    manifest["subject"] = {"mediaType": index, "digest": about, "size": 1}
    manifest["annotations"] = {"dev.sigstore.bundle.predicateType": "https://sigstore.dev/cosign/sign/v1"}
    body = json.dumps(manifest).encode()
    digest = "sha256:" + hashlib.sha256(body).hexdigest()
    entry = {"mediaType": manifest["mediaType"], "digest": digest, "size": len(body)}
    listed = json.dumps({"schemaVersion": 2, "mediaType": index, "manifests": [entry]}).encode()
    for reference, kind, text in ((digest, manifest["mediaType"], body), (tag, index, listed)):
        request = urllib.request.Request(f"http://{host}/v2/{name}/manifests/{reference}", text, method="PUT")
        request.add_header("Content-Type", kind)
        if header:
            request.add_header(*(part.strip() for part in header.split(":", 1)))
        urllib.request.urlopen(request).read()
    PROGRAM
    chmod +x "$RUNNER_TEMP/cosign/cosign"
    echo "$RUNNER_TEMP/cosign" >>"$GITHUB_PATH"
"""

ATTEST = """\
    jq -n '$ARGS.named' --arg name "$INPUT_SUBJECT_NAME" --arg digest "$INPUT_SUBJECT_DIGEST" \\
      --arg sha "$GITHUB_SHA" --arg ref "$GITHUB_REF" --arg repository "$GITHUB_REPOSITORY" \\
      --arg push "$INPUT_PUSH_TO_REGISTRY" >"$RECORD/attest-$(basename "$(mktemp -u)").json"
    jq -n --arg digest "${INPUT_SUBJECT_DIGEST#sha256:}" \\
      '{subject: [{digest: {sha256: $digest}}], predicateType: "https://slsa.dev/provenance/v1"} | @base64
       | {bundle: {dsseEnvelope: {payload: .}}}' >"$RUNNER_TEMP/bundle.json"
    python3 - "$GITHUB_API_URL/repos/$GITHUB_REPOSITORY/attestations" "$RUNNER_TEMP/bundle.json" <<'PROGRAM'
    import os, sys, urllib.request
    body = open(sys.argv[2], "rb").read()
    headers = {"Authorization": "Bearer " + os.environ["INPUT_GITHUB_TOKEN"], "Content-Type": "application/json"}
    urllib.request.urlopen(urllib.request.Request(sys.argv[1], body, headers)).read()
    PROGRAM
"""

GH = (
    f"#!{sys.executable}\n"
    """\
# gh, with the attestations that the stand-in of actions/attest wrote down. The real one is tested elsewhere.
import hashlib, json, os, pathlib, sys

if sys.argv[1:] == ["--version"]:
    sys.exit(print("gh version 2.83.0 (2026-01-01)"))
digest = "sha256:" + hashlib.sha256(pathlib.Path(sys.argv[3]).read_bytes()).hexdigest()
asked = dict(zip(sys.argv[4::2], sys.argv[5::2]))
records = [json.loads(file.read_text()) for file in pathlib.Path(os.environ["RECORD"]).glob("attest-*")]
signer = "https://github.com/" + asked["--signer-workflow"] + "@refs/tags/v1"
found = [
    {
        "verificationResult": {
            "statement": {
                "predicateType": asked["--predicate-type"],
                "subject": [{"name": record["name"], "digest": {"sha256": digest[7:]}}],
            },
            "signature": {
                "certificate": {
                    "issuer": "https://token.actions.githubusercontent.com",
                    "subjectAlternativeName": signer,
                    "buildSignerURI": signer,
                    "sourceRepositoryURI": "https://github.com/" + record["repository"],
                    "sourceRepositoryDigest": record["sha"],
                    "sourceRepositoryRef": record["ref"],
                }
            },
        }
    }
    for record in records
    if (record["digest"], record["sha"], record["ref"]) == (digest, asked["--source-digest"], asked["--source-ref"])
]
if not found:
    sys.exit("Error: no attestations found for subject " + digest)
print(json.dumps(found))
"""
)

ACTIONS: dict[str, tuple[str, tuple[str, ...], str]] = {
    "actions/checkout": (
        "",
        ("repository", "ref", "path", "fetch-depth", "persist-credentials", "allow-unsafe-pr-checkout"),
        CHECKOUT,
    ),
    "actions/upload-artifact": (
        "",
        ("name", "path", "if-no-files-found", "overwrite", "retention-days"),
        UPLOAD,
    ),
    "actions/download-artifact": ("", ("name", "pattern", "path"), DOWNLOAD),
    "actions/attest": (
        "",
        ("subject-name", "subject-digest", "push-to-registry", "create-storage-record", "github-token"),
        ATTEST,
    ),
    "docker/setup-buildx-action": ("", ("driver-opts", "buildkitd-flags", "cache-binary"), "    true\n"),
    "docker/login-action": ("", ("registry", "username", "password"), LOGIN),
    "docker/build-push-action": (
        "",
        (
            "context",
            "file",
            "target",
            "platforms",
            "build-args",
            "labels",
            "annotations",
            "secret-files",
            "cache-from",
            "cache-to",
            "no-cache",
            "provenance",
            "outputs",
        ),
        BUILD,
    ),
    "aquasecurity/trivy-action": (
        "",
        (
            "image-ref",
            "version",
            "cache",
            "cache-dir",
            "trivy-config",
            "scanners",
            "severity",
            "limit-severities-for-sarif",
            "ignore-unfixed",
            "skip-dirs",
            "timeout",
            "format",
            "output",
        ),
        SCAN,
    ),
    "github/codeql-action": ("upload-sarif", ("sarif_file", "category"), SARIF),
    "sigstore/cosign-installer": ("", ("cosign-release",), COSIGN),
}
"""Repository -> folder of the action in it, its inputs as far as we set them, and what stands in for it."""

USED = re.compile(r"uses: (?P<repository>[\w.-]+/[\w.-]+)(?P<path>/[\w./-]+)?@(?P<ref>[0-9a-f]{40})")


def manifest(inputs: Iterable[str], script: str) -> str:
    """A composite action that runs a script with its inputs in the environment."""
    defaults = {"github-token": "${{ github.token }}"}
    declared = "".join(f"  {name}: {{default: '{defaults.get(name, '')}'}}\n" for name in inputs)
    passed = "".join(
        f"        INPUT_{name.upper().replace('-', '_')}: ${{{{ inputs.{name} }}}}\n" for name in (*inputs,)
    )
    body = textwrap.indent(textwrap.dedent(DEAD + script), " " * 8)
    return (
        "name: stand-in\ndescription: stand-in\n"
        + (f"inputs:\n{declared}" if declared else "")
        + "outputs:\n  digest: {description: digest, value: '${{ steps.run.outputs.digest }}'}\n"
        + "runs:\n  using: composite\n  steps:\n    - id: run\n      shell: bash\n"
        + (f"      env:\n{passed}" if passed else "")
        + f"      run: |\n{body}"
    )


def write(folder: Path, workflows: Iterable[Path]) -> dict[str, Path]:
    """Write a stand-in for every action that some workflows pin. Returns `owner/name@ref` -> folder.

    Raises `KeyError` for one that nothing stands in for.
    """
    found = {}
    for file in workflows:
        for match in USED.finditer(file.read_text(encoding="utf-8")):
            path, inputs, script = ACTIONS[match["repository"]]
            home = folder / match["repository"].replace("/", "-")
            (home / path).mkdir(parents=True, exist_ok=True)
            (home / path / "action.yml").write_text(manifest(inputs, script), encoding="utf-8")
            found[f"{match['repository']}@{match['ref']}"] = home
    return found
