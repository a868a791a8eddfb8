"""The site's addresses, and the bare views."""

from django.urls import path

from benchmarks.baselines import bare_views
from config.urls import urlpatterns as site_urlpatterns

urlpatterns = [
    path("bare/<int:pk>/read/", bare_views.read),
    path("bare/<int:pk>/write/", bare_views.write),
    *site_urlpatterns,
]
