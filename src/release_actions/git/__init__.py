"""The local checkout."""
