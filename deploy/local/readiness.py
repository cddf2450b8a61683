"""Whether a process of the stack is ready to work, by asking it over HTTP; says why where it is not."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

TIMEOUT_SECONDS = 3.0

# The answers come from this machine; a proxy set for the outside must not be asked.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def checks(url: str) -> list[str]:
    """The names of what a process looks at before it says that it is ready; none where it does not answer."""
    try:
        with _opener.open(url, timeout=TIMEOUT_SECONDS) as answer:
            said = answer.read()
    except urllib.error.HTTPError as error:
        with error:
            said = error.read()
    except (OSError, ValueError):
        return []
    try:
        return list(json.loads(said)["checks"])
    except (ValueError, KeyError, TypeError):
        return []


def refusal(url: str, *, bearer: str | None = None) -> str | None:
    """None when the answer is 2xx; else what it said, or why there was none, in one line."""
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - http at loopback, chosen by us
    try:
        with _opener.open(request, timeout=TIMEOUT_SECONDS):
            return None
    except urllib.error.HTTPError as error:
        with error:
            return f"{error.code} {error.read(400).decode(errors='replace').strip()}"
    except (OSError, ValueError) as error:
        return f"no answer ({error})"
