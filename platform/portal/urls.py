"""Addresses of the portal."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, path

from portal.gallery.views import console_gallery, gallery, question_gallery
from portal.views import console, dashboard, join, lab, mastery, new_course, quiz, quiz_files, quiz_taking, result
from portal.views.teach import activity as teach_activity
from portal.views.teach import (
    analysis,
    audit,
    course_files,
    evidence,
    gradebook,
    home,
    marking,
    members,
    quiz_rules,
    regrades,
    submissions,
)
from portal.views.teach import consoles as teach_consoles
from portal.views.teach import mastery as teach_mastery
from portal.views.teach import proofs as teach_proofs
from portal.views.teach import questions as teach_questions
from portal.views.theme import theme

app_name = "portal"

_ACTIVITY = "courses/<slug:course_slug>/<slug:slug>"
_TEACH = "teach/<slug:slug>"
_MEMBER = f"{_TEACH}/members/<int:user_id>"
_CELL = f"{_TEACH}/gradebook/<int:user_id>/<slug:activity_slug>"
_TRY = f"{_TEACH}/submissions/<int:pk>"
_REGRADES = f"{_TEACH}/activities/<slug:activity_slug>/regrades"
_MARKING = f"{_TEACH}/activities/<slug:activity_slug>/marking"
_QUIZ = f"{_TEACH}/activities/<slug:activity_slug>"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", dashboard.dashboard, name="dashboard"),
    path("join/", join.join, name="join"),
    path("theme/", theme, name="theme"),
    path("courses/<slug:slug>/", dashboard.course, name="course"),
    path("topics/<slug:slug>/", dashboard.topics, name="topics"),
    path("mastery/<slug:slug>/", mastery.mastery, name="mastery"),
    path(f"{_ACTIVITY}/", dashboard.activity, name="activity"),
    path(f"{_ACTIVITY}/lab/", lab.lab, name="lab"),
    path(f"{_ACTIVITY}/lab/console/", console.open_, name="console-open"),
    path("console-grammar.json", console.grammar, name="console-grammar"),
    path("consoles/<int:pk>/", console.console, name="console"),
    path("consoles/<int:pk>/lines/", console.lines, name="console-lines"),
    path("consoles/<int:pk>/since/", console.since, name="console-since"),
    path("consoles/<int:pk>/files/", console.files, name="console-files"),
    path("consoles/<int:pk>/journal/", console.journal, name="console-journal"),
    path("consoles/<int:pk>/hand-in/", console.hand_in, name="console-hand-in"),
    path("consoles/<int:pk>/start-over/", console.start_over, name="console-start-over"),
    path("consoles/<int:pk>/end/", console.end, name="console-end"),
    path(f"{_ACTIVITY}/quiz/", quiz.quiz, name="quiz"),
    path("attempts/<int:pk>/", quiz_taking.attempt, name="attempt"),
    path("attempts/<int:pk>/standing/", quiz_taking.standing, name="attempt-standing"),
    path("attempts/<int:pk>/answers/<int:position>/", quiz_taking.answer, name="answer"),
    path("attempts/<int:pk>/flags/<int:position>/", quiz_taking.flag, name="flag"),
    path("attempts/<int:pk>/check/<int:position>/", quiz_taking.check, name="check"),
    path("attempts/<int:pk>/files/<int:position>/", quiz_files.files, name="quiz-files"),
    path("attempts/<int:pk>/files/<int:position>/<slug:sha256>/", quiz_files.file, name="quiz-file"),
    path("attempts/<int:pk>/finish/", quiz.finish, name="finish"),
    path("attempts/<int:pk>/review/", quiz.review, name="review"),
    path("submissions/<int:pk>/", result.submission, name="submission"),
    path("submissions/<int:pk>/events/", result.events, name="events"),
    path("submissions/<int:pk>/cancel/", result.cancel, name="cancel"),
    path("submissions/<int:pk>/log/", result.log, name="log"),
    path("submissions/<int:pk>/files/", result.files, name="files"),
    path("new-course/", new_course.new_course, name="new-course"),
    path("new-course/<int:pk>/", new_course.new_course_import, name="new-course-import"),
    path("teach/", home.courses, name="teaching"),
    path(f"{_TEACH}/", home.home, name="teach"),
    path(f"{_TEACH}/join-code/", home.join_code, name="teach-join-code"),
    path(f"{_TEACH}/members/", members.members, name="teach-members"),
    path(f"{_TEACH}/members/import/", members.roster, name="teach-roster"),
    path(f"{_MEMBER}/", members.member, name="teach-member"),
    path(f"{_MEMBER}/remove/", members.remove, name="teach-member-remove"),
    path(f"{_TEACH}/gradebook/", gradebook.gradebook, name="teach-gradebook"),
    path(f"{_TEACH}/gradebook.csv", gradebook.gradebook_csv, name="teach-gradebook-csv"),
    path(f"{_CELL}/", evidence.evidence, name="teach-evidence"),
    path(f"{_CELL}/points/", evidence.give_points, name="teach-override"),
    path(f"{_CELL}/points/clear/", evidence.take_points_back, name="teach-override-clear"),
    path(f"{_CELL}/extension/", evidence.extend, name="teach-extension"),
    path(f"{_CELL}/extension/clear/", evidence.take_extension_back, name="teach-extension-clear"),
    path(f"{_TEACH}/mastery/", teach_mastery.class_mastery, name="teach-mastery"),
    path(f"{_TEACH}/mastery/<int:user_id>/", teach_mastery.student_mastery, name="teach-mastery-student"),
    path(f"{_TEACH}/consoles/", teach_consoles.consoles, name="teach-consoles"),
    path(f"{_TEACH}/questions/", teach_questions.questions, name="teach-questions"),
    path(f"{_TEACH}/questions/<slug:question_slug>/", teach_questions.question, name="teach-question"),
    path(
        f"{_TEACH}/questions/<slug:question_slug>/variants/",
        teach_questions.question_variants,
        name="teach-question-variants",
    ),
    path(f"{_TEACH}/questions/<slug:question_slug>/proof/", teach_proofs.question_proof, name="teach-question-proof"),
    path(f"{_TEACH}/activities/<slug:activity_slug>/statistics/", analysis.statistics, name="teach-statistics"),
    path(
        f"{_TEACH}/activities/<slug:activity_slug>/statistics.csv",
        analysis.statistics_file,
        name="teach-statistics-csv",
    ),
    path(f"{_QUIZ}/rules/", quiz_rules.rules, name="teach-quiz-rules"),
    path(f"{_QUIZ}/rules/access/", quiz_rules.access, name="teach-quiz-access"),
    path(f"{_QUIZ}/rules/pause/", quiz_rules.stop, name="teach-quiz-pause"),
    path(f"{_QUIZ}/rules/resume/", quiz_rules.go_on, name="teach-quiz-resume"),
    path(f"{_QUIZ}/rules/sections/<int:section_id>/", quiz_rules.section_times, name="teach-quiz-section"),
    path(
        f"{_QUIZ}/rules/sections/<int:section_id>/clear/",
        quiz_rules.section_times_clear,
        name="teach-quiz-section-clear",
    ),
    path(f"{_TEACH}/activities/<slug:activity_slug>/", teach_activity.activity, name="teach-activity"),
    path(f"{_TEACH}/activities/<slug:activity_slug>/regrade/", submissions.grade_all_again, name="teach-regrade-lab"),
    path(f"{_REGRADES}/", regrades.regrades, name="teach-regrades"),
    path(f"{_REGRADES}/new/", regrades.new, name="teach-regrade-new"),
    path(f"{_REGRADES}/<int:regrade_id>/", regrades.regrade, name="teach-regrade-quiz"),
    path(f"{_MARKING}/", marking.marking, name="teach-marking"),
    path(f"{_TEACH}/activities/<slug:activity_slug>/marking-names/", marking.names, name="teach-marking-names"),
    path(f"{_MARKING}/<slug:question_slug>/", marking.answers, name="teach-marking-question"),
    path(f"{_MARKING}/<slug:question_slug>/<slug:code>/files/<int:number>/", marking.file, name="teach-marking-file"),
    path(f"{_TEACH}/files/", course_files.course_files, name="teach-files"),
    path(f"{_TEACH}/files/zip/", course_files.course_files_zip, name="teach-files-zip"),
    path(f"{_TEACH}/files/<int:pk>/", course_files.course_import, name="teach-files-import"),
    path(f"{_TEACH}/audit/", audit.audit, name="teach-audit"),
    path(f"{_TEACH}/audit.csv", audit.audit_csv, name="teach-audit-csv"),
    path(f"{_TRY}/regrade/", submissions.grade_again, name="teach-regrade"),
    path(f"{_TRY}/retry/", submissions.try_again, name="teach-retry"),
    path(f"{_TRY}/give-back/", submissions.give_back, name="teach-give-back"),
]
if settings.DEBUG:
    urlpatterns += [
        path("_gallery/", gallery, name="gallery"),
        path("_gallery/console/", console_gallery, name="console-gallery"),
        path("_gallery/questions/", question_gallery, name="question-gallery"),
    ]
