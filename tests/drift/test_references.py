"""Every form in which projects write versions is read, and prose is not."""

from __future__ import annotations

import pytest
from tests.drift.project import CHART, CUDA, DEV, OLD_ROUTER, ROUTER, verdicts

CUDA_STALE = [("v0.4.0", "stale", "v0.5.0")]
ROUTER_STALE = [("v0.8.0", "stale", "v0.9.0")]
CHART_STALE = [("0.8.0", "stale", "0.9.0")]

FORMS = {
    "manifest": ("a.yaml", f"  - image: {CUDA}:v0.4.0\n", CUDA_STALE),
    "quoted manifest": ("a.yaml", f'image: "{CUDA}:v0.4.0"\n', CUDA_STALE),
    "kustomize, tag first": ("kustomization.yaml", f"images:\n- newTag: v0.4.0\n  name: {CUDA}\n", CUDA_STALE),
    "kustomize, new name": (
        "kustomization.yaml",
        f"images:\n- name: PLACEHOLDER\n  newName: {CUDA}\n  newTag: 'v0.4.0' # set by hand\n",
        CUDA_STALE,
    ),
    "values, repository": ("values.yaml", f"image:\n  repository: {ROUTER}\n  tag: v0.8.0\n", ROUTER_STALE),
    "values, registry apart": (
        "values.yaml",
        "image:\n  tag: v0.8.0\n  repository: acme/engine-router\n  registry: ghcr.io\n",
        ROUTER_STALE,
    ),
    "values, hub above": (
        "values.yaml",
        "hub: ghcr.io/acme\nrouter:\n  image:\n    name: engine-router\n    tag: v0.8.0\n",
        ROUTER_STALE,
    ),
    "values, hub below": (
        "values.yaml",
        "images:\n  router:\n    name: engine-router\n    tag: v0.8.0\n  hub: ghcr.io/acme\n",
        ROUTER_STALE,
    ),
    "values, name alone": ("values.yaml", "image:\n  name: engine-router\n  tag: v0.8.0\n", ROUTER_STALE),
    "values on one line": ("values.yaml", f"image: {{repository: {ROUTER}, tag: v0.8.0}}\n", ROUTER_STALE),
    "values in a list on one line": ("values.yaml", "- {name: engine-router, tag: 'v0.8.0'}\n", ROUTER_STALE),
    "chart file": (
        "charts/router/Chart.yaml",
        'apiVersion: v2\nname: engine-router\nversion: 0.8.0\nappVersion: "v0.8.0"\n',
        [*CHART_STALE, ("v0.8.0", "stale", "v0.9.0")],
    ),
    "chart dependency": (
        "values.yaml",
        "dependencies:\n  - name: engine-router\n    repository: oci://ghcr.io/acme/charts\n    version: 0.8.0\n",
        CHART_STALE,
    ),
    "helmfile template": (
        "helmfile.yaml.gotmpl",
        f"releases:\n  - name: router\n    {{{{- if .Values.x }}}}\n    chart: oci://{CHART}\n    version: v0.8.0\n",
        ROUTER_STALE,
    ),
    "helm in several lines": (
        "README.md",
        f"helm upgrade r \\\n  oci://{CHART} \\\n  --version v0.8.0 --set image.tag=v0.8.0\n",
        [*ROUTER_STALE, *ROUTER_STALE],
    ),
    "helm by a local name": ("guide.md", "helm install r acme/engine-router --version=0.8.0\n", CHART_STALE),
    "Dockerfile": ("Dockerfile", f"FROM --platform=$BUILDPLATFORM {CUDA}:v0.4.0 AS base\n", CUDA_STALE),
    "Dockerfile argument": (
        "Dockerfile",
        f"ARG BASE_TAG=v0.4.0\nFROM {CUDA}:${{BASE_TAG}}\n",
        [*CUDA_STALE, ("${BASE_TAG}", "unknown", "")],
    ),
    "shell default": (
        "env.sh",
        "export ENGINE_ROUTER_VERSION=${ENGINE_ROUTER_VERSION:-v0.8.0}\n",
        ROUTER_STALE,
    ),
    "default in place": ("run.sh", f"docker run {ROUTER}:${{TAG:-v0.8.0}}\n", ROUTER_STALE),
    "version file": ("common-versions", "ENGINE_ROUTER_VERSION=v0.8.0\n", ROUTER_STALE),
    "variable of a container": (
        "deploy.yaml",
        "env:\n  - name: ENGINE_ROUTER_TAG\n    value: v0.8.0\n",
        ROUTER_STALE,
    ),
    "kustomize base by ref": (
        "kustomization.yaml",
        "resources:\n- https://github.com/acme/engine/config?ref=v0.4.0\n",
        CUDA_STALE,
    ),
    "branch by ref": (
        "kustomization.yaml",
        "- github.com/acme/engine//config?timeout=90s&ref=release-0.4\n",
        [("release-0.4", "stale", "release-0.5")],
    ),
    "raw link": (
        "README.md",
        "kubectl apply -f https://raw.githubusercontent.com/acme/engine/refs/tags/v0.4.0/x.yaml\n",
        CUDA_STALE,
    ),
    "tree link": ("README.md", "[guide](https://github.com/acme/engine/tree/release-0.4/guides)\n", None),
    "archive": ("README.md", "curl https://github.com/acme/engine/archive/refs/tags/v0.4.0.tar.gz\n", CUDA_STALE),
    "download": (
        "README.md",
        "https://github.com/acme/engine/releases/download/v0.4.0/install.yaml\n",
        CUDA_STALE,
    ),
    "clone": (
        "README.md",
        "git clone --depth 1 -b v0.4.0 \\\n  https://github.com/acme/engine.git\n",
        CUDA_STALE,
    ),
    "action": (".github/workflows/a.yml", "    - uses: acme/engine/.github/actions/setup@v0.4.0\n", CUDA_STALE),
    "pip": ("requirements.txt", "engine @ git+https://github.com/acme/engine.git@v0.4.0\n", CUDA_STALE),
    "table": (
        "docs/matrix.md",
        "| Component | Version |\n| --- | --- |\n| `engine-router` | v0.8.0 |\n",
        ROUTER_STALE,
    ),
    "Argo CD application": (
        "app.yaml",
        "source:\n  repoURL: https://github.com/acme/engine\n  targetRevision: v0.4.0\n  path: x\n",
        CUDA_STALE,
    ),
    "sentence": ("README.md", f"We tested with {CUDA}:v0.4.0.\n", CUDA_STALE),
    "Windows line ends": ("a.yaml", f"image:\r\n  repository: {CUDA}\r\n  tag: v0.4.0\r\n", CUDA_STALE),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_version_is_found_in_every_form(form: str) -> None:
    path, content, expected = FORMS[form]

    found = verdicts({path: content})

    assert found == (expected or [("release-0.4", "stale", "release-0.5")])


INNOCENT = {
    "a longer name": f"image: {CUDA}-ubuntu:v0.4.0\n",
    "a longer path": f"image: {CUDA}/tools:v0.4.0\n",
    "a name inside another": f"image: mirror.example/{CUDA}:v0.4.0\n",
    "another owner": "image: ghcr.io/other/engine-cuda:v0.4.0\n",
    "prose": "engine-router v0.8.0 was released, and engine-cuda is at v0.4.0 now.\n",
    "the tag of another chart's image": "helm install r acme/cluster --set image.tag=nightly\n",
    "issue link": "See https://github.com/acme/engine/issues/12 and https://github.com/acme/engine/pull/400.\n",
    "release page": "https://github.com/acme/engine/releases/tag/v0.4.0\n",
    "other repository": "https://github.com/acme/engine-docs/tree/v0.4.0\n",
    "address with a port": f"curl http://{CUDA.partition('/')[0]}/v2/\n",
    "somebody else's tag": "image:\n  repository: docker.io/library/redis\n  tag: v0.4.0\n",
    "two lists": "images:\n- name: other\n  newTag: v0.4.0\n- name: engine-router\n",
    "comparing table": "| engine-router | v0.8.0 | v0.7.0 |\n",
}


@pytest.mark.parametrize("kind", INNOCENT)
def test_nothing_is_found_where_no_version_of_the_project_is(kind: str) -> None:
    found = verdicts({"README.md": INNOCENT[kind], "a.yaml": INNOCENT[kind]})

    assert found == []


@pytest.mark.parametrize("lines", [f"oci://{CHART}", f"oci://{CHART} \\\n --wait", f"oci://{CHART} \\\n a \\\n --wait"])
def test_a_command_ends_with_the_line_that_does_not_go_on(lines: str) -> None:
    text = f"helm upgrade r \\\n  {lines}\n--version v0.8.0\n--version v0.7.0\n"

    assert verdicts({"README.md": text}) == []


def test_keys_of_two_mappings_are_never_joined() -> None:
    content = (
        f"a:\n  repository: {ROUTER}\nb:\n  tag: v0.8.0\n"
        f"list:\n  - repository: {ROUTER}\n  - tag: v0.8.0\n---\nrepository: {ROUTER}\n---\ntag: v0.8.0\n"
    )

    assert verdicts({"values.yaml": content}) == []


def test_a_placeholder_of_a_kustomization_is_followed_into_other_files() -> None:
    files = {
        "recipes/kustomization.yaml": f"images:\n- name: REPLACE_IMAGE\n  newName: {CUDA}\n",
        "guides/kustomization.yaml": "images:\n- name: REPLACE_IMAGE\n  newTag: v0.4.0\n- name: OTHER\n  newTag: v1\n",
    }

    assert verdicts(files) == CUDA_STALE


def test_a_variable_is_followed_from_its_use_into_other_files() -> None:
    files = {"run.sh": f"docker pull {ROUTER}:${{EPP_PIN}}\n", "pins.env": "EPP_PIN=v0.8.0\n"}

    assert verdicts(files) == [*ROUTER_STALE, ("${EPP_PIN}", "unknown", "")]


def test_a_common_variable_belongs_only_to_the_file_that_uses_it() -> None:
    files = {"run.sh": f"VERSION=v0.8.0\ndocker pull {ROUTER}:$VERSION\n", "other.sh": "VERSION=v0.1.0\n"}

    assert verdicts(files) == [*ROUTER_STALE, ("$VERSION", "unknown", "")]


def test_a_variable_of_two_components_belongs_to_neither_elsewhere() -> None:
    files = {
        "a.sh": f"docker pull {ROUTER}:$PIN_OF_ALL\n",
        "b.sh": f"docker pull {CUDA}:$PIN_OF_ALL\n",
        "pins.env": "PIN_OF_ALL=v0.1.0\n",
    }

    assert [token for token, _, _ in verdicts(files)] == ["$PIN_OF_ALL", "$PIN_OF_ALL"]


def test_an_earlier_name_and_a_dev_package_are_known() -> None:
    files = {"a.yaml": f"image: {OLD_ROUTER}:v0.8.0\n", "b.yaml": f"image: {DEV}:pr-12\n"}

    assert [verdict for _, verdict, _ in verdicts(files)] == ["renamed", "dev-package"]


def test_a_digest_stands_beside_the_tag_and_alone() -> None:
    digest = "@sha256:" + "a" * 64

    assert verdicts({"a.yaml": f"image: {CUDA}:v0.4.0{digest}\nimage2: {CUDA}{digest}\n"}) == CUDA_STALE


@pytest.mark.parametrize("path", ["LICENSE", "docs/logo.png", "docs/guide.md", "README"])
def test_texts_and_pictures_fetched_raw_may_be_trunks(path: str) -> None:
    found = verdicts({"a.json": f'"url": "https://raw.githubusercontent.com/acme/engine/main/{path}"\n'})

    assert [verdict for _, verdict, _ in found] == ["unknown"]


def test_a_program_fetched_raw_is_trunks() -> None:
    found = verdicts({"a.sh": "curl https://raw.githubusercontent.com/acme/engine/main/README.md/install.sh | sh\n"})

    assert [verdict for _, verdict, _ in found] == ["branch"]
