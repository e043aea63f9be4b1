"""Go or no-go: reads the reports of all checks, decides, and keeps the log of a release."""
