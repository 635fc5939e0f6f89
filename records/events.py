"""Names of what happens to letters, signatures and files."""

from django.db.models import TextChoices

from audit.names import declare


@declare
class Event(TextChoices):
    SIGNED = "records.signed", "签字"
    ATTACHED = "records.attached", "上传附件"
    LETTER_DRAFTED = "records.letter_drafted", "起草文书"
    LETTER_SUBMITTED = "records.letter_submitted", "提交核稿"
    LETTER_RETURNED = "records.letter_returned", "退回修改"
    LETTER_CHECKED = "records.letter_checked", "核稿通过"
    LETTER_COUNTERSIGNED = "records.letter_countersigned", "会签同意"
    LETTER_OBJECTED = "records.letter_objected", "会签不同意"
    COUNTERSIGNS_VOIDED = "records.countersigns_voided", "稿件有改动，会签失效"
    LETTER_ISSUED = "records.letter_issued", "签发文书"
    LETTER_DISPATCHED = "records.letter_dispatched", "送达文书"
    LETTER_RECEIVED = "records.letter_received", "签收文书"
    LETTER_LEFT = "records.letter_left", "留置送达"
    LETTER_OPENED = "records.letter_opened", "打开文书"
    LETTER_COPY_RECEIVED = "records.letter_copy_received", "签收抄送件"
    LETTER_LOGGED = "records.letter_logged", "登记送达"
    LETTER_RECALLED = "records.letter_recalled", "撤回文书"
    LETTER_REPLACED = "records.letter_replaced", "替代文书"
    SERIES_SET = "records.letter_series_set", "设置文书编号方式"
    LETTER_VOIDED = "records.letter_voided", "作废文书"
    LETTER_RENDERED = "records.letter_rendered", "生成文书 PDF"
    LETTER_SCANNED = "records.letter_scanned", "上传盖章扫描件"
    CHECKER_CHANGED = "records.checker_changed", "核稿人变更（岗位交接）"
    CASE_MOVED = "records.case_moved", "移交案卷"
    EXPORTED = "records.exported", "导出台账"
    DOSSIER_REQUESTED = "records.dossier_requested", "导出案卷"
    DOSSIER_COMPILED = "records.dossier_compiled", "案卷编制完成"
    DOSSIER_DOWNLOADED = "records.dossier_downloaded", "下载案卷"
    VIEWED = "records.viewed", "查看敏感内容"
    MARKED_CONFIDENTIAL = "records.marked_confidential", "标为敏感"
    UNMARKED_CONFIDENTIAL = "records.unmarked_confidential", "取消敏感标记"
    SIGNATURE_VOIDED = "records.signature_voided", "签字失效"
    PAPER_KEYED = "records.paper_keyed", "录入纸质签署，待核对"
    PAPER_CONFIRMED = "records.paper_confirmed", "核对纸质签署：与原件一致"
    PAPER_REJECTED = "records.paper_rejected", "核对纸质签署：不符"
    RECORDING_AUTHORISED = "records.recording_authorised", "登记委托代录"
    RECORDING_REVOKED = "records.recording_revoked", "撤销委托代录"
    ENTRY_SUBMITTED = "records.entry_submitted", "提交补录核对"
    ENTRY_CONFIRMED = "records.entry_confirmed", "核对补录：与原件一致"
    ENTRY_REJECTED = "records.entry_rejected", "核对补录：不符"


# Somebody read or took along; nothing on the case changed, so nobody was overtaken by it.
READINGS = (Event.DOSSIER_REQUESTED, Event.DOSSIER_COMPILED, Event.DOSSIER_DOWNLOADED, Event.VIEWED)
