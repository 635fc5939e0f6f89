"""docs/clauses.md leads from the notice to the code: what it names exists, and nothing of the tables is left out."""

import re
from pathlib import Path

from django.urls import resolve

from deadlines.clauses import CLAUSES
from deadlines.filing_workflow import WORKFLOW as FILING_WORKFLOW
from deadlines.rules import all_rules
from records.letters.flow import STEPS
from risks.workflow import WORKFLOW

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "docs" / "clauses.md").read_text(encoding="utf-8")
QUOTED = re.findall(r"`([^`]+)`", TEXT)
FILES = [q for q in QUOTED if re.fullmatch(r"[\w./-]+\.(py|html|toml|md)(:\w+)?", q)]
PAGES = [q for q in QUOTED if q.startswith("/")]


def test_x5_every_rule_is_in_the_clause_table_and_no_other() -> None:
    named = {q for q in QUOTED if re.fullmatch(r"[a-z]+\.[a-z_]+", q) and (ROOT / q.split(".")[0]).is_dir()}
    assert named == {rule.key for rule in all_rules()}


def test_r6_every_action_of_the_workflow_is_in_the_clause_table() -> None:
    actions = {step.action for step in [*WORKFLOW.steps, *FILING_WORKFLOW.steps]}
    assert actions - set(QUOTED) == set()


def test_x9_every_clause_of_the_notice_has_a_line_in_the_notices_order() -> None:
    lines = [line.split("|")[1].strip() for line in TEXT.splitlines() if line.startswith("| ")]
    assert [line for line in lines if line in CLAUSES] == list(CLAUSES)


def test_x9_every_clause_of_a_rule_has_a_section_that_names_the_rule() -> None:
    sections = dict(re.findall(r"^### (\S+)　[^\n]*\n(.*?)(?=^##|\Z)", TEXT, re.MULTILINE | re.DOTALL))
    missing = [rule.key for rule in all_rules() if f"`{rule.key}`" not in sections.get(rule.clause, "")]
    assert missing == []


def test_x9_every_file_and_name_in_the_clause_table_exists() -> None:
    assert len(FILES) > 40
    broken = []
    for quoted in FILES:
        path, _, name = quoted.partition(":")
        file = ROOT / path
        if not file.is_file() or (name and not re.search(rf"\b{name}\b", file.read_text(encoding="utf-8"))):
            broken.append(quoted)
    assert broken == []


def test_x9_every_page_in_the_clause_table_has_an_address_and_every_act_a_name() -> None:
    assert len(PAGES) > 20
    steps = [*WORKFLOW.steps, *FILING_WORKFLOW.steps]
    actions = {step.action for step in steps if not step.hidden} | {f"{name}_letter" for name in STEPS}
    for page in PAGES:
        path, _, action = page.replace("<pk>", "1").partition("?do=")
        resolve(path)
        assert not action or action in actions or action == "动作", page
