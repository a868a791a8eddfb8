from django.apps import AppConfig


class LabsConfig(AppConfig):
    name = "labs"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let worker processes beat and look into the queue by themselves; listen to changes of due times."""
        from courses.signals import due_changed
        from labs import lateness, workers  # noqa: F401 - importing workers connects its signals

        due_changed.connect(lateness.due_changed, dispatch_uid="labs.due_changed")
