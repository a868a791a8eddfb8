"""What a view costs that does next to nothing: one query, and one write, in the same server behind the same middleware.

They import nothing of Drydock.
"""

from django.contrib.auth import get_user_model
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt


def read(request: HttpRequest, pk: int) -> JsonResponse:
    """One query."""
    del request
    return JsonResponse({"email": get_user_model().objects.get(pk=pk).email})


@csrf_exempt
def write(request: HttpRequest, pk: int) -> JsonResponse:
    """One query and one write."""
    user = get_user_model().objects.get(pk=pk)
    get_user_model().objects.filter(pk=user.pk).update(last_login=timezone.now())
    return JsonResponse({"saved": request.POST.get("answer", "")})
