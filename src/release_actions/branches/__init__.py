"""What is on a release branch and should not be, what is missing there, and what trunk has taken back since."""
