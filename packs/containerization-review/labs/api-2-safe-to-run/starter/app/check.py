"""Asks the API of this machine whether it is well: exit code 0 where it says so, 1 where it does not.

It knows the port from PORT, as the API does.
"""

import os
import sys
from urllib.request import urlopen

PORT = os.environ.get("PORT", "8000")

try:
    with urlopen(f"http://127.0.0.1:{PORT}/health", timeout=2) as reply:
        print(reply.status)
except OSError as error:
    print(error)
    sys.exit(1)
