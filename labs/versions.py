"""Keeping a lab's content as versions, told apart by a digest of it."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Max

from courses.models import Activity, ActivityKind
from graders.plan import LabPlan
from labs.errors import DrydockError
from labs.models import Lab, LabVersion, Scoring


@transaction.atomic
def sync_lab(
    *,
    activity: Activity,
    plan: LabPlan,
    readme: str,
    starter: Mapping[str, str],
    attempts_allowed: int | None = None,
    scoring: Scoring = Scoring.BEST,
) -> tuple[Lab, bool]:
    """Make the lab of an activity hold this content; the second answer says whether that made a new version.

    Called again with the same content it changes nothing. Content that the lab held before becomes current again
    under its old number. What was handed in keeps the version that it started with.
    """
    if activity.kind != ActivityKind.LAB:
        raise DrydockError("not_a_lab", f"{activity} is a {activity.kind}: it cannot hold a lab.")
    stored = plan.model_dump(mode="json", by_alias=True)
    digest = digest_of(plan=stored, readme=readme, starter=starter)
    lab, _ = Lab.objects.select_for_update().get_or_create(
        activity=activity, defaults={"attempts_allowed": attempts_allowed, "scoring": scoring}
    )
    version = LabVersion.objects.filter(lab=lab, digest=digest).first()
    made = version is None
    if version is None:
        latest = LabVersion.objects.filter(lab=lab).aggregate(latest=Max("number"))["latest"] or 0
        version = LabVersion.objects.create(
            lab=lab, number=latest + 1, digest=digest, plan=stored, readme=readme, starter=dict(starter)
        )
    settled = (lab.current_version_id, lab.attempts_allowed, lab.scoring) == (version.pk, attempts_allowed, scoring)
    if not settled:
        lab.current_version, lab.attempts_allowed, lab.scoring = version, attempts_allowed, scoring
        lab.save(update_fields=["current_version", "attempts_allowed", "scoring"])
    return lab, made


def digest_of(*, plan: Mapping[str, Any], readme: str, starter: Mapping[str, str]) -> str:
    """SHA-256 of a version's content, whatever the order of its keys."""
    content = {"plan": plan, "readme": readme, "starter": dict(starter)}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
