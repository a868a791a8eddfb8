"""How the admin looks and what its menu holds: the portal's colours, and models grouped by what people come for."""

from typing import Any

from django.templatetags.static import static
from django.urls import reverse_lazy

# The portal's sea blue (frontend/src/styles/tokens.css) from light to dark.
_SEA = {
    "50": "#eef6fa",
    "100": "#d7e9f2",
    "200": "#b0d3e5",
    "300": "#7fb8d2",
    "400": "#4796b8",
    "500": "#23769c",
    "600": "#0a597c",
    "700": "#07435e",
    "800": "#0a3850",
    "900": "#0a2c42",
    "950": "#061d2c",
}


def _entry(title: str, icon: str, model: str) -> dict[str, Any]:
    app, name = model.split(".")
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{app}_{name}_changelist"),
        "permission": lambda request: request.user.has_perm(f"{app}.view_{name}"),
    }


_MENU = (
    (
        "People",
        (
            ("People", "person", "accounts.user"),
            ("Groups", "group", "auth.group"),
            ("E-mail addresses", "mail", "account.emailaddress"),
            ("API tokens", "key", "knox.authtoken"),
        ),
    ),
    (
        "Courses",
        (
            ("Courses", "school", "courses.course"),
            ("Memberships", "badge", "courses.membership"),
            ("Activities", "event", "courses.activity"),
            ("Extensions", "more_time", "courses.extension"),
        ),
    ),
    (
        "Labs",
        (
            ("Submissions", "inventory_2", "labs.submission"),
            ("Labs", "science", "labs.lab"),
            ("Lab versions", "history", "labs.labversion"),
            ("Submission events", "list", "labs.submissionevent"),
            ("Workers", "precision_manufacturing", "labs.workerheartbeat"),
        ),
    ),
    (
        "Quizzes",
        (
            ("Attempts", "edit_note", "quizzes.attempt"),
            ("Quizzes", "quiz", "quizzes.quiz"),
            ("Questions", "help", "quizzes.question"),
            ("Answers", "checklist", "quizzes.answer"),
        ),
    ),
    (
        "Gradebook",
        (
            ("Scores", "grade", "gradebook.score"),
            ("Evidence", "fact_check", "gradebook.evidence"),
            ("Grade events", "outbox", "gradebook.gradeevent"),
        ),
    ),
)

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Drydock admin",
    "SITE_HEADER": "Drydock",
    "SITE_SUBHEADER": "Administration",
    "SITE_URL": "/",
    "SITE_ICON": lambda request: static("portal/mark.svg"),
    "SITE_FAVICONS": [
        {"rel": "icon", "sizes": "any", "type": "image/svg+xml", "href": lambda request: static("portal/mark.svg")}
    ],
    "SHOW_VIEW_ON_SITE": False,
    "COLORS": {"primary": _SEA},
    "SIDEBAR": {
        "show_search": False,
        "navigation": [
            {"title": title, "separator": True, "items": [_entry(*entry) for entry in entries]}
            for title, entries in _MENU
        ],
    },
}
