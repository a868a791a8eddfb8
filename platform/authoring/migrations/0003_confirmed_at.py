from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("authoring", "0002_kept_files"),
    ]

    operations = [
        migrations.AddField(
            model_name="courseimport",
            name="confirmed_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
