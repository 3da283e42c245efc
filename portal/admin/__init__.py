"""What administrators see of the shared ground. Importing a module registers its pages."""

from portal.admin import accounts, drift, files, history, locks, messages, people

__all__ = ["accounts", "drift", "files", "history", "locks", "messages", "people"]
