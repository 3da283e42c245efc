import logging
from uuid import UUID

from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from portal.models import StoredFile
from portal.request import PortalRequest

log = logging.getLogger(__name__)


@require_safe
def download(request: PortalRequest, key: UUID) -> FileResponse:
    """One upload, always as a download: nothing an uploader wrote is ever shown as a page of ours."""
    stored = get_object_or_404(StoredFile.objects.visible_to(request.user), key=key)
    try:
        content = stored.content.open("rb")
    except FileNotFoundError as error:
        log.exception("The bytes of stored file %s are missing", stored.pk)
        raise Http404 from error
    response = FileResponse(
        content, as_attachment=True, filename=stored.name, content_type=stored.content_type
    )
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response
