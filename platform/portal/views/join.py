"""Joining a course with the code that its instructor gave out."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.errors import DrydockError
from courses.services import join_by_code
from portal.forms import JoinForm
from portal.views.signed_in import SignedInRequest


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: SignedInRequest) -> HttpResponse:
    """Ask for a join code, and join."""
    form = JoinForm(request.POST or None, initial={"code": request.GET.get("code", "")})
    if request.method == "POST" and form.is_valid():
        try:
            membership = join_by_code(user=request.user, code=form.cleaned_data["code"])
        except DrydockError as error:
            form.add_error("code", error.message)
        else:
            messages.success(request, f"You are in {membership.course}.")
            return redirect("portal:course", slug=membership.course.slug)
    status = 400 if form.errors else 200
    return render(request, "portal/join.html", {"form": form}, status=status)
