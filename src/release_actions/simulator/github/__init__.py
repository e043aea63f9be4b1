"""GitHub's REST API: one module a subject, each with its routes; `face` puts them together."""
