"""Addresses of the REST API, version 1."""

from django.urls import path, re_path, register_converter
from django.urls.converters import IntConverter
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from api.views import accounts, consoles, courses, grades, labs, quiz_files, quizzes, statistics
from api.views.unknown import UnknownView


class IdConverter(IntConverter):
    """Whole numbers that every database can look for: longer ones are no address of anything."""

    regex = "[0-9]{1,18}"


register_converter(IdConverter, "id")

app_name = "api"

urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path(
        "docs/",
        # The split one has no script inside the page, and our head no style: both keep to the strict policy.
        SpectacularSwaggerSplitView.as_view(url_name="api:schema", template_name="api/docs.html"),
        name="docs",
    ),
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
    path("quizzes/<id:activity_id>/", quizzes.QuizView.as_view(), name="quiz"),
    path("quizzes/<id:activity_id>/attempts/", quizzes.StartAttemptView.as_view(), name="quiz-attempts"),
    path("quizzes/<id:activity_id>/statistics/", statistics.QuizStatisticsView.as_view(), name="quiz-statistics"),
    path("attempts/", quizzes.AttemptListView.as_view(), name="attempts"),
    path("attempts/<id:pk>/", quizzes.AttemptView.as_view(), name="attempt"),
    path("attempts/<id:pk>/answers/<id:position>/", quizzes.AnswerView.as_view(), name="answer"),
    path("attempts/<id:pk>/check/<id:position>/", quizzes.CheckView.as_view(), name="check"),
    path("attempts/<id:pk>/pages/<id:page>/", quizzes.TurnPageView.as_view(), name="attempt-page"),
    path("attempts/<id:pk>/files/<id:position>/", quiz_files.AnswerFilesView.as_view(), name="answer-files"),
    path(
        "attempts/<id:pk>/files/<id:position>/<slug:sha256>/", quiz_files.AnswerFileView.as_view(), name="answer-file"
    ),
    path("attempts/<id:pk>/finish/", quizzes.FinishView.as_view(), name="attempt-finish"),
    path("attempts/<id:pk>/review/", quizzes.ReviewView.as_view(), name="attempt-review"),
    path("labs/<id:activity_id>/", labs.LabView.as_view(), name="lab"),
    path("labs/<id:activity_id>/submissions/", labs.HandInView.as_view(), name="lab-submissions"),
    path("submissions/", labs.SubmissionListView.as_view(), name="submissions"),
    path("submissions/<id:pk>/", labs.SubmissionView.as_view(), name="submission"),
    path("submissions/<id:pk>/events/", labs.EventsView.as_view(), name="submission-events"),
    path("submissions/<id:pk>/cancel/", labs.CancelView.as_view(), name="submission-cancel"),
    path("submissions/<id:pk>/regrade/", labs.RegradeView.as_view(), name="submission-regrade"),
    path("submissions/<id:pk>/report/", labs.ReportView.as_view(), name="submission-report"),
    path("submissions/<id:pk>/log/", labs.LogView.as_view(), name="submission-log"),
    path("activities/<id:activity_id>/console/", consoles.LabConsoleView.as_view(), name="lab-console"),
    path("consoles/<id:pk>/", consoles.ConsoleView.as_view(), name="console"),
    path("consoles/<id:pk>/lines/", consoles.ConsoleLinesView.as_view(), name="console-lines"),
    path("consoles/<id:pk>/files/", consoles.ConsoleFilesView.as_view(), name="console-files"),
    path("consoles/<id:pk>/hand-in/", consoles.ConsoleHandInView.as_view(), name="console-hand-in"),
    path("consoles/<id:pk>/end/", consoles.ConsoleEndView.as_view(), name="console-end"),
    path("grades/<id:pk>/override/", grades.ScoreOverrideView.as_view(), name="score-override"),
    re_path("", UnknownView.as_view(), name="unknown"),
]
