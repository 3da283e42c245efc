from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from portal.admin.base import ReadOnlyAdmin
from portal.models import StoredFile


@admin.register(StoredFile)
class StoredFileAdmin(ReadOnlyAdmin):
    list_display = ("name", "content_type", "size", "uploaded_by", "uploaded_at", "download")
    list_filter = ("content_type", "uploaded_at")
    list_select_related = ("uploaded_by",)
    search_fields = ("name", "=sha256")
    ordering = ("-id",)
    fields = ("name", "content_type", "size", "sha256", "uploaded_by", "uploaded_at", "download")
    readonly_fields = fields

    @admin.display(description="content")
    def download(self, stored: StoredFile) -> SafeString:
        return format_html('<a href="{}">Download</a>', reverse("file", args=[stored.key]))
