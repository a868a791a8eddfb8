from django.apps import AppConfig
from django.db.models.signals import post_delete, post_save


class QuizzesConfig(AppConfig):
    name = "quizzes"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from courses.models import Activity, Extension, Membership, SectionOverride
        from courses.publishing import register_gate
        from courses.signals import due_changed, sections_changed, times_changing
        from quizzes import receivers
        from quizzes.file_models import AnswerFile
        from quizzes.files import delete_content
        from quizzes.proof_gate import objection
        from quizzes.receivers import (
            activity_changed,
            extension_changed,
            member_changed,
            members_changed,
            override_changed,
        )

        post_save.connect(extension_changed, sender=Extension, dispatch_uid="quizzes.extension_saved")
        post_delete.connect(extension_changed, sender=Extension, dispatch_uid="quizzes.extension_deleted")
        register_gate("proofs", objection)
        post_save.connect(override_changed, sender=SectionOverride, dispatch_uid="quizzes.override_saved")
        post_delete.connect(override_changed, sender=SectionOverride, dispatch_uid="quizzes.override_deleted")
        post_save.connect(member_changed, sender=Membership, dispatch_uid="quizzes.member_saved")
        times_changing.connect(receivers.times_changing, dispatch_uid="quizzes.times_changing")
        due_changed.connect(receivers.due_changed, dispatch_uid="quizzes.due_changed")
        sections_changed.connect(members_changed, dispatch_uid="quizzes.members_changed")
        post_save.connect(activity_changed, sender=Activity, dispatch_uid="quizzes.activity_saved")
        post_delete.connect(delete_content, sender=AnswerFile, dispatch_uid="quizzes.answer_file_deleted")
