"""The kinds of notices. A notice's rung is a kind, or a kind and a number: `late-3`, `moved-12`."""

KINDS = {
    "soon": "即将到期",
    "today": "今天到期",
    "late": "已逾期",
    "escalated": "逾期上报",
    "urged": "催办",
    "moved": "到期日调整",
    "extension": "延期",
    "suspension": "中止、恢复计时",
    "expected": "定期报送",
}


def kind_of(rung: str) -> str:
    """Raises ValueError for a rung whose kind nobody declared above."""
    kind, dash, number = rung.partition("-")
    if kind not in KINDS or (dash and not number.isdigit()):
        raise ValueError(f"undeclared rung {rung}")
    return kind


def label_of(rung: str) -> str:
    return KINDS[kind_of(rung)]
