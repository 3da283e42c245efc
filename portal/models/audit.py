from django.conf import settings
from django.db import models

WORDS = {
    "delivery.again": "had the delivery heeded again",
    "dispatch.submitted": "submitted the dispatch",
    "dispatch.submitted by itself": "submitted it, as a recurring dispatch says",
    "dispatch.repeats": "said that visits are meant which repeat others",
    "case.raised": "raised the case",
    "incident.opened": "opened the incident",
    "incident.technician": "began a dispatch for the case",
    "incident.closed": "closed the incident",
    "case.refresh_asked": "asked GTT for news",
    "case.commented": "commented on the case",
    "case.changed": "changed the case",
    "case.file_kept": "kept a file with the case",
    "draft.begun": "began the draft",
    "draft.copied": "began the draft as a copy",
    "draft.corrects": "began to correct what was rejected",
    "draft.discarded": "discarded the draft",
    "draft.parted": "set rows with problems aside",
    "draft.from recurrence": "made the draft, as a recurring dispatch says",
    "draft.from template": "began the draft with a template",
    "message.cancelled": "cancelled what waited",
    "message.released": "let it go on",
    "recurrence.ended": "ended it",
    "recurrence.missed": "wrote a visit down as missed",
    "recurrence.paused": "paused it",
    "recurrence.resumed": "resumed it",
    "recurrence.review": "made a draft for review",
    "recurrence.set up": "set it up",
    "recurrence.skipped": "left out a visit",
    "recurrence.submitted": "submitted a visit by itself",
    "sending.agreed": "agreed that it may be sent again",
    "sending.allowed": "allowed sending",
    "sending.looked": "looked for it at the vendor",
    "sending.stopped": "stopped all sending",
    "service.added": "wrote the service down",
    "service.changed": "changed the service",
    "service.checked": "checked the vendor’s service id",
    "services.imported": "imported services",
    "subscription.asked again": "asked GTT for the subscription again",
    "subscription.closed": "closed its address",
    "subscription.renewed": "asked GTT for a new address",
    "subscription.replaced": "closed the address that another one replaced",
    "subscription.tested": "had its address tested",
    "subscription.wanted": "asked GTT for the subscription",
    "template.renamed": "renamed the template",
    "template.retired": "retired the template",
    "template.saved": "kept it as a template",
    "ticket.refresh_asked": "asked Granite again",
}


class AuditEntry(models.Model):
    """Who did what, to which record, when, from where. The database refuses to change or remove one."""

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    by_name = models.CharField(max_length=200, help_text="As it was then; 'the portal' for machines.")
    action = models.CharField(max_length=60, help_text="noun.verb, e.g. dispatch.submitted")
    about_type = models.CharField(max_length=60, blank=True)
    about_id = models.CharField(max_length=40, blank=True)
    about_name = models.CharField(max_length=200, blank=True)
    details = models.JSONField(default=dict, blank=True)
    request_id = models.CharField(max_length=40, blank=True)
    address = models.GenericIPAddressField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "audit entries"
        indexes = [models.Index(fields=["about_type", "about_id", "-id"], name="audit_about")]

    def __str__(self) -> str:
        return f"{self.by_name}: {self.action} {self.about_name}"

    @property
    def words(self) -> str:
        """The deed as people say it; an action without words of its own is shown as it is."""
        return WORDS.get(self.action, self.action)
