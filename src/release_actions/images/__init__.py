"""Manifests and indexes: publishing, inspecting and judging them."""
