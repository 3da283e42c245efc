from sites.models.places import Account, Contact, Site, SiteQuerySet, one_line, validate_zone
from sites.models.services import Service, ServiceChange, ServiceImport, ServiceQuerySet

__all__ = [
    "Account",
    "Contact",
    "Service",
    "ServiceChange",
    "ServiceImport",
    "ServiceQuerySet",
    "Site",
    "SiteQuerySet",
    "one_line",
    "validate_zone",
]
