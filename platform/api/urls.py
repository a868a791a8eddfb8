"""Addresses of the REST API, version 1."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView, SpectacularRedocView

from api.views import accounts, courses, grades

app_name = "api"

urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", SpectacularRedocView.as_view(url_name="api:schema"), name="docs"),
    path("tokens/", accounts.TokensView.as_view(), name="tokens"),
    path("tokens/current/", accounts.CurrentTokenView.as_view(), name="token-current"),
    path("me/", accounts.MeView.as_view(), name="me"),
    path("courses/", courses.CourseListView.as_view(), name="courses"),
    path("courses/join/", courses.JoinView.as_view(), name="course-join"),
    path("courses/<slug:slug>/", courses.CourseView.as_view(), name="course"),
    path("courses/<slug:slug>/activities/", courses.ActivityListView.as_view(), name="activities"),
    path("courses/<slug:slug>/members/", courses.MemberListView.as_view(), name="members"),
    path("courses/<slug:slug>/roster/", courses.RosterView.as_view(), name="roster"),
    path("courses/<slug:slug>/grades/", grades.ScoreListView.as_view(), name="grades"),
    path("courses/<slug:slug>/grades.csv", grades.ScoreCsvView.as_view(), name="grades-csv"),
    path("courses/<slug:slug>/overrides/", grades.OverrideView.as_view(), name="overrides"),
    path("courses/<slug:slug>/grade-events/", grades.GradeEventListView.as_view(), name="grade-events"),
    path("grades/<int:pk>/override/", grades.ScoreOverrideView.as_view(), name="score-override"),
]
