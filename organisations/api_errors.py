"""Errors of the API that are raised below and told above."""

from rest_framework import exceptions


class Conflict(exceptions.APIException):
    """The request is sound, but the state of things does not allow it now; the message says why."""

    status_code = 409
    default_code = "conflict"


class TooLarge(exceptions.APIException):
    status_code = 413
    default_detail = "请求内容过大"


class OtherBody(exceptions.APIException):
    """A key that stands for an act already done came with something else to do."""

    status_code = 422
    default_code = "other_body"
    default_detail = "这个 Idempotency-Key 已用于内容不同的请求，没有办理；新的请求请换一个键"
