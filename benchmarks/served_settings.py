"""The site's own settings, with the bare views of the baseline beside its pages."""

from config.settings import *  # noqa: F403 - settings are read from this module

ROOT_URLCONF = "benchmarks.served_urls"
