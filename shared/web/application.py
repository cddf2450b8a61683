"""How requests come to routes: ours are found and answered here, all else is Flask's. What an answer is, others say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any, Final

from flask import Flask, Response
from flask import request as flask_request
from typing_extensions import override
from werkzeug.exceptions import HTTPException
from werkzeug.routing import MapAdapter

from shared.web import observation
from shared.web.exchange import Answer, Environ, Exchange, text_of
from shared.web.problems import Problems

Handler = Callable[[Exchange, Mapping[str, str]], Answer]
UNKNOWN: Final = "unknown"
_STATUS: Final = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}


class Application(Flask):
    """A WSGI application; FlaskClient and ``url_map`` serve as ever."""

    def __init__(self, name: str, problems: Problems) -> None:
        super().__init__(name, static_folder=None)
        self.url_map.strict_slashes = True
        self.url_map.merge_slashes = False
        self._problems = problems
        self._handlers: dict[str, tuple[str, str, Handler]] = {}
        self._fixed: dict[tuple[str, str], tuple[str, Handler]] = {}
        self._adapter: MapAdapter = self.url_map.bind("")
        self.register_error_handler(Exception, self._flask_failed)

    def add_handler(self, method: str, path: str, endpoint: str, handler: Handler) -> None:
        """Answer ``method`` on ``path`` by ``handler``; GET is HEAD too."""
        # Flask knows of it, to say what is unknown, and which methods a path takes; it never calls it.
        self.add_url_rule(path, endpoint, methods=[method])
        self._handlers[endpoint] = (method, path, handler)
        if "<" not in path:
            self._fixed[method, path] = (path, handler)

    @override
    def wsgi_app(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        route, handler, values = self._find(environ["REQUEST_METHOD"], environ.get("PATH_INFO", ""))
        exchange = Exchange(environ, route)
        with observation.Observed(exchange) as observed:
            if handler is None:
                answer = self._by_flask(exchange)
            else:
                try:
                    answer = handler(exchange, values)
                except Exception as error:  # noqa: BLE001  # the WSGI edge
                    answer = self._problems.answer(error, exchange)
            observed.answered(answer)
        return _said(answer, exchange, start_response)

    def _find(self, method: str, path: str) -> tuple[str, Handler | None, Mapping[str, str]]:
        """The route's pattern, who answers (None: Flask) and the variables of its path."""
        fixed = self._fixed.get((method, path))
        if fixed is not None:
            return *fixed, {}
        try:
            rule, values = self._adapter.match(text_of(path), method, return_rule=True)
        except HTTPException:
            return UNKNOWN, None, {}
        known = self._handlers.get(rule.endpoint)
        if known is None:
            return rule.rule, None, {}
        its_method, pattern, handler = known
        # The others are HEAD, which is GET without a body, and OPTIONS, which is Flask's.
        return pattern, handler if method == its_method or (method, its_method) == ("HEAD", "GET") else None, values

    def _by_flask(self, exchange: Exchange) -> Answer:
        answer = Answer(500)

        def begin(
            status: str, headers: list[tuple[str, str]], _exc_info: object = None, /
        ) -> Callable[[bytes], object]:
            answer.status, answer.headers = int(status[:3]), list(headers)
            return bytes  # WSGI's write(), which Flask never calls

        answer.body = super().wsgi_app(exchange.environ, begin)
        return answer

    def _flask_failed(self, error: Exception) -> Response:
        answer = self._problems.answer(error, Exchange(flask_request.environ, UNKNOWN))
        return Response(answer.body, answer.status, answer.headers)


def _said(answer: Answer, exchange: Exchange, start_response: Any) -> Iterable[bytes]:
    body, status = answer.body, _STATUS.get(answer.status) or f"{answer.status} Other"
    if not isinstance(body, bytes):
        start_response(status, answer.headers)
        return body
    start_response(status, [*answer.headers, ("Content-Length", str(len(body)))])
    return [] if exchange.method == "HEAD" else [body]
