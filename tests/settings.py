"""The house's settings for tests, on embedded servers of their own unless real ones are given.

Loaded by pytest-django before anything of ours, which is why the servers start here. With
pytest-xdist the first process starts them; each worker has a Valkey number and databases of its
own, and each run names its databases after itself, so that two runs in one checkout do not meet.
"""

import os
import re

from config import embedded

os.environ.setdefault("PARI_ENV", "test")
embedded.ensure(profile="test")

_worker = re.sub(r"\D", "", os.environ.get("PYTEST_XDIST_WORKER", ""))
_number = int(_worker) + 1 if _worker else 0
if os.environ["REDIS_URL"].startswith("unix://"):
    os.environ["REDIS_URL"] = re.sub(r"db=\d+$", f"db={_number}", os.environ["REDIS_URL"])
_run = os.environ.setdefault("PARI_TEST_RUN", str(os.getpid()))
os.environ["PARI_REDIS_PREFIX"] = f"pari-test-{_run}-{_number}:"

from config.settings import *  # noqa: E402, F403
from config.settings import DATABASES  # noqa: E402

for _database in DATABASES.values():
    _database["TEST"] = {"NAME": f"test_{_run}_{_database['NAME']}"}
# The sandbox has a handful of tables, and would go through every migration of the house for them;
# tests/payments/test_sandbox_tables.py sees that its own come to the same.
DATABASES["sandbox"]["TEST"]["MIGRATE"] = False

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# Else every browser of a test that is opened would look through all files of the site first.
WHITENOISE_AUTOREFRESH = True
