"""Who may speak for a file or in a role, and who approved what: OWNERS, aliases, roles, commands and reviews."""
