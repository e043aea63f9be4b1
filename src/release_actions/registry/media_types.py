"""Media types of manifests and indexes: OCI image-spec 1.1, and Docker's image manifest version 2, schema 2."""

from __future__ import annotations

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"

INDEX_TYPES = (OCI_INDEX, DOCKER_LIST)
MANIFEST_TYPES = (OCI_MANIFEST, DOCKER_MANIFEST)
MEDIA_TYPES = (*INDEX_TYPES, *MANIFEST_TYPES)
"""All four are named in `Accept` of every request: a registry that is asked for fewer may convert or refuse a manifest,
or answer with a child in place of the index."""
