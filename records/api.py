"""Letters over HTTP, with their PDF (P6, X7)."""

import json
from typing import Any

import django_filters
from django.core.files.storage import default_storage
from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, mixins, serializers
from rest_framework.decorators import action
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request

from audit.clock import now
from organisations.actors import Actor
from organisations.api_base import IdFilter, NamedSerializer, ScopedViewSet
from organisations.api_errors import Conflict
from records.models import Case, Letter
from records.selectors import letters_for
from records.services.confidential import is_confidential, note_view
from records.views.files import serve

RELATED = ("issuer", "recipient", "case", "pdf", "scan")


class CaseSerializer(serializers.Serializer[Case]):
    id = serializers.IntegerField(source="pk")
    kind = serializers.CharField()
    number = serializers.CharField()
    title = serializers.CharField()
    state = serializers.CharField()
    version = serializers.IntegerField(help_text="随请求带回；他人已先行办理时答复 409")


class LetterSerializer(serializers.ModelSerializer[Letter]):
    kind = serializers.CharField()
    kind_text = serializers.CharField(source="get_kind_display")
    state = serializers.CharField(
        help_text="draft、submitted、countersigning、checked、issued、dispatched、received、left、recalled、replaced、void"
    )
    state_text = serializers.CharField(source="get_state_display")
    issuer = NamedSerializer()
    recipient = NamedSerializer(allow_null=True, help_text="主送的第一个平台内单位；全部主送见 addressee")
    case = CaseSerializer()
    pdf_digest = serializers.CharField(source="pdf.digest", default="", help_text="SHA-256；空为尚未生成")
    scan_digest = serializers.CharField(source="scan.digest", default="", help_text="盖章扫描件的 SHA-256")

    class Meta:
        model = Letter
        fields = [
            "id",
            "number",
            "kind",
            "kind_text",
            "state",
            "state_text",
            "issuer",
            "recipient",
            "addressee",
            "form",
            "urgency",
            "copies_to",
            "title",
            "body",
            "requirements",
            "due_on",
            "case",
            "return_note",
            "drafted_at",
            "checked_at",
            "issued_at",
            "dispatched_at",
            "received_at",
            "content_digest",
            "pdf_digest",
            "scan_digest",
        ]


class LetterFilter(django_filters.FilterSet):
    case = IdFilter(field_name="case_id", label="案卷编号（id）")
    issuer = IdFilter(field_name="issuer_id", label="发文机关编号")
    recipient = IdFilter(field_name="recipient_id", label="主送单位编号")

    class Meta:
        model = Letter
        fields = ["state", "kind"]


class PdfRenderer(BaseRenderer):
    """Lets a client ask for application/pdf; the file itself never passes through, only problem details do."""

    media_type = "application/pdf"
    format = "pdf"
    charset = None

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        return json.dumps(data, ensure_ascii=False).encode()


@extend_schema(tags=["letters"])
class LetterViewSet(ScopedViewSet, mixins.RetrieveModelMixin):
    """权限范围内的文书。拟稿只在发文机关内可见，主送单位在送达后才看得到。"""

    queryset = Letter.objects.none()
    serializer_class = LetterSerializer
    filterset_class = LetterFilter

    def rows(self, actor: Actor) -> QuerySet[Letter]:
        return letters_for(actor).select_related(*RELATED)

    @extend_schema(
        summary="文书 PDF（已上传盖章扫描件的，以扫描件为准）",
        responses={(200, "application/pdf"): OpenApiTypes.BINARY},
        filters=False,
    )
    @action(detail=True, url_path="pdf", renderer_classes=[JSONRenderer, PdfRenderer], filterset_class=None)
    def pdf(self, request: Request, pk: str) -> HttpResponse:
        letter: Letter = self.get_object()
        if letter.state not in Letter.NUMBERED:
            raise exceptions.NotFound("文书尚未签发或已作废，没有 PDF")
        copy = letter.scan if letter.scan and letter.scan.content_type == "application/pdf" else letter.pdf
        if copy is None:
            raise Conflict(
                "文书 PDF 生成失败，系统管理员正在处理" if letter.render_error else "文书 PDF 正在生成，请稍后再取"
            )
        if not default_storage.exists(copy.path):
            raise exceptions.NotFound("文书文件缺失，请联系系统管理员核对备份")
        if is_confidential(copy):
            what, subject = f"接口：{letter.number}", ("attachment", copy.pk)
            note_view(case_id=letter.case_id, what=what, subject=subject, actor=self.actor, at=now())
        return serve(copy)
