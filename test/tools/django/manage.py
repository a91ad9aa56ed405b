"""A Django project in one file, for the database shop.db."""
import sys

import django
from django.conf import settings
from django.core.management import execute_from_command_line

settings.configure(
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": "shop.db",
        }
    },
    INSTALLED_APPS=[name for name in ["shop"] if sys.argv[1] != "inspectdb"],
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
django.setup()
execute_from_command_line(sys.argv)
