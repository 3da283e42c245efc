"""What stands in sheets of our own making, and is known again when they come back."""

# The column of a downloaded sheet that says why a row waits; it is for people and is not read.
WRONG_HEADER = "What is wrong"
