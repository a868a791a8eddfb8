"""What stands in the way of publishing an activity: asked of whatever knows its content, before students see it.

Quizzes and labs are above courses, so they say so by a gate: a function that takes the activity and gives a reason, in
a sentence for its instructor, or nothing.
"""

from collections.abc import Callable

from courses.errors import Conflict
from courses.models import Activity

Gate = Callable[[Activity], str]

_GATES: dict[str, Gate] = {}


def register_gate(name: str, gate: Gate) -> None:
    """Have `gate` asked from now on. The same name twice is a mistake."""
    if _GATES.get(name, gate) is not gate:
        raise ValueError(f"There is a gate {name!r} already.")
    _GATES[name] = gate


def objection_to_publishing(activity: Activity) -> str:
    """Why the activity cannot be published, in a sentence; nothing where it can, or is published already."""
    if not activity.pk or Activity.objects.filter(pk=activity.pk, published=True).exists():
        return ""
    return next((reason for gate in _GATES.values() if (reason := gate(activity))), "")


def require_publishable(activity: Activity) -> None:
    """Raise Conflict `cannot_be_published` where something stands in the way."""
    if reason := objection_to_publishing(activity):
        raise Conflict("cannot_be_published", reason, fields={"published": reason})
