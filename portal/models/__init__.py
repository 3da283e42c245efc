from portal.models.accounts import VendorAccount, VendorToken
from portal.models.arming import Arming, ForgottenSend
from portal.models.audit import AuditEntry
from portal.models.breakers import Breaker
from portal.models.drift import DriftEntry
from portal.models.files import StoredFile
from portal.models.inbox import Delivery, Subscription, WebhookToken
from portal.models.lookups import Lookup
from portal.models.messages import Attempt, Message, MessageFile, MessageTransition, RateBudget
from portal.models.people import Team, User
from portal.models.resolutions import Resolution

__all__ = [
    "Arming",
    "Attempt",
    "AuditEntry",
    "Breaker",
    "Delivery",
    "DriftEntry",
    "ForgottenSend",
    "Lookup",
    "Message",
    "MessageFile",
    "MessageTransition",
    "RateBudget",
    "Resolution",
    "StoredFile",
    "Subscription",
    "Team",
    "User",
    "VendorAccount",
    "VendorToken",
    "WebhookToken",
]
