"""A course's files, as it was last brought in line with them."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("authoring", "0001_course_imports"),
        ("courses", "0004_course_bases"),
    ]

    operations = [
        migrations.CreateModel(
            name="KeptFiles",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "digest",
                    models.CharField(help_text="SHA-256 over paths, executable bits and contents.", max_length=64),
                ),
                ("archive", models.BinaryField(help_text="A zip of the files, in a folder of the course's name.")),
                ("file_count", models.PositiveIntegerField()),
                ("kept_at", models.DateTimeField(auto_now=True)),
                (
                    "course",
                    models.OneToOneField(
                        editable=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="kept_files",
                        to="courses.course",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "kept files",
            },
        ),
    ]
