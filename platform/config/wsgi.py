"""What gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_wsgi_application()

from config.guard import refuse_unsafe_start  # noqa: E402 - needs the apps, which the line above loads

refuse_unsafe_start()
