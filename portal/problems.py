class Problem(Exception):
    """Something a person can understand and act on; its text is shown to them as it is."""
