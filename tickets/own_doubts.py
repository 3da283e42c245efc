"""What of a person's own work nobody knows the outcome of, for the line above every page."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, Min, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from portal.models import MessageTransition, User
from portal.models.messages import State
from portal.times import MINUTE, age
from tickets.models import Case, Location
from tickets.needs import unknown_messages


@dataclass(frozen=True)
class OwnDoubts:
    count: int
    oldest: datetime

    @property
    def age(self) -> str:
        """`3 h`; nothing in the first minute."""
        passed = timezone.now() - self.oldest
        return "" if passed.total_seconds() < MINUTE else age(passed).removesuffix(" ago")


def own_doubts(user: User) -> OwnDoubts | None:
    """Of what this person submitted and still sees. One query."""
    own_dispatch = Location.objects.filter(message=OuterRef("pk"), dispatch__submitted_by=user)
    own_case = Case.objects.filter(message=OuterRef("pk"), submitted_by=user)
    began = MessageTransition.objects.filter(message=OuterRef("pk"), after=State.UNKNOWN).order_by("-pk")
    found = unknown_messages(user).filter(Exists(own_dispatch) | Exists(own_case)).order_by()
    since = Coalesce(Subquery(began.values("at")[:1]), "created_at")
    told = found.annotate(since=since).aggregate(count=Count("pk"), oldest=Min("since"))
    return OwnDoubts(**told) if told["count"] else None
