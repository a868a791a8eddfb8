"""Lets the configuration take part in start-up: its checks are registered once the apps are loaded."""

from django.apps import AppConfig


class ConfigurationConfig(AppConfig):
    """The package of settings, as an app without models."""

    name = "config"
    verbose_name = "Configuration"

    def ready(self) -> None:
        """Register what production refuses to start with."""
        from config import checks  # noqa: F401 - importing registers
