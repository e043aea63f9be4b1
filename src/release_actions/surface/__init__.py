"""What users rely on in workflows, actions and schemas, and what a change takes away from them. Pure."""
