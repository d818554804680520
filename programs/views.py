from __future__ import annotations

from django.http import FileResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from programs.access import SignedInRequest
from programs.models import LegalDocument


@require_GET
def document_file(request: SignedInRequest, path: str) -> FileResponse:
    """The file of a document that the person may see, always as a download: it may be anything."""
    documents = LegalDocument.objects.visible_to(request.user).exclude(file="")
    document = get_object_or_404(documents, file=path)
    return FileResponse(document.file.open("rb"), as_attachment=True)
