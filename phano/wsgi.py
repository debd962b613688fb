"""The web application, as granian serves it: `granian --interface wsgi phano.wsgi:application`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "phano.settings")
application = get_wsgi_application()
