"""Every mistake that `release.yaml` is refused for, and the words a user reads."""

import json
import re
import textwrap
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.config.verdicts import Verdicts

from release_actions.config import load_text, shapes
from release_actions.config.document import SHAPE
from release_actions.config.rules import RULES
from release_actions.errors import ConfigurationError, ExitCode
from release_actions.surface.json_schema import capture_schema
from release_actions.surface.model import Group, Kind

VERDICTS = Verdicts(SHAPE)

MISTAKES_OF_FORM = {
    "an empty file": (
        "",
        [
            "release.yaml:1:1: The file is empty and should be a mapping. Its keys are version, repository, "
            "registry, namespace, versions, floating-tags, image-tag, version-file, channels, credentials, "
            "path-groups, defaults, images, components, retired, cleanup, notes, performance, branches, drift, "
            "schedule, tracker, gate.",
        ],
    ),
    "only a comment": (
        """\
        # nothing yet
        """,
        [
            "release.yaml:1:1: The file is empty and should be a mapping. Its keys are version, repository, "
            "registry, namespace, versions, floating-tags, image-tag, version-file, channels, credentials, "
            "path-groups, defaults, images, components, retired, cleanup, notes, performance, branches, drift, "
            "schedule, tracker, gate.",
        ],
    ),
    "a list": (
        """\
        - repository: o/r
        """,
        [
            "release.yaml:1:1: The file is a list, which is not a mapping. Its keys are version, repository, "
            "registry, namespace, versions, floating-tags, image-tag, version-file, channels, credentials, "
            "path-groups, defaults, images, components, retired, cleanup, notes, performance, branches, drift, "
            "schedule, tracker, gate.",
        ],
    ),
    "no images": (
        """\
        repository: o/r
        """,
        [
            "release.yaml:1:1: The file needs the key 'images'. The images, by the key that names each "
            "in lists and logs.",
        ],
    ),
    "no repository": (
        """\
        images:
          a:
            platforms: [linux/amd64]
        """,
        [
            "release.yaml:1:1: The file needs the key 'repository'. The repository on GitHub that "
            "releases: `owner/name`.",
        ],
    ),
    "images without an entry": (
        """\
        repository: o/r
        images: {}
        """,
        [
            "release.yaml:2:9: 'images' is an empty mapping. Name at least one.",
        ],
    ),
    "an image without a value": (
        """\
        repository: o/r
        images:
          a:
        """,
        [
            "release.yaml:3:5: 'images.a' is empty and should be an image. Its keys are platforms, "
            "runners, context, dockerfile, target, build-args, labels, annotations, required, secrets, "
            "prebuild, source, command, cache-from, cache-to, no-cache, provenance, driver-opts, buildkitd-flags, "
            "scan, variants, channels, built-by, paths, path-groups.",
        ],
    ),
    "a misspelt key of an image": (
        """\
        repository: o/r
        images:
          a:
            platfroms: [linux/amd64]
        """,
        [
            "release.yaml:4:5: 'platfroms' is not a key of an image. Did you mean 'platforms'?",
        ],
    ),
    "a misspelt key of the file": (
        """\
        repository: o/r
        images:
          a:
            platforms: [linux/amd64]
        floating-tag: [latest]
        """,
        [
            "release.yaml:5:1: 'floating-tag' is not a key of the file. Did you mean 'floating-tags'?",
        ],
    ),
    "a key in the wrong style": (
        """\
        repository: o/r
        images:
          a:
            platforms: [linux/amd64]
            build_args: {A: 1}
        """,
        [
            "release.yaml:5:5: 'build_args' is not a key of an image. Did you mean 'build-args'?",
        ],
    ),
    "a key that means nothing here": (
        """\
        repository: o/r
        images:
          a:
            platforms: [linux/amd64]
        slack: '#releases'
        """,
        [
            "release.yaml:5:1: 'slack' is not a key of the file. Use one of version, repository, registry, "
            "namespace, versions, floating-tags, image-tag, version-file, channels, credentials, "
            "path-groups, defaults, images, components, retired, cleanup, notes, performance, branches, drift, "
            "schedule, tracker, gate.",
        ],
    ),
    "a key that belongs elsewhere": (
        """\
        repository: o/r
        images:
          a:
            platforms: [linux/amd64]
            suffix: -x
        """,
        [
            "release.yaml:5:5: 'suffix' is not a key of an image. Use one of platforms, runners, "
            "context, dockerfile, target, build-args, labels, annotations, required, secrets, "
            "prebuild, source, command, cache-from, cache-to, no-cache, provenance, driver-opts, buildkitd-flags, "
            "scan, variants, channels, built-by, paths, path-groups.",
        ],
    ),
    "a repository without its owner": (
        """\
        repository: llm-d
        images:
          a:
            platforms: [linux/amd64]
        """,
        [
            "release.yaml:1:13: 'repository' is 'llm-d', which is not a repository. Write for example llm-d/llm-d.",
        ],
    ),
    "a repository as an address": (
        """\
        repository: https://github.com/o/r
        images:
          a:
            platforms: [linux/amd64]
        """,
        [
            "release.yaml:1:13: 'repository' is 'https://github.com/o/r', which is not a repository. "
            "Write for example llm-d/llm-d.",
        ],
    ),
    "a registry as an address": (
        """\
        repository: o/r
        registry: https://ghcr.io
        images:
          a:
            platforms: [linux/amd64]
        """,
        [
            "release.yaml:2:11: 'registry' is 'https://ghcr.io', which is not a registry's host. Write "
            "for example ghcr.io.",
        ],
    ),
    "a namespace in capitals": (
        """\
        repository: o/r
        namespace: LLM-D
        images:
          a:
            platforms: [linux/amd64]
        """,
        [
            "release.yaml:2:12: 'namespace' is 'LLM-D', which is not a namespace. Write for example llm-d.",
        ],
    ),
    "a prefix that runs into the number": (
        """\
        repository: o/r
        versions: {prefix: v1.}
        images:
          a:
            platforms: [linux/amd64]
        """,
        [
            "release.yaml:2:20: 'versions.prefix' is 'v1.', which is not a prefix of release tags. Write "
            "for example v.",
        ],
    ),
    "a blank prefix": (
        """\
        repository: o/r
        versions:
          prefix:
        images:
          a:
            platforms: [linux/amd64]
        """,
        [
            "release.yaml:3:10: 'versions.prefix' is empty and should be a prefix of release tags. Write "
            "'' for an empty text.",
        ],
    ),
    "a version without its reason": (
        """\
        repository: o/r
        versions:
          skip:
            v0.4.0:
        images:
          a:
            platforms: [linux/amd64]
        """,
        [
            "release.yaml:4:12: 'versions.skip.v0.4.0' is empty and should be a reason. Write for "
            "example 'broken on arm64'.",
        ],
    ),
    "a rule about tags that does not exist": (
        """\
        repository: o/r
        versions:
          rules: {candidate-numbers: warn, gap: "off"}
        images:
          a:
            platforms: [linux/amd64]
        """,
        ["release.yaml:3:11: 'candidate-numbers' is not a key of 'rules'. Did you mean 'candidate-number'?"],
    ),
    "a level that does not exist": (
        """\
        repository: o/r
        versions:
          rules:
            gap: warning
        images:
          a:
            platforms: [linux/amd64]
        """,
        [
            "release.yaml:4:10: 'versions.rules.gap' is 'warning', which is not one of error, warn, info, off. "
            "Did you mean 'warn'?",
        ],
    ),
    "a rule about tags that is switched off by false": (
        """\
        repository: o/r
        versions:
          rules: {gap: false}
        images:
          a:
            platforms: [linux/amd64]
        """,
        ["release.yaml:3:16: 'versions.rules.gap' is 'false', which is not one of error, warn, info, off."],
    ),
    "a first candidate, a spelling and branches that are none": (
        """\
        repository: o/r
        versions:
          first-candidate: 2
          post-spelling: .post
          release-branch: ["main", "releases/{newest}", "x/{majr}"]
        images:
          a:
            platforms: [linux/amd64]
        """,
        [
            "release.yaml:3:20: 'versions.first-candidate' is '2', which is not a whole number of at least 0 and at"
            " most 1.",
            "release.yaml:4:18: 'versions.post-spelling' is '.post', which is not one of post, patch, four-numbers."
            " Did you mean 'post'?",
        ],
    ),
    "branches of a list that are none": (
        """\
        repository: o/r
        versions:
          release-branch: ["main", "releases/{newest}", "x/{majr}"]
        images:
          a:
            platforms: [linux/amd64]
        """,
        [
            "release.yaml:3:28: 'releases/{newest}' needs {major} and {minor} beside a single {newest}."
            " Write for example 'releases/v{major}.{minor}.{newest}'.",
            "release.yaml:3:49: '{majr}' is not a placeholder of branches. Did you mean 'major'?",
        ],
    ),
    "a branch with a blank": (
        """\
        repository: o/r
        versions:
          release-branch: release {major}
        images:
          a:
            platforms: [linux/amd64]
        """,
        [
            "release.yaml:3:19: 'versions.release-branch' is 'release {major}', which is not a template of branch "
            "names. Write for example 'release-{major}.{minor}'.",
        ],
    ),
    "versions to skip as a list": (
        """\
        repository: o/r
        versions:
          skip: [v0.4.0]
        images:
          a:
            platforms: [linux/amd64]
        """,
        [
            "release.yaml:3:9: 'versions.skip' is a list, which is not a mapping of release tags to "
            "reasons. Write 'key: value' below 'versions.skip:'.",
        ],
    ),
    "a platform without its system": (
        """\
        repository: o/r
        images:
          a:
            platforms: [arm64]
        """,
        [
            "release.yaml:4:17: 'images.a.platforms[0]' is 'arm64', which is not a platform. Write for "
            "example linux/amd64.",
        ],
    ),
    "one platform without brackets": (
        """\
        repository: o/r
        images:
          a:
            platforms: linux/amd64
        """,
        [
            "release.yaml:4:16: 'images.a.platforms' is 'linux/amd64', which is not a list of platforms. "
            "Write [linux/amd64], or one item a line after a dash.",
        ],
    ),
    "no platform": (
        """\
        repository: o/r
        images:
          a:
            platforms: []
        """,
        [
            "release.yaml:4:16: 'images.a.platforms' is an empty list. Name at least one.",
        ],
    ),
    "a platform twice": (
        """\
        repository: o/r
        images:
          a:
            platforms: [linux/amd64, linux/arm64, linux/amd64]
        """,
        [
            "release.yaml:4:43: 'images.a.platforms[2]' is 'linux/amd64', which the list has already. Remove it.",
        ],
    ),
    "runners as a label": (
        """\
        repository: o/r
        images:
          a:
            platforms: [linux/amd64]
            runners: ubuntu-24.04
        """,
        [
            "release.yaml:5:14: 'images.a.runners' is 'ubuntu-24.04', which is not a mapping of "
            "platforms to runner labels. Write 'key: value' below 'images.a.runners:'.",
        ],
    ),
    "an image's key in capitals": (
        """\
        repository: o/r
        images:
          Cuda:
            platforms: [linux/amd64]
        """,
        [
            "release.yaml:3:3: The key 'Cuda' of 'images' is not an image's key. Write for example cuda.",
        ],
    ),
    "a boolean of YAML 1.1": (
        """\
        repository: o/r
        images:
          a:
            platforms: [linux/amd64]
            required: yes
        """,
        [
            "release.yaml:5:15: 'images.a.required' is 'yes', which is not a boolean. Write true or false.",
        ],
    ),
    "a build argument with a hyphen": (
        """\
        repository: o/r
        images:
          a:
            platforms: [linux/amd64]
            build-args: {CUDA-MAJOR: 12}
        """,
        [
            "release.yaml:5:18: The key 'CUDA-MAJOR' of 'images.a.build-args' is not a build argument's "
            "name. Write for example CUDA_MAJOR.",
        ],
    ),
    "a build argument that is a list": (
        """\
        repository: o/r
        images:
          a:
            platforms: [linux/amd64]
            build-args:
              ARCHES: [9.0, 10.0]
        """,
        [
            "release.yaml:6:15: 'images.a.build-args.ARCHES' is a list, which is not a text.",
        ],
    ),
    "build arguments as a list": (
        """\
        repository: o/r
        images:
          a:
            platforms: [linux/amd64]
            build-args:
              - CUDA_MAJOR=12
        """,
        [
            "release.yaml:5:5: 'images.a.build-args' is a list, which is not a mapping of build "
            "arguments. Write 'key: value' below 'images.a.build-args:'.",
        ],
    ),
    "a template without quotes": (
        """\
        repository: o/r
        channels:
          dev:
            name: {image}
        images:
          a:
            platforms: [linux/amd64]
        """,
        [
            "release.yaml:4:11: 'channels.dev.name' is a mapping, which is not a template of package "
            "names. A text that begins with { needs quotes.",
        ],
    ),
    "a template with a following text": (
        """\
        repository: o/r
        channels:
          dev:
            name: {image}-dev
        images:
          a:
            platforms: [linux/amd64]
        """,
        [
            "release.yaml:4:18: This is not YAML: while parsing a block mapping, did not find expected "
            "key. A text that begins with { or [ needs quotes.",
        ],
    ),
    "a channel without a name": (
        """\
        repository: o/r
        channels:
          dev: {}
        images:
          a:
            platforms: [linux/amd64]
        """,
        [
            "release.yaml:3:8: A channel needs the key 'name'. Name of each package below the namespace. "
            "`{image}` is the image's key, `{suffix}` the variant's suffix.",
        ],
    ),
    "a channel that does not exist": (
        """\
        repository: o/r
        channels:
          staging: {name: x}
        images:
          a:
            platforms: [linux/amd64]
        """,
        [
            "release.yaml:3:3: 'staging' is not a key of 'channels'. Use one of release, dev, pull-request.",
        ],
    ),
    "an image switched on": (
        """\
        repository: o/r
        images:
          a:
            platforms: [linux/amd64]
            channels: {release: true}
        """,
        [
            "release.yaml:5:25: 'images.a.channels.release' is 'true', which is not an image in a channel or false.",
        ],
    ),
    "a version-like number for a tag": (
        """\
        repository: o/r
        floating-tags: [1.10]
        images:
          a:
            platforms: [linux/amd64]
        """,
        [
            "release.yaml:2:17: 'floating-tags[0]' is '1.10', which YAML takes for a number. Put it in quotes: '1.10'.",
        ],
    ),
    "a rule without packages": (
        """\
        repository: o/r
        images:
          a:
            platforms: [linux/amd64]
        cleanup:
          old: {delete-tags: [pr-*]}
        """,
        [
            "release.yaml:6:8: A clean-up rule needs 'channel' or 'packages'. Leaving both out does not "
            "mean everything.",
        ],
    ),
    "a rule about both": (
        """\
        repository: o/r
        images:
          a:
            platforms: [linux/amd64]
        cleanup:
          old: {channel: release, packages: [a], delete-tags: [pr-*]}
        """,
        [
            "release.yaml:6:27: A clean-up rule takes only one of 'channel' or 'packages'. Keep one of them.",
        ],
    ),
    "a rule that deletes nothing": (
        """\
        repository: o/r
        images:
          a:
            platforms: [linux/amd64]
        cleanup:
          old: {channel: release, keep-n: 3}
        """,
        [
            "release.yaml:6:8: A clean-up rule needs 'delete-tags' or 'delete-released-candidates' or "
            "'delete-closed-pull-requests' or 'delete-gone-branches' or 'delete-gone-tags' or 'delete-ghost-images' or "
            "'delete-partial-images' or "
            "'delete-orphaned-attachments' or 'delete-untagged'. Leaving all of them out does not mean everything.",
        ],
    ),
    "a rule without a selector": (
        """\
        repository: o/r
        images:
          a:
            platforms: [linux/amd64]
        cleanup:
          old: {channel: release}
        """,
        [
            "release.yaml:6:8: A clean-up rule needs 'delete-tags' or 'delete-released-candidates' or "
            "'delete-closed-pull-requests' or 'delete-gone-branches' or 'delete-gone-tags' or 'delete-ghost-images' or "
            "'delete-partial-images' or "
            "'delete-orphaned-attachments' or 'delete-untagged'. Leaving all of them out does not mean everything.",
        ],
    ),
    "an empty list of globs": (
        """\
        repository: o/r
        images:
          a:
            platforms: [linux/amd64]
        cleanup:
          old: {channel: release, delete-tags: []}
        """,
        [
            "release.yaml:6:40: 'cleanup.old.delete-tags' is an empty list. Name at least one.",
        ],
    ),
    "an age without a unit": (
        """\
        repository: o/r
        images:
          a:
            platforms: [linux/amd64]
        cleanup:
          old: {channel: release, delete-tags: [pr-*], older-than: 30}
        """,
        [
            "release.yaml:6:60: 'cleanup.old.older-than' is '30', which is not a duration. Write for "
            "example 30d, 12h or 1w2d.",
        ],
    ),
    "keeping none": (
        """\
        repository: o/r
        images:
          a:
            platforms: [linux/amd64]
        cleanup:
          old: {channel: release, delete-tags: [pr-*], keep-n-per-line: 0}
        """,
        [
            "release.yaml:6:65: 'cleanup.old.keep-n-per-line' is '0', which is not a whole number of at least 1.",
        ],
    ),
    "a rule about an unknown channel": (
        """\
        repository: o/r
        images:
          a:
            platforms: [linux/amd64]
        cleanup:
          old: {channel: develop, delete-tags: [pr-*]}
        """,
        [
            "release.yaml:6:18: 'cleanup.old.channel' is 'develop', which is not one of release, dev. "
            "Did you mean 'dev'?",
        ],
    ),
    "a rule's name with a blank": (
        """\
        repository: o/r
        images:
          a:
            platforms: [linux/amd64]
        cleanup:
          dev images: {channel: release, delete-tags: [pr-*]}
        """,
        [
            "release.yaml:6:3: The key 'dev images' of 'cleanup' is not a rule's name. Write for example dev-images.",
        ],
    ),
    "an alias": (
        """\
        repository: o/r
        images:
          a: &a
            platforms: [linux/amd64]
          b: *a
        """,
        [
            "release.yaml:3:6: '&a' is a YAML anchor, which is not supported. Write the values out.",
            "release.yaml:5:6: '*a' is a YAML alias, which is not supported. Write the value out.",
        ],
    ),
    "a key given twice": (
        """\
        repository: o/r
        images:
          a:
            platforms: [linux/amd64]
            target: x
            target: y
        """,
        [
            "release.yaml:6:5: The key 'target' is given twice, first in line 5. Keep one of them.",
        ],
    ),
    "a tab": (
        """\
        repository: o/r
        images:
        \ta: {}
        """,
        [
            "release.yaml:3:1: This is not YAML: while scanning for the next token, found character that "
            "cannot start any token. YAML does not allow tabs in the indentation. Use spaces.",
        ],
    ),
}

MISTAKES_OF_RULES = {
    "a destination that is not there": (
        """\
        repository: o/r
        channels:
          release: {name: "{image}", destinations: {hub: {registry: docker.io}}}
        images:
          a:
            platforms: [linux/amd64]
            channels: {release: {destinations: {hbu: false}}}
        """,
        [
            "release.yaml:7:41: The channel 'release' has no destination 'hbu'. Did you mean 'hub'?",
        ],
    ),
    "two destinations that are one package": (
        """\
        repository: o/r
        channels:
          release:
            name: "{image}"
            destinations:
              hub: {registry: docker.io}
              index: {registry: index.docker.io}
        images:
          a: {platforms: [linux/amd64]}
        """,
        [
            "release.yaml:9:3: The image 'a' in the destination 'index' is published as 'o/a', and so is the image 'a' "
            "in the destination 'hub'. Give the destination 'index' another 'registry', 'namespace' or 'name'.",
        ],
    ),
    "a destination that is where it is copied from": (
        """\
        repository: o/r
        channels:
          release: {name: "{image}", destinations: {again: {name: "{image}"}}}
        images:
          a: {platforms: [linux/amd64]}
        """,
        [
            "release.yaml:5:3: The image 'a' in the destination 'again' is published as 'o/a', and so is the image "
            "'a'. Give the destination 'again' another 'registry', 'namespace' or 'name'.",
        ],
    ),
    "a clean-up of a channel that is elsewhere": (
        """\
        repository: o/r
        channels:
          dev: {name: "{image}", registry: quay.io}
        images:
          a: {platforms: [linux/amd64]}
        cleanup:
          old: {channel: dev, delete-untagged: true}
        """,
        [
            "release.yaml:7:18: The channel 'dev' is published to quay.io, where a clean-up deletes nothing. Remove "
            "the rule: only packages on ghcr.io are cleaned.",
        ],
    ),
    "an unknown placeholder": (
        """\
        repository: o/r
        channels:
          dev: {name: "{imgae}-dev"}
        images:
          a:
            platforms: [linux/amd64]
        """,
        [
            "release.yaml:3:15: '{imgae}' is not a placeholder of package names. Did you mean 'image'?",
        ],
    ),
    "an unknown placeholder of an image": (
        """\
        repository: o/r
        images:
          a:
            platforms: [linux/amd64]
            channels:
              release: {name: "x-{tag}"}
        """,
        [
            "release.yaml:6:23: '{tag}' is not a placeholder of package names. Use one of image, suffix.",
        ],
    ),
    "an image that is published nowhere": (
        """\
        repository: o/r
        images:
          a:
            platforms: [linux/amd64]
            channels: {release: false}
        """,
        [
            "release.yaml:3:3: The image 'a' is published in no channel. Remove it, or one of the "
            "'false' below 'channels'.",
        ],
    ),
    "an image in a channel that the file lacks": (
        """\
        repository: o/r
        images:
          a:
            platforms: [linux/amd64]
            channels:
              dev: {name: x}
        """,
        [
            "release.yaml:6:7: The file has no channel 'dev'. Describe it below 'channels'.",
        ],
    ),
    "a rule about a channel that the file lacks": (
        """\
        repository: o/r
        images:
          a:
            platforms: [linux/amd64]
        cleanup:
          old: {channel: dev, delete-tags: [pr-*]}
        """,
        [
            "release.yaml:6:18: The file has no channel 'dev'. Describe it below 'channels'.",
        ],
    ),
    "an image without platforms": (
        """\
        repository: o/r
        images:
          a: {}
          b: {}
        """,
        [
            "release.yaml:3:6: The image 'a' has no platforms. Add 'platforms', for example "
            "[linux/amd64], to it or to 'defaults'.",
            "release.yaml:4:6: The image 'b' has no platforms. Add 'platforms', for example "
            "[linux/amd64], to it or to 'defaults'.",
        ],
    ),
    "an architecture by another name": (
        """\
        repository: o/r
        images:
          a:
            platforms: [linux/x86_64]
            runners: {linux/x86_64: big}
        """,
        [
            "release.yaml:4:17: The platform 'linux/x86_64' is 'linux/amd64' in an index. Write linux/amd64.",
            "release.yaml:5:15: The platform 'linux/x86_64' is 'linux/amd64' in an index. Write linux/amd64.",
        ],
    ),
    "a redundant architecture variant": (
        """\
        repository: o/r
        defaults: {platforms: [linux/amd64, linux/arm64/v8], runners: {linux/arm64/v8: arm}}
        images: {a: {}}
        """,
        [
            "release.yaml:2:37: The platform 'linux/arm64/v8' is 'linux/arm64' in an index. Write linux/arm64.",
            "release.yaml:2:64: The platform 'linux/arm64/v8' is 'linux/arm64' in an index. Write linux/arm64.",
        ],
    ),
    "a platform without a runner": (
        """\
        repository: o/r
        images:
          a:
            platforms: [linux/amd64, linux/ppc64le]
        """,
        [
            "release.yaml:4:16: No runner builds 'linux/ppc64le' of the image 'a'. Add 'linux/ppc64le: "
            "LABEL' to 'runners' of the image or of 'defaults'.",
        ],
    ),
    "packages that are retired by what is no release": (
        """\
        repository: o/r
        defaults: {platforms: [linux/amd64]}
        images:
          a: {}
        retired:
          b: {since: v0.5.0-rc.1, reason: merged into a}
          c: {since: may, reason: merged into a}
        """,
        [
            "release.yaml:6:14: 'v0.5.0-rc.1' is not the tag of a release. Write the first release without the "
            "package, for example 'v0.5.0'.",
            "release.yaml:7:14: 'may' is not the tag of a release. Write the first release without the package, for "
            "example 'v0.5.0'.",
        ],
    ),
    "a package that is retired and still published": (
        """\
        repository: o/r
        defaults: {platforms: [linux/amd64]}
        images: {a: {}}
        retired: {a: {since: v0.5.0, reason: replaced}}
        """,
        ["release.yaml:4:11: 'a' is retired, and 'images' still publishes it. Remove one of them."],
    ),
    "a platform with its digits turned around": (
        """\
        repository: o/r
        images:
          a:
            platforms: [linux/amd64, linux/arm46]
        """,
        [
            "release.yaml:4:16: No runner builds 'linux/arm46' of the image 'a'. Did you mean 'linux/arm64'? If not, "
            "add 'linux/arm46: LABEL' to 'runners' of the image or of 'defaults'.",
        ],
    ),
    "a build argument of two lines": (
        """\
        repository: o/r
        images:
          a:
            platforms: [linux/amd64]
            build-args:
              A: |
                one
                two
        """,
        [
            "release.yaml:6:10: The build argument 'A' has more than one line. Put it on one line.",
        ],
    ),
    "a label of two lines": (
        """\
        repository: o/r
        images:
          a:
            platforms: [linux/amd64]
            labels: {x: "one\\ntwo"}
        """,
        [
            "release.yaml:5:17: The label 'x' has more than one line. Put it on one line.",
        ],
    ),
    "an illegal package name": (
        """\
        repository: o/r
        channels:
          release: {name: "{image}-"}
        images:
          a:
            platforms: [linux/amd64]
        """,
        [
            "release.yaml:5:3: 'o/a-' is not a legal repository name. Lower-case letters and digits, "
            "with '.', '_', '__' or dashes between them.",
        ],
    ),
    "two images in one package": (
        """\
        repository: o/r
        images:
          a:
            platforms: [linux/amd64]
          b:
            platforms: [linux/amd64]
            channels: {release: {name: a}}
        """,
        [
            "release.yaml:5:3: The image 'b' is published as 'o/a', and so is the image 'a'. Give one another 'name'.",
        ],
    ),
    "two variants in one package": (
        """\
        repository: o/r
        channels:
          release: {name: "{image}"}
        images:
          a:
            platforms: [linux/amd64]
            variants: {rhel: {}, ubuntu: {}}
        """,
        [
            "release.yaml:5:3: The variant 'ubuntu' of the image 'a' is published as 'o/a', and so is "
            "the variant 'rhel' of the image 'a'. Add '{suffix}' to the channel's template, or give the variant "
            "a 'tag' such as '{tag}-alpine'.",
        ],
    ),
    "dev builds in a release package": (
        """\
        repository: o/r
        channels:
          dev: {name: "{image}"}
        images:
          a:
            platforms: [linux/amd64]
        """,
        [
            "release.yaml:5:3: Dev builds of the image 'a' would land in the release package 'o/a'. Give "
            "the channels different templates, for example with '-dev' in one. To publish both in one "
            "package, say below channels.dev.tags which tags the builds have.",
        ],
    ),
    "a floating tag for a single release": (
        """\
        repository: o/r
        floating-tags: ["v{major}.{minor}.{patch}"]
        images:
          a:
            platforms: [linux/amd64]
        """,
        [
            "release.yaml:2:17: 'v{major}.{minor}.{patch}' would name a single release. A release keeps "
            "its exact tag; only {major} and {major}.{minor} float.",
        ],
    ),
    "a floating tag that is a release": (
        """\
        repository: o/r
        floating-tags: [latest, v1.2.3]
        images:
          a:
            platforms: [linux/amd64]
        """,
        [
            "release.yaml:2:25: 'v1.2.3' could be the tag of a release. A tag that moves needs a name "
            "that no release has.",
        ],
    ),
    "a floating tag that could be a release": (
        """\
        repository: o/r
        floating-tags: ["v{major}.{minor}.0"]
        images:
          a:
            platforms: [linux/amd64]
        """,
        [
            "release.yaml:2:17: 'v{major}.{minor}.0' could be the tag of a release, such as v1.2.0. A "
            "tag that moves needs a name that no release has.",
        ],
    ),
    "a floating tag that could be a candidate": (
        """\
        repository: o/r
        floating-tags: ["v{major}.{minor}.0-rc.1"]
        images:
          a:
            platforms: [linux/amd64]
        """,
        [
            "release.yaml:2:17: 'v{major}.{minor}.0-rc.1' could be the tag of a release, such as "
            "v1.2.0-rc.1. A tag that moves needs a name that no release has.",
        ],
    ),
    "an exact tag that candidates share": (
        """\
        repository: o/r
        image-tag: "{major}.{minor}.{patch}"
        images:
          a:
            platforms: [linux/amd64]
        """,
        [
            "release.yaml:2:12: '{major}.{minor}.{patch}' would give a release and its candidates one tag. Write "
            "{version}; {major} and {minor} are for floating-tags.",
        ],
    ),
    "an exact tag of no version": (
        """\
        repository: o/r
        image-tag: "release"
        images:
          a:
            platforms: [linux/amd64]
        """,
        [
            "release.yaml:2:12: 'release' does not say once which release an image is of. Write {tag} or {version}.",
        ],
    ),
    "an exact tag with an unknown placeholder": (
        """\
        repository: o/r
        image-tag: "{verison}"
        images:
          a:
            platforms: [linux/amd64]
        """,
        [
            "release.yaml:2:12: '{verison}' is not a placeholder of exact tags. Did you mean 'version'?",
        ],
    ),
    "an exact tag with a number before the version": (
        """\
        repository: o/r
        image-tag: "2-1{version}"
        images:
          a:
            platforms: [linux/amd64]
        """,
        [
            "release.yaml:2:12: '2-1{version}' has '2-1' before the version, which could be taken for a part of "
            "it. End it with a letter or '-'.",
        ],
    ),
    "an exact tag that ends as a candidate does": (
        """\
        repository: o/r
        image-tag: "{version}-rc.1"
        images:
          a:
            platforms: [linux/amd64]
        """,
        [
            "release.yaml:2:12: '{version}-rc.1' has '-rc.1' after the version, which could be taken for a part "
            "of it. Begin it with '-' and a word that is not one of versions, such as -alpine.",
        ],
    ),
    "a channel's tag with a placeholder of another occasion": (
        """\
        repository: o/r
        channels:
          dev:
            name: "{image}-dev"
            tags: {branch: ["pr-{number}"]}
        images:
          a:
            platforms: [linux/amd64]
        """,
        [
            "release.yaml:5:21: '{number}' is not a placeholder of tags of 'branch'. Use one of branch, sha, "
            "short-sha, date, iso-date.",
        ],
    ),
    "a channel's tag that is no tag": (
        """\
        repository: o/r
        channels:
          dev:
            name: "{image}-dev"
            tags: {every: ["-x"]}
        images:
          a:
            platforms: [linux/amd64]
        """,
        [
            "release.yaml:5:20: '-x' is not a legal tag. Begin with a letter, a digit or '_'.",
        ],
    ),
    "a channel's tag that is a release": (
        """\
        repository: o/r
        channels:
          dev:
            name: "{image}-dev"
            tags: {trunk: ["v1.2.3"]}
        images:
          a:
            platforms: [linux/amd64]
        """,
        [
            "release.yaml:5:20: 'v1.2.3' could be the tag of a release, such as v1.2.3. A build that is no "
            "release needs a name that no release has.",
        ],
    ),
    "a channel's tag that floats in its package": (
        """\
        repository: o/r
        channels:
          dev:
            name: "{image}"
            tags: {trunk: ["latest"]}
        images:
          a:
            platforms: [linux/amd64]
        """,
        [
            "release.yaml:5:20: 'latest' is a floating tag of the releases in the same package, 'latest'. Choose "
            "another name, or take it out of floating-tags.",
        ],
    ),
    "a pull request's channel with tags of a branch": (
        """\
        repository: o/r
        channels:
          dev: {name: "{image}-dev"}
          pull-request:
            name: "{image}-pr"
            tags: {branch: ["{branch}"]}
        images:
          a:
            platforms: [linux/amd64]
        """,
        [
            "release.yaml:6:21: No build of the channel 'pull-request' is of a branch. Write it below the tags "
            "of 'dev'.",
        ],
    ),
    "a variant's tag without the tag": (
        """\
        repository: o/r
        images:
          a:
            platforms: [linux/amd64]
            variants:
              x: {suffix: ""}
              y: {tag: alpine}
        """,
        [
            "release.yaml:7:16: 'alpine' does not have {tag} once. Write for example '{tag}-alpine'.",
        ],
    ),
    "a variant's tag that reads as a candidate": (
        """\
        repository: o/r
        images:
          a:
            platforms: [linux/amd64]
            variants:
              x: {suffix: ""}
              y: {tag: '{tag}-rc1'}
        """,
        [
            "release.yaml:7:16: '{tag}-rc1' has '-rc1' after the version, which could be taken for a part of it. "
            "Begin it with '-' and a word that is not one of versions, such as -alpine.",
        ],
    ),
    "a variant's floating tag that another variant has": (
        """\
        repository: o/r
        images:
          a:
            platforms: [linux/amd64]
            variants:
              x: {suffix: ""}
              y: {tag: '{tag}-alpine', floating-tags: [latest]}
        """,
        [
            "release.yaml:7:48: 'latest' of the variant 'y' could be 'latest' of 'x'. Give one of them other "
            "floating-tags.",
        ],
    ),
    "a variant's floating tag that is a release": (
        """\
        repository: o/r
        images:
          a:
            platforms: [linux/amd64]
            variants:
              x: {suffix: ""}
              y: {tag: '{tag}-alpine', floating-tags: [v1.2.3]}
        """,
        [
            "release.yaml:7:48: 'v1.2.3' could be the tag of a release. A tag that moves needs a name that no "
            "release has.",
        ],
    ),
    "a floating tag of minors": (
        """\
        repository: o/r
        floating-tags: ["x{minor}"]
        images:
          a:
            platforms: [linux/amd64]
        """,
        [
            "release.yaml:2:17: 'x{minor}' would name releases of different major versions. Add {major} to it.",
        ],
    ),
    "a floating tag with an unknown placeholder": (
        """\
        repository: o/r
        floating-tags: ["v{mayor}"]
        images:
          a:
            platforms: [linux/amd64]
        """,
        [
            "release.yaml:2:17: '{mayor}' is not a placeholder of floating tags. Did you mean 'major'?",
        ],
    ),
    "an illegal floating tag": (
        """\
        repository: o/r
        floating-tags: ["-{major}"]
        images:
          a:
            platforms: [linux/amd64]
        """,
        [
            "release.yaml:2:17: '-1' is not a legal tag. Begin with a letter, a digit or '_'.",
        ],
    ),
    "a floating tag whose numbers run together": (
        """\
        repository: o/r
        floating-tags: ["v{major}{minor}"]
        images:
          a:
            platforms: [linux/amd64]
        """,
        [
            "release.yaml:2:17: 'v{major}{minor}' would give different versions one tag. Set the numbers "
            "apart from each other and from other digits.",
        ],
    ),
    "two floating tags that could be one": (
        """\
        repository: o/r
        floating-tags: ["v{major}", v1]
        images:
          a:
            platforms: [linux/amd64]
        """,
        [
            "release.yaml:2:29: 'v1' and 'v{major}' could be one tag. Keep one of them.",
        ],
    ),
    "a build in place of a promotion that is not made": (
        """\
        repository: o/r
        versions:
          without-candidate: rebuild
        images:
          a:
            platforms: [linux/amd64]
        """,
        [
            "release.yaml:3:22: 'without-candidate' only has a meaning with 'final: promote': every final is built "
            "here. Remove it, or add 'final: promote'.",
        ],
    ),
    "a skipped name that is no version": (
        """\
        repository: o/r
        versions:
          skip:
            v0.4: broken
        images:
          a:
            platforms: [linux/amd64]
        """,
        [
            "release.yaml:4:5: Tag 'v0.4' is a floating tag: it names the newest release of 0.4.x, not "
            "one version. Did you mean v0.4.0? The action protect-latest moves floating tags. Do not push them.",
        ],
    ),
    "a skipped candidate": (
        """\
        repository: o/r
        versions:
          skip:
            v0.4.0-rc.1: broken
        images:
          a:
            platforms: [linux/amd64]
        """,
        [
            "release.yaml:4:5: No floating tag ever names 'v0.4.0-rc.1'. Only final and post releases need skipping.",
        ],
    ),
    "a skipped version without the prefix": (
        """\
        repository: o/r
        versions:
          skip:
            0.4.0: broken
        images:
          a:
            platforms: [linux/amd64]
        """,
        [
            "release.yaml:4:5: Tag '0.4.0' does not begin with 'v' and a number, as release tags of this project "
            "do. Did you mean v0.4.0?",
        ],
    ),
    "a branch with a placeholder of its own": (
        """\
        repository: o/r
        versions:
          release-branch: release-{majr}.{minor}
        images:
          a:
            platforms: [linux/amd64]
        """,
        ["release.yaml:3:19: '{majr}' is not a placeholder of branches. Did you mean 'major'?"],
    ),
    "branches that git does not take": (
        """\
        repository: o/r
        versions:
          release-branch: releases//v{major}
          prerelease-branch: main.lock
        images:
          a:
            platforms: [linux/amd64]
        """,
        [
            "release.yaml:3:19: 'releases//v1' is not a legal name of a branch. Write it without refs/heads/.",
            "release.yaml:4:22: 'main.lock' is not a legal name of a branch. Write it without refs/heads/.",
        ],
    ),
    "a glob that matches nothing": (
        """\
        repository: o/r
        channels:
          dev: {name: "{image}-dev"}
        images:
          a:
            platforms: [linux/amd64]
        cleanup:
          old: {packages: [b-*], delete-tags: [pr-*]}
        """,
        [
            "release.yaml:8:20: 'b-*' matches no package of this file. It selects among what 'images' "
            "and 'channels' give; other packages are named in full.",
        ],
    ),
    "a package with its namespace": (
        """\
        repository: o/r
        images:
          a:
            platforms: [linux/amd64]
        cleanup:
          old: {packages: [o/a], delete-tags: [pr-*]}
        """,
        [
            "release.yaml:6:20: The package 'o/a' is named with its namespace. Leave out 'o/'.",
        ],
    ),
    "an illegal package in a rule": (
        """\
        repository: o/r
        images:
          a:
            platforms: [linux/amd64]
        cleanup:
          old: {packages: [a-], delete-tags: [pr-*]}
        """,
        [
            "release.yaml:6:20: 'a-' is not a legal repository name. Lower-case letters and digits, with "
            "'.', '_', '__' or dashes between them.",
        ],
    ),
    "a rule that spares tags and selects none": (
        """\
        repository: o/r
        images:
          a:
            platforms: [linux/amd64]
        cleanup:
          old: {channel: release, delete-untagged: true, keep-n-per-line: 2}
        """,
        [
            "release.yaml:6:50: 'keep-n-per-line' keeps some of the selected tags, and the clean-up rule 'old' selects "
            "none. Add 'delete-tags'.",
        ],
    ),
    "a regular expression": (
        """\
        repository: o/r
        images:
          a:
            platforms: [linux/amd64]
        cleanup:
          old:
            channel: release
            delete-tags: ['^pr-\\d+$']
            exclude-tags: ['pr-[0-9*', '!main']
        """,
        [
            "release.yaml:8:19: '^pr-\\d+$' is not a glob over tags. Write for example pr-*, or set 'use-regex: true'.",
            "release.yaml:9:20: 'pr-[0-9*' is not a glob over tags. Write for example pr-*, or set 'use-regex: true'.",
            "release.yaml:9:32: '!main' is not a glob over tags. Write for example pr-*, or set 'use-regex: true'.",
        ],
    ),
    "an expression that is not regular": (
        """\
        repository: o/r
        images:
          a:
            platforms: [linux/amd64]
        cleanup:
          old: {channel: release, use-regex: true, delete-tags: ["v.*", "pr-(.*"]}
        """,
        [
            "release.yaml:6:65: 'pr-(.*' is not a regular expression: missing ), unterminated subpattern at "
            "position 3.",
        ],
    ),
    "an unknown placeholder of a value": (
        """\
        repository: o/r
        version-file: versions
        images:
          a:
            platforms: [linux/amd64]
            build-args: {A: "{plattform}", B: "{{platform}} {file.X}"}
            labels: {x: "{channel}"}
            source: {repository: o/s, ref: "{Ref} {tags}", path: s}
        """,
        [
            "release.yaml:6:21: '{plattform}' is not a placeholder of a value. Did you mean 'platform'? For the text "
            "itself, write {{plattform}}.",
            "release.yaml:7:17: '{channel}' is not a placeholder of a value. Use one of image, variant, platform, os, "
            "arch, tag, sha, short-sha, run-id, ref-name, source-repository, source-ref, source-commit. For the text "
            "itself, write {{channel}}.",
            "release.yaml:8:36: '{tags}' is not a placeholder of a source. Did you mean 'tag'? For the text itself, "
            "write {{tags}}.",
        ],
    ),
    "a placeholder where it means nothing": (
        """\
        repository: o/r
        images:
          a:
            platforms: [linux/amd64]
            source: {repository: "o/{arch}", ref: "{source-commit}", path: s}
            cache-to: ["ref={package}-{arch}", "ref={packages}"]
            build-args: {A: "{package}"}
        """,
        [
            "release.yaml:5:26: '{arch}' is not a placeholder of a source. Use one of image, variant, tag, sha, "
            "short-sha, run-id, ref-name. For the text itself, write {{arch}}.",
            "release.yaml:5:43: '{source-commit}' is not a placeholder of a source. Use one of image, variant, tag, "
            "sha, short-sha, run-id, ref-name. For the text itself, write {{source-commit}}.",
            "release.yaml:6:40: '{packages}' is not a placeholder of a cache. Did you mean 'package'? For the text "
            "itself, write {{packages}}.",
            "release.yaml:7:21: '{package}' is not a placeholder of a value. Use one of image, variant, platform, os, "
            "arch, tag, sha, short-sha, run-id, ref-name, source-repository, source-ref, source-commit. For the text "
            "itself, write {{package}}.",
        ],
    ),
    "platforms of a variant": (
        """\
        repository: o/r
        images:
          a: {variants: {x: {platforms: [linux/x86_64]}, y: {platforms: [linux/s390x]}}}
          b: {variants: {x: {platforms: [linux/amd64]}, y: {}}}
        """,
        [
            "release.yaml:3:6: No runner builds 'linux/x86_64' of the image 'a'. Add 'linux/x86_64: LABEL' to "
            "'runners' of the image or of 'defaults'.",
            "release.yaml:3:6: No runner builds 'linux/s390x' of the image 'a'. Add 'linux/s390x: LABEL' to "
            "'runners' of the image or of 'defaults'.",
            "release.yaml:3:34: The platform 'linux/x86_64' is 'linux/amd64' in an index. Write linux/amd64.",
            "release.yaml:4:6: The image 'b' has no platforms. Add 'platforms', for example [linux/amd64], to it or to "
            "'defaults'.",
        ],
    ),
    "a value of a version file that is not named": (
        """\
        repository: o/r
        images:
          a:
            platforms: [linux/amd64]
            build-args: {A: "{file.CUDA}"}
        """,
        [
            "release.yaml:5:21: '{file.CUDA}' is a value of the version file, and 'version-file' names none. Name it "
            "at the top of the file.",
        ],
    ),
    "path groups that do not match": (
        """\
        repository: o/r
        path-groups:
          common: [scripts/**]
          cpu: [cpu/**]
        images:
          a:
            platforms: [linux/amd64]
            path-groups: [common, cpus]
        """,
        [
            "release.yaml:4:3: No image names the path group 'cpu'. Name it, or remove it.",
            "release.yaml:8:27: 'cpus' is not a path group. Did you mean 'cpu'?",
        ],
    ),
    "credentials for a registry that nobody uses": (
        """\
        repository: o/r
        credentials:
          quay.io: {username: QUAY_USER, password: QUAY_TOKEN}
        images:
          a:
            platforms: [linux/amd64]
        """,
        [
            "release.yaml:3:3: Nothing is published to 'quay.io'. Use one of ghcr.io.",
        ],
    ),
    "a runner for a platform that is not built": (
        """\
        repository: o/r
        images:
          a:
            platforms: [linux/amd64]
            runners: {linux/arm64: big}
        """,
        [
            "release.yaml:5:15: The image 'a' is not built for 'linux/arm64', so this runner builds nothing. Add the "
            "platform, or remove the runner.",
        ],
    ),
    "a build of what another tool builds": (
        """\
        repository: o/r
        images:
          a:
            built-by: goreleaser
            platforms: [linux/amd64]
            target: runtime
        """,
        [
            "release.yaml:6:5: The image 'a' is built by goreleaser, and 'target' has no effect on that. "
            "Remove one of them.",
        ],
    ),
    "an image in no component": (
        """\
        repository: o/r
        images:
          a: {platforms: [linux/amd64]}
          b: {platforms: [linux/amd64]}
        components:
          one: {versions: {prefix: one-v}, images: [a]}
        """,
        [
            "release.yaml:4:3: The image 'b' is in no component. Name it below 'images' of one.",
        ],
    ),
    "a tag of two components": (
        """\
        repository: o/r
        images:
          a: {platforms: [linux/amd64]}
          b: {platforms: [linux/amd64]}
        components:
          one: {versions: {prefix: v}, images: [a]}
          two: {versions: {prefix: v}, images: [b]}
        """,
        [
            "release.yaml:7:28: A tag could be a release of 'one' and of 'two'. Give one of them another prefix.",
        ],
    ),
    "a prefix of a file with components": (
        """\
        repository: o/r
        versions: {prefix: v}
        images:
          a: {platforms: [linux/amd64]}
        components:
          one: {versions: {prefix: one-v}, images: [a]}
        """,
        [
            "release.yaml:2:12: 'versions.prefix' is about releases, and each component has its own. "
            "Move it to a component.",
        ],
    ),
    "a command beside a stage": (
        """\
        repository: o/r
        images:
          a:
            platforms: [linux/amd64]
            command: make image
            target: runtime
        """,
        [
            "release.yaml:6:5: The image 'a' is built by a command, and 'target' has no effect on a command. "
            "Remove one of them.",
        ],
    ),
    "a builder that keeps no build in": (
        """\
        repository: o/r
        defaults:
          driver-opts: ["network=host,Image=evil/buildkit"]
          buildkitd-flags: --debug '--allow-insecure-entitlement' security.insecure
        images:
          a:
            platforms: [linux/amd64]
            driver-opts: [memory=1g, '"env.A=1,2","image=evil"', ' image =evil']
            buildkitd-flags: -oci-worker-no-process-sandbox=true
          b:
            platforms: [linux/amd64]
            driver-opts: [env.image=x, network=image]
            buildkitd-flags: --oci-worker-gc --root=allow-insecure-entitlement
          c:
            platforms: [linux/amd64]
            command: make image
            driver-opts: [image=own/buildkit]
            buildkitd-flags: --allow-insecure-entitlement=network.host
        """,
        [
            "release.yaml:3:16: 'driver-opts' has 'network=host,Image=evil/buildkit', and another BuildKit could take "
            "over the runner. Remove it: the workflows name BuildKit by digest. Only an image with a 'command' may "
            "choose one.",
            "release.yaml:4:20: 'buildkitd-flags' has '--allow-insecure-entitlement', which lets a Dockerfile reach "
            "the runner. Remove it: no build here is granted what it allows. Only an image with a 'command' may have "
            "it.",
            """release.yaml:8:18: 'driver-opts' has '"env.A=1,2","image=evil"', and another BuildKit could take over """
            "the runner. Remove it: the workflows name BuildKit by digest. Only an image with a 'command' may choose "
            "one.",
            "release.yaml:8:18: 'driver-opts' has ' image =evil', and another BuildKit could take over the runner. "
            "Remove it: the workflows name BuildKit by digest. Only an image with a 'command' may choose one.",
            "release.yaml:9:22: 'buildkitd-flags' has '-oci-worker-no-process-sandbox=true', which lets a Dockerfile "
            "reach the runner. Remove it: no build here is granted what it allows. Only an image with a 'command' may "
            "have it.",
        ],
    ),
    "pull requests in a dev package": (
        """\
        repository: o/r
        channels:
          dev: {name: "{image}-dev"}
          pull-request: {name: "{image}-dev"}
        images:
          a:
            platforms: [linux/amd64]
        """,
        [
            "release.yaml:6:3: Pull requests of the image 'a' would land in the dev package 'o/a-dev'. Give the "
            "channels different templates, for example with '-dev' in one.",
        ],
    ),
    "a rule that leaves the untagged alone": (
        """\
        repository: o/r
        images:
          a:
            platforms: [linux/amd64]
        cleanup:
          old: {channel: release, delete-untagged: false}
        """,
        [
            "release.yaml:6:44: The clean-up rule 'old' deletes nothing. Add 'delete-tags', or set "
            "'delete-untagged: true'.",
        ],
    ),
}


def load(text: str) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        load_text(textwrap.dedent(text), file="release.yaml")
    assert caught.value.exit_code is ExitCode.BAD_INPUT
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(("text", "expected"), MISTAKES_OF_FORM.values(), ids=MISTAKES_OF_FORM.keys())
def test_a_mistake_of_form_is_refused_in_these_words(text: str, expected: list[str]) -> None:
    assert load(text) == expected


@pytest.mark.parametrize(("text", "expected"), MISTAKES_OF_RULES.values(), ids=MISTAKES_OF_RULES.keys())
def test_a_breach_of_a_rule_is_refused_in_these_words_and_unknown_to_the_schema(text: str, expected: list[str]) -> None:
    # Hand-over: repository, plan.
    assert load(text) == expected
    assert VERDICTS.schema_accepts(yaml.safe_load(textwrap.dedent(text))), "what the schema can say is not a rule"


def test_a_package_name_that_is_too_long_is_refused_with_its_length() -> None:
    text = f"repository: o/r\nnamespace: {'n' * 240}\nimages:\n  a-long-name: {{platforms: [linux/amd64]}}\n"
    assert load(text) == [
        "release.yaml:4:3: The full name of the package 'a-long-name' has 260 characters. "
        "Many clients take at most 255, registry and namespace included."
    ]
    assert VERDICTS.schema_accepts(yaml.safe_load(text))


def test_every_rule_has_a_mistake_that_breaks_it() -> None:
    broken = set()
    for text, _ in MISTAKES_OF_RULES.values():
        document = shapes.load(textwrap.dedent(text), SHAPE, file="release.yaml")
        broken |= {rule.__name__ for rule in RULES if list(rule(document))}
    assert broken == {rule.__name__ for rule in RULES}


OUTSIDE = ("../../etc", "/etc", "a/../../x", "..")
ADDRESSES = ("https://evil.example/x.git", "git@evil.example:x/y", "github.com/x/y")
OPTIONS = ("-", "--upload-pack=x", "~/x", "$HOME/x")
TEMPLATES = ("{{defaultContext}}", "{{defaultContext}}:a")
NO_PATHS = (*OUTSIDE, *ADDRESSES, *OPTIONS, *TEMPLATES, ".git/config", "a\\b", "a\nb")
KEYS_OF_PATHS = ("context", "dockerfile", "version-file", "source.path", "source.patch")


@pytest.mark.parametrize("key", KEYS_OF_PATHS)
@pytest.mark.parametrize("value", NO_PATHS)
def test_what_leads_out_of_the_repository_is_not_a_path(key: str, value: str) -> None:
    image: dict[str, Any] = {"platforms": ["linux/amd64"]}
    document: dict[str, Any] = {"repository": "acme/web", "images": {"web": image}}
    if key == "version-file":
        document[key] = value
    elif key.startswith("source."):
        image["source"] = {"repository": "o/r", "ref": "main", "path": "src", key.removeprefix("source."): value}
    else:
        image[key] = value

    with pytest.raises(ConfigurationError) as caught:
        load_text(json.dumps(document))

    assert len(caught.value.problems) == 1
    assert "inside the repository" in caught.value.problems[0].message


def put(path: str, value: Any) -> dict[str, Any]:
    """A document with a value at a path such as `branches.rewrites.0.files`."""
    document: dict[str, Any] = {"repository": "acme/web", "images": {"web": {"platforms": ["linux/amd64"]}}}
    *above, last = path.split(".")
    place: Any = document
    for name in above:
        if name == "0":
            place.append({"reason": "r"} if "drift" in above else {"pattern": "a", "replacement": "b"})
            place = place[0]
        else:
            place = place.setdefault(name, [] if name in {"rewrites", "exceptions"} else {})
    place[last] = value
    if "path-groups" in above:
        document["images"]["web"]["path-groups"] = [last]
    return document


GLOBS = (
    "images.web.paths",
    "path-groups.common",
    "notes.paths",
    "branches.release-only",
    "branches.rewrites.0.files",
    "drift.exclude",
    "drift.exceptions.0.paths",
    "tracker.examples",
    "schedule.documents",
)
"""Keys with globs over paths of the repository."""

NO_GLOBS = ("../x", "a/../../x", "..", "!../x", "/etc/**", "!/etc", "~/x", "-rf", "https://evil.example/x", "{{x}}/**")


@pytest.mark.parametrize("key", GLOBS)
def test_a_glob_over_paths_stays_in_the_repository(key: str) -> None:
    load_text(json.dumps(put(key, ["src/**", "!src/a*", "..a/b", "a..b"])))

    for value in NO_GLOBS:
        with pytest.raises(ConfigurationError, match=r"which is not a (?:path or )?glob"):
            load_text(json.dumps(put(key, [value])))


@pytest.mark.parametrize("value", NO_PATHS)
def test_the_template_of_an_issue_is_in_the_repository(value: str) -> None:
    with pytest.raises(ConfigurationError, match=r"'tracker\.template' is .* which is not a path"):
        load_text(json.dumps(put("tracker.template", value)))


SCHEMA = Path(__file__).parents[2] / "schema" / "release.schema.json"
FREE = {"path-groups", "images.*.path-groups", "images.*.path-groups[]", "tracker.releases", "channels"}
"""Keys that are named like paths and are none, or that only hold other keys."""

LIKE_PATHS = re.compile(
    r"(?:^|[.-])(?:paths?|files?|documents|examples|exclude|patch|template|dockerfile|context|release-only)(?:\[\]|\.\*)*$"
)


def test_no_key_that_is_named_like_a_path_takes_one_outside() -> None:
    text = SCHEMA.read_text(encoding="utf-8")
    keys = capture_schema(text, "schema", Kind.CONFIGURATION).elements(Group.KEYS)
    texts = {
        name: those for name, those in keys.items() if LIKE_PATHS.search(name) and "string" in those.get("type", ())
    }

    patterns = {name: str(those.get("other", {}).get("pattern", ".*")) for name, those in texts.items()}

    assert len(patterns) > len(GLOBS)
    assert {name for name, pattern in patterns.items() if re.search(pattern, "../x")} <= FREE


@pytest.mark.parametrize("value", [".", "./", "././/"])
def test_another_repository_is_never_checked_out_over_this_one(value: str) -> None:
    source = {"repository": "o/r", "ref": "main", "path": value}
    document = {"repository": "acme/web", "images": {"web": {"platforms": ["linux/amd64"], "source": source}}}

    with pytest.raises(ConfigurationError, match="which is not a folder inside the repository"):
        load_text(json.dumps(document))


@pytest.mark.parametrize("value", [".", "./a", "a/b", ".cache/src", "a..b", "..a/b", "x y/z", "a+b@c,d=e"])
def test_a_path_inside_the_repository_is_taken_as_it_is(value: str) -> None:
    document = {"repository": "acme/web", "images": {"web": {"platforms": ["linux/amd64"], "context": value}}}

    (package,) = load_text(json.dumps(document)).packages()

    assert package.context == value
