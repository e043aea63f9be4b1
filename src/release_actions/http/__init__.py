"""One policy for every request."""
