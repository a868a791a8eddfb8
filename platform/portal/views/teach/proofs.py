"""The proof of a question's key, for those who run a course: asked for, followed while it is carried out, and shown."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from accounts.errors import DrydockError
from courses.models import Course
from portal.views.signed_in import SignedInRequest
from portal.views.teach.access import for_staff
from quizzes.models import Question
from quizzes.proof_services import ask_proof


@for_staff
@require_http_methods(["GET", "HEAD", "POST"])
def question_proof(request: SignedInRequest, course: Course, question_slug: str) -> HttpResponse:
    """Show a question's proof (with `part`, that alone), or have it carried out, which instructors may."""
    rows = Question.objects.visible_to(request.user).filter(course=course)
    question = get_object_or_404(rows.select_related("course", "current_version"), slug=question_slug)
    if request.method == "POST":
        try:
            ask_proof(by=request.user, question=question)
        except DrydockError as error:
            messages.error(request, error.message)
            if error.status == 403:  # noqa: PLR2004  what it means stands in its message
                return _page(request, course, question, status=403)
        return redirect("portal:teach-question-proof", slug=course.slug, question_slug=question.slug)
    return _page(request, course, question)


def _page(request: SignedInRequest, course: Course, question: Question, *, status: int = 200) -> HttpResponse:
    part = "portal/teach/question_proof.html" if request.GET.get("part") else "portal/teach/proof.html"
    reply = render(request, part, {"course": course, "here": "questions", "question_row": question}, status=status)
    reply["Cache-Control"] = "no-store"
    return reply
