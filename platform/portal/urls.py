"""Addresses of the portal."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, path

from portal.gallery.views import gallery
from portal.views import dashboard, join, lab, quiz, result
from portal.views.theme import theme

app_name = "portal"

_ACTIVITY = "courses/<slug:course_slug>/<slug:slug>"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", dashboard.dashboard, name="dashboard"),
    path("join/", join.join, name="join"),
    path("theme/", theme, name="theme"),
    path("courses/<slug:slug>/", dashboard.course, name="course"),
    path(f"{_ACTIVITY}/", dashboard.activity, name="activity"),
    path(f"{_ACTIVITY}/lab/", lab.lab, name="lab"),
    path(f"{_ACTIVITY}/quiz/", quiz.quiz, name="quiz"),
    path("attempts/<int:pk>/", quiz.attempt, name="attempt"),
    path("attempts/<int:pk>/answers/<int:position>/", quiz.answer, name="answer"),
    path("attempts/<int:pk>/flags/<int:position>/", quiz.flag, name="flag"),
    path("attempts/<int:pk>/finish/", quiz.finish, name="finish"),
    path("attempts/<int:pk>/review/", quiz.review, name="review"),
    path("submissions/<int:pk>/", result.submission, name="submission"),
    path("submissions/<int:pk>/events/", result.events, name="events"),
    path("submissions/<int:pk>/cancel/", result.cancel, name="cancel"),
    path("submissions/<int:pk>/log/", result.log, name="log"),
    path("submissions/<int:pk>/files/", result.files, name="files"),
]
if settings.DEBUG:
    urlpatterns.append(path("_gallery/", gallery, name="gallery"))
