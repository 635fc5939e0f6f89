"""What the API takes: shapes and lengths only; what is right is the services' to say."""

import re
from datetime import date
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from organisations.api_base import MAX_ID
from risks.grading import Grade, Method
from risks.models import ControlMeasure, RiskPoint
from risks.services.register import DETAILS

# A term further away than this is a slip of the pen, and the calendar of Python ends at 9999.
LAST_DAY = date(2099, 12, 31)
STEPS = ("draft", "check", "return", "issue", "dispatch")


def _text(help_text: str, max_length: int = 2000, *, required: bool = True) -> serializers.CharField:
    return serializers.CharField(
        max_length=max_length, required=required, allow_blank=not required, help_text=help_text
    )


@extend_schema_field({"oneOf": [{"type": "string"}, {"type": "number"}]})
class FactorField(serializers.CharField):
    """A number or its text. What cannot be in any table is empty here, and refused there with the table's values."""

    def __init__(self, help_text: str) -> None:
        super().__init__(required=False, allow_blank=True, help_text=help_text)

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        return text if re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,2})?", text, flags=re.ASCII) else ""


@extend_schema_field({"type": "string", "format": "date", "maxLength": 10})
class DayField(serializers.DateField):
    def to_internal_value(self, value: Any) -> date:
        day: date = super().to_internal_value(value)
        if day > LAST_DAY:
            raise serializers.ValidationError(f"日期不能晚于 {LAST_DAY}")
        return day


class VersionedSerializer(serializers.Serializer[Any]):
    version = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=0,
        max_value=2**31 - 1,
        help_text="所见的版本；他人已先行办理时答复 409",
    )


class SignedSerializer(VersionedSerializer):
    strokes = _text("手写签名（SVG 路径）；用令牌的不填，记为接口签署", 20_000, required=False)
    password = serializers.CharField(
        max_length=200,
        required=False,
        allow_blank=True,
        trim_whitespace=False,
        write_only=True,
        help_text="手写签名时的登录密码",
    )


class GradedSerializer(serializers.Serializer[Any]):
    method = serializers.ChoiceField(choices=Method.choices)
    likelihood = FactorField("LEC、LS：可能性")
    exposure = FactorField("LEC：暴露")
    consequence = FactorField("LEC：后果")
    severity = FactorField("LS：严重性")
    grade = serializers.ChoiceField(choices=Grade.choices, required=False, allow_blank=True, help_text="直接判定的等级")
    reason = _text("说明；直接判定须写明理由", required=False)


FACTORS = ("likelihood", "exposure", "consequence", "severity", "grade", "reason")


def factors(given: dict[str, Any]) -> dict[str, str]:
    return {name: given[name] for name in FACTORS if given.get(name)}


class GradeSerializer(GradedSerializer, SignedSerializer):
    participants = _text("参加研判的人员，用顿号隔开", 200, required=False)
    late_reason = _text("本机关时限已过时的逾期原因", 300, required=False)


class MeasuresSerializer(serializers.Serializer[Any]):
    """One text per kind of control measure."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {kind: _text(f"{label}措施", 300, required=False) for kind, label in ControlMeasure.Kind.choices}

    def to_internal_value(self, data: Any) -> Any:
        unknown = sorted(set(data) - set(self.fields)) if isinstance(data, dict) else []
        if unknown:
            raise serializers.ValidationError({str(name)[:40]: ["没有这一类管控措施"] for name in unknown[:5]})
        return super().to_internal_value(data)


class RegisterSerializer(serializers.ModelSerializer[RiskPoint]):
    title = _text("风险点名称", 100)
    responsible_unit = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=MAX_ID, help_text="责任单位编号；与 uscc 二选一"
    )
    uscc = _text("责任企业的统一社会信用代码", 18, required=False)
    sector = _text("行业领域代码；企业不填取登记的行业", 40, required=False)
    township = _text("乡街统计代码；不填取责任单位所在乡街", 12, required=False)
    longitude = serializers.DecimalField(9, 6, required=False, allow_null=True, min_value=73, max_value=136)
    latitude = serializers.DecimalField(9, 6, required=False, allow_null=True, min_value=3, max_value=54)
    hazard_factors = _text("危害因素")
    monitoring = _text("监控措施")
    measures = MeasuresSerializer(required=False)
    photos = serializers.ListField(child=serializers.FileField(), required=False, max_length=20)

    class Meta:
        model = RiskPoint
        fields = [
            "title",
            "responsible_unit",
            "uscc",
            "sector",
            "township",
            *DETAILS,
            "measures",
            "photos",
        ]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if (attrs.get("longitude") is None) != (attrs.get("latitude") is None):
            raise serializers.ValidationError({"longitude": ["经度和纬度要么都填，要么都不填"]})
        if not attrs.get("responsible_unit") and not attrs.get("uscc"):
            raise serializers.ValidationError({"responsible_unit": ["请填写责任单位编号，或者填写 uscc"]})
        return attrs


class HandOverSerializer(VersionedSerializer):
    step = serializers.ChoiceField(choices=STEPS, required=False, help_text="不填为这份函的下一步")
    requirements = _text("拟稿：治理要求，不填按管控措施起草", 4000, required=False)
    due_on = DayField(required=False, help_text="拟稿：治理期限")
    copies_to = _text("拟稿：抄送，用顿号隔开", 300, required=False)
    checker = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=1,
        max_value=MAX_ID,
        help_text="拟稿：核稿人的岗位编号，填了即提交核稿",
    )
    note = _text("退回意见", 300, required=False)
    number = _text("签发：发文字号，只在本机关公文系统编号时填", 60, required=False)
    dispatch = serializers.BooleanField(default=True, help_text="签发后随即送达；待用印的填 false")
    late_reason = _text("交办时限已过时的逾期原因", 300, required=False)


class ReceiveSerializer(SignedSerializer):
    pass


class ProgressInputSerializer(VersionedSerializer):
    text = _text("进展情况")
    percent = serializers.IntegerField(min_value=0, max_value=100)
    spent = serializers.DecimalField(
        10, 2, required=False, allow_null=True, min_value=0, help_text="已投入资金（万元）"
    )
    photos = serializers.ListField(child=serializers.FileField(), required=False, max_length=20)


class ApplySerializer(GradedSerializer, SignedSerializer):
    statement = _text("治理完成情况")
    photos = serializers.ListField(child=serializers.FileField(), required=False, max_length=20)


class DecideSerializer(GradedSerializer, SignedSerializer):
    """With `passed` a conclusion is written and signed first; without, the one that waits is signed or objected to."""

    passed = serializers.BooleanField(required=False, allow_null=True, default=None)
    method = serializers.ChoiceField(choices=Method.choices, required=False, allow_blank=True)
    visited_on = DayField(required=False, help_text="现场核查日期，不填为今天")
    findings = _text("现场核查情况", required=False)
    colleagues = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=MAX_ID),
        required=False,
        max_length=10,
        help_text="其他核查人（人员编号）",
    )
    reasons = _text("未通过的原因和要求", required=False)
    new_due_on = DayField(required=False, help_text="未通过的，继续治理期限")
    objection = _text("会签时的异议；填了即不签字，结论作废重写", 250, required=False)
    late_reason = _text("核查时限已过时的逾期原因", 300, required=False)
    photos = serializers.ListField(child=serializers.FileField(), required=False, max_length=20)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["passed"] is not None and not attrs.get("findings"):
            raise serializers.ValidationError({"findings": ["请填写现场核查情况"]})
        if attrs["passed"] and not attrs.get("method"):
            raise serializers.ValidationError({"method": ["请选择评估方法"]})
        return attrs
