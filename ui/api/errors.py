"""Refusals as OpenAI's API words them."""

from starlette.responses import JSONResponse

from common.messages import Message, UserError
from ui.kit.errors import for_visitors
from ui.kit.i18n import message


class Refused(Exception):
    """A request that is not served, with its HTTP status and what OpenAI's clients look for."""

    def __init__(self, said: Message, param: str | None = None, code: str | None = None, status: int = 400):
        super().__init__(said.en)
        self.said, self.param, self.code, self.status = for_visitors(said), param, code, status
        self.headers: dict[str, str] = {}

    @property
    def kind(self) -> str:
        return {429: "rate_limit_error", 500: "server_error"}.get(self.status, "invalid_request_error")


def refusal(key: str, param: str | None = None, code: str | None = None, status: int = 400, **values: str) -> Refused:
    """By the key of its sentence."""
    return Refused(message(key, **values), param, code, status)


def busy(error: UserError, seconds: float) -> Refused:
    """There is no room now: OpenAI's clients try again by themselves, after so many seconds."""
    refused = Refused(error.message, code="rate_limit_exceeded", status=429)
    refused.headers["Retry-After"] = str(max(1, round(seconds)))
    return refused


def response(refused: Refused, reader: str) -> JSONResponse:
    """For a reader ("fr" or "en")."""
    error = {"message": refused.said.to(reader), "type": refused.kind, "param": refused.param, "code": refused.code}
    return JSONResponse({"error": error}, refused.status, refused.headers)
