"""The files that a course was last brought in line with."""

from typing import ClassVar, Self

from django.db import models

from courses.models import Course


class KeptFiles(models.Model):
    """A course's pack as one zip, the newest only. Beside the rows, so that both are there or neither is."""

    course = models.OneToOneField(Course, models.CASCADE, related_name="kept_files", editable=False)
    digest = models.CharField(max_length=64, help_text="SHA-256 over paths, executable bits and contents.")
    archive = models.BinaryField(help_text="A zip of the files, in a folder of the course's name.")
    file_count = models.PositiveIntegerField()
    kept_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[models.Manager[Self]] = models.Manager()

    class Meta:
        verbose_name_plural = "kept files"

    def __str__(self) -> str:
        return f"{self.course}: {self.file_count} files"
