"""The row that shows in our template how one fills it in; known again when it comes back."""

EXAMPLE = "Example, this line is left out"
