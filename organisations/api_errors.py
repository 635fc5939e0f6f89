"""Errors of the API that are raised below and told above."""

from rest_framework import exceptions


class Conflict(exceptions.APIException):
    """The request is sound, but the state of things does not allow it now; the message says why."""

    status_code = 409
    default_code = "conflict"


class TooLarge(exceptions.APIException):
    status_code = 413
    default_detail = "请求内容过大"
