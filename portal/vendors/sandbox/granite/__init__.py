"""Granite's TechExpress as the sandbox plays it."""
