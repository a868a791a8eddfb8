from django.apps import AppConfig
from django.db.models.signals import post_delete


class AuthoringConfig(AppConfig):
    name = "authoring"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from authoring.models import CourseImport
        from authoring.receivers import import_deleted

        post_delete.connect(import_deleted, sender=CourseImport, dispatch_uid="authoring.import_deleted")
