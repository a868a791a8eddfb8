from django.apps import AppConfig
from django.db.models.signals import post_delete, post_save


class QuizzesConfig(AppConfig):
    name = "quizzes"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from courses.models import Activity, Extension
        from courses.publishing import register_gate
        from quizzes.proof_gate import objection
        from quizzes.receivers import activity_changed, extension_changed

        post_save.connect(extension_changed, sender=Extension, dispatch_uid="quizzes.extension_saved")
        post_delete.connect(extension_changed, sender=Extension, dispatch_uid="quizzes.extension_deleted")
        register_gate("proofs", objection)
        post_save.connect(activity_changed, sender=Activity, dispatch_uid="quizzes.activity_saved")
