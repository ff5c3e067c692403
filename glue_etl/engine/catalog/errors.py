"""The errors of the local services, as botocore raises them."""

from __future__ import annotations

import functools
import uuid
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

__all__ = ["ApiError", "Exceptions", "client_error", "error_class", "response_metadata"]


class ApiError(Exception):
    """What an operation answers instead of a result; the client makes a `ClientError` of it.

    Args:
        code: The error code of the API page, such as `EntityNotFoundException`.
        message: What is wrong.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    def detail(self) -> dict[str, str]:
        """The `ErrorDetail` structure of the batch calls."""
        return {"ErrorCode": self.code, "ErrorMessage": self.message}

    @classmethod
    def not_found(cls, message: str) -> ApiError:
        """`EntityNotFoundException`."""
        return cls("EntityNotFoundException", message)

    @classmethod
    def exists(cls, message: str) -> ApiError:
        """`AlreadyExistsException`."""
        return cls("AlreadyExistsException", message)

    @classmethod
    def invalid(cls, message: str) -> ApiError:
        """`InvalidInputException`."""
        return cls("InvalidInputException", message)


@functools.cache
def error_class(code: str) -> type[ClientError]:
    """The subclass of botocore's `ClientError` for one error code, the same for every client of this process."""
    from botocore.exceptions import ClientError

    return type(code, (ClientError,), {"__module__": __name__})


def client_error(error: ApiError, operation: str) -> ClientError:
    """The exception that a script catches, made as botocore makes it from an answer with status 400."""
    answer: Any = {
        "Error": {"Code": error.code, "Message": error.message},
        "ResponseMetadata": response_metadata(400),
    }
    return error_class(error.code)(answer, operation)


def response_metadata(status: int) -> dict[str, Any]:
    """The `ResponseMetadata` of an answer."""
    return {"RequestId": str(uuid.uuid4()), "HTTPStatusCode": status, "HTTPHeaders": {}, "RetryAttempts": 0}


class Exceptions:
    """`client.exceptions`: one exception class for each error code of the service.

    Args:
        codes: The error codes that the service's API pages name.
    """

    def __init__(self, codes: frozenset[str]) -> None:
        self._codes = codes

    @property
    def ClientError(self) -> type[Exception]:
        """The base class of them all."""
        from botocore import exceptions

        base: type[Exception] = exceptions.ClientError
        return base

    def __getattr__(self, code: str) -> type[Exception]:
        if code in self._codes:
            return error_class(code)
        raise AttributeError(f"{code!r} is no error of this client. Available: {', '.join(sorted(self._codes))}.")

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._codes})
