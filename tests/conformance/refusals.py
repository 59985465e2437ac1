"""What the clients raise when a call is refused: each family its own type, with code, status and request id."""

from contextlib import contextmanager
from types import SimpleNamespace


@contextmanager
def refused(code, status, says=""):
    """Wants what is done inside to be refused with this code, this status and this in the message."""
    try:
        yield
    except Exception as error:
        refusal = _refusal(error)
        found = f"{type(error).__qualname__}: {refusal.status} {refusal.code} {refusal.message}"
        assert (refusal.code, refusal.status) == (code, status), found
        assert says in refusal.message, found
        assert refusal.request_id, found
    else:
        raise AssertionError(f"not refused; expected {status} {code}")


def code_of(error):
    """The code of a refusal. Anything else that a client raises is raised on."""
    return _refusal(error).code


def _refusal(error):
    reader = READERS.get(type(error).__module__ + "." + type(error).__qualname__)
    if reader is None:
        raise error
    return reader(error)


def _of_log_sdk(error):
    return SimpleNamespace(
        code=error.get_error_code(),
        status=error.resp_status,
        message=error.get_error_message(),
        request_id=error.get_request_id(),
    )


def _of_sls_sdk(error):
    """It wraps the answer, and says that another attempt would not help."""
    inner = error.inner_exception
    return SimpleNamespace(
        code=inner.code,
        status=inner.data["httpCode"],
        message=inner.message,
        request_id=inner.data["requestId"],
    )


def _of_newer_rpc_sdk(error):
    return SimpleNamespace(
        code=error.code, status=error.status_code, message=error.message, request_id=error.request_id
    )


def _of_core_sdk(error):
    return SimpleNamespace(
        code=error.get_error_code(),
        status=error.get_http_status(),
        message=error.get_error_msg(),
        request_id=error.get_request_id(),
    )


READERS = {
    "aliyun.log.logexception.LogException": _of_log_sdk,
    "darabonba.exceptions.UnretryableException": _of_sls_sdk,
    "alibabacloud_tea_openapi.exceptions._client.ClientException": _of_newer_rpc_sdk,
    "aliyunsdkcore.acs_exception.exceptions.ServerException": _of_core_sdk,
}
