"""Granite TechExpress: the client, and what goes over the wire."""
