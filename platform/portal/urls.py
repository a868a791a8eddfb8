"""Addresses of the portal."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, path

from portal.gallery.views import gallery
from portal.views import dashboard, join
from portal.views.theme import theme

app_name = "portal"

_ACTIVITY = "courses/<slug:course_slug>/<slug:slug>"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", dashboard.dashboard, name="dashboard"),
    path("join/", join.join, name="join"),
    path("theme/", theme, name="theme"),
    path("courses/<slug:slug>/", dashboard.course, name="course"),
    path(f"{_ACTIVITY}/", dashboard.activity, name="activity"),
]
if settings.DEBUG:
    urlpatterns.append(path("_gallery/", gallery, name="gallery"))
