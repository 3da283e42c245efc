"""The vendors, played by a real HTTP server of ours: for demo, training and tests.

It stands outside the portal on purpose: plain Python, no Django, and nothing of the portal imports it in production.
"""

from portal.vendors.sandbox.box import Sandbox

__all__ = ["Sandbox"]
