"""What tickets know of a service, for pages of the sites, which know nothing of tickets."""

from django import template
from django.db.models import QuerySet

from portal.models import User
from sites.models import Service
from tickets.models import Case

register = template.Library()
MOST_CASES = 50


@register.simple_tag
def cases_on(service: Service, user: User) -> QuerySet[Case]:
    """The newest cases on this service that the person may see."""
    found = Case.objects.visible_to(user).filter(service=service).select_related("message")
    return found.defer("raw", "search", "description", "message__payload")[:MOST_CASES]
