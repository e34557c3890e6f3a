"""The way in for a web server such as Gunicorn."""

import os

from django.core.wsgi import get_wsgi_application

from config import embedded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("PARI_ROLE", "web")
embedded.ensure()
application = get_wsgi_application()
