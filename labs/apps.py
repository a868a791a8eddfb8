from django.apps import AppConfig


class LabsConfig(AppConfig):
    name = "labs"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let worker processes beat and look into the queue by themselves."""
        from labs import workers  # noqa: F401 - importing connects the signals
