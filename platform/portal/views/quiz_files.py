"""Files as answers: uploading and removing them, with and without scripts, and downloading them again."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.template import RequestContext
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST, require_safe

from accounts.addresses import address_of
from accounts.errors import DrydockError
from graders.archive.limits import MIB
from portal.asked import number_asked
from portal.templatetags.answering import answering
from portal.views.errors import error_page
from portal.views.quiz_taking import own_attempt, questions_page, save_page
from portal.views.signed_in import SignedInRequest
from quizzes.asking import shown
from quizzes.downloads import as_download
from quizzes.file_models import AnswerFile
from quizzes.files import store_file, take_file_back
from quizzes.models import Attempt, AttemptQuestion
from quizzes.saving import asked_at
from quizzes.timing import remaining
from quizzes.types.file_upload import FileUpload

_BESIDE_FILES = 4 * MIB
"""What the answers of the same page, and the form itself, may add to the files."""

_NOT_SHOWN = {403, 409}
"""What refuses the question and not a file: it may be one that its student is not to see now, or not from here."""


@csrf_exempt  # only until its length is known: reading the form's token would read the whole of it
@require_POST
@login_required
def files(request: SignedInRequest, pk: int, position: int) -> HttpResponse:
    """Take files for a question, or remove one; what is longer than its files may be is not read at all."""
    asked = get_object_or_404(
        AttemptQuestion.objects.taken_by(request.user).for_answering(), attempt_id=pk, position=position
    )
    declared = request.META.get("CONTENT_LENGTH") or "0"  # digits: see config.lengths
    content = asked.content
    most = _BESIDE_FILES + (content.at_most * content.mib_each * MIB if isinstance(content, FileUpload) else 0)
    if int(declared) > most:
        return _too_much(request, most)
    return _files(request, pk, position)


def _too_much(request: SignedInRequest, most: int) -> HttpResponse:
    error = DrydockError(
        "files_too_large",
        f"These files are larger than the {most // MIB} MiB that can be sent at once, so nothing of them was read. "
        "Go back: your page is as you left it. Then send them one by one, or make them smaller.",
        status=413,
    )
    if _wants_json(request):
        return JsonResponse({"code": error.code, "message": error.message}, status=error.status)
    return error_page(request, error)


def _wants_json(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "") == "application/json"


@csrf_protect
def _files(request: SignedInRequest, pk: int, position: int) -> HttpResponse:
    found = own_attempt(request, pk)
    if _wants_json(request):
        return _told(request, found, position, _carried_out(request, found, position))
    if not found.is_open:
        messages.error(request, "This try is over: what was sent just now was not saved. What was saved counts.")
        return redirect("portal:review", pk=pk)
    # The button sent the whole page: what else was answered on it is saved, too.
    refused = save_page(request, found)
    for error in _carried_out(request, found, position):
        messages.error(request, error.message)
    page = number_asked(request.POST.get("page", "")) or 1
    if refused:
        return questions_page(request, found, page=page, refused=refused, status=409)
    return redirect(f"{reverse('portal:attempt', kwargs={'pk': pk})}?page={page}#question-{position}")


def _carried_out(request: SignedInRequest, found: Attempt, position: int) -> list[DrydockError]:
    """Do what was asked for; returns what could not be done."""
    address = address_of(request)
    if "remove" in request.POST:
        try:
            take_file_back(attempt=found, position=position, name=request.POST["remove"], address=address)
        except DrydockError as error:
            return [error]
        return []
    sent = request.FILES.getlist(f"file-{position}")
    if not sent:
        return [DrydockError("no_file", "No file was chosen. Choose one, then press Upload.", status=422)]
    errors = []
    for each in sent:
        try:
            store_file(attempt=found, position=position, name=each.name or "", stream=each, address=address)
        except DrydockError as error:
            errors.append(DrydockError(error.code, f"{each.name}: {error.message}", status=error.status))
    return errors


def _told(request: SignedInRequest, found: Attempt, position: int, errors: list[DrydockError]) -> JsonResponse:
    """How the answer stands, for a script: with the part of the page that shows it, where it can be answered now."""
    if any(error.status in _NOT_SHOWN for error in errors):
        return JsonResponse({"code": errors[0].code, "message": errors[0].message}, status=errors[0].status)
    asked = asked_at(attempt=found, position=position)
    left = remaining(found, timezone.now())
    told: dict[str, Any] = {
        "revision": asked.revision,
        "answered": asked.value is not None,
        "saved_at": asked.saved_at.isoformat() if asked.saved_at else None,
        "remaining_seconds": None if left is None else left.total_seconds(),
        "html": answering(RequestContext(request, {"attempt": found}), shown(asked), asked.value),
    }
    if errors:
        told |= {"code": errors[0].code, "message": " ".join(error.message for error in errors)}
    return JsonResponse(told, status=errors[0].status if errors else 200)


@login_required
@require_safe
def file(request: SignedInRequest, pk: int, position: int, sha256: str) -> FileResponse:
    """Give a file back to its student, or to the course's staff, as something to save and never to look at here."""
    seen = AnswerFile.objects.visible_to(request.user).select_related("attempt_question")
    found = get_object_or_404(seen, attempt_question__attempt_id=pk, attempt_question__position=position, sha256=sha256)
    response = as_download(found)
    if response is None:
        raise Http404
    return response
