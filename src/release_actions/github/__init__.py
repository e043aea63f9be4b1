"""The clients of GitHub's API."""
