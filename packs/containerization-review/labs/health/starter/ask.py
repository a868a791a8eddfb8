"""Asks for a page: python ask.py http://127.0.0.1:8080/health

Ends with the exit code 0 if the page is there, and with 1 if the answer is an error, or there is none.
"""

import sys
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit


def main() -> int:
    """Ask, and say what came of it."""
    if not sys.argv[1:]:
        print("Say one address, such as http://127.0.0.1:8080/health")
        return 1
    address = urlsplit(sys.argv[1])
    try:
        connection = HTTPConnection(address.netloc)
        connection.request("GET", address.path or "/")
        answer = connection.getresponse()
        print(answer.status, answer.read().decode().strip())
    except (OSError, ValueError, HTTPException) as error:
        print(f"{sys.argv[1]}: {error}")
        return 1
    return 0 if answer.status < HTTPStatus.BAD_REQUEST else 1


if __name__ == "__main__":
    sys.exit(main())
