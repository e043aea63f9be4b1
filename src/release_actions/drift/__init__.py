"""Which version every file of the repository names, and which it should name at the next release."""
