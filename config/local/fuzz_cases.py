"""Runs inside `.venv` against a running demo: python fuzz_cases.py URL CASES SEED.

For every operation of the description requests are made up, good ones and bad ones, each sent by one of the demo's
accounts; half of the addresses name a row that this account can see. An answer must not be a 5xx, and its status, type
and content must be as described.
"""

import collections
import os
import sys
import time
from typing import Any

import hypothesis
import requests
import schemathesis
from hypothesis import strategies as st
from schemathesis.checks import CHECKS
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.generation import GenerationMode

PASSWORD = os.environ.get("DEMO_PASSWORD", "zhuan-2018-101")
# One of every kind of post; "" asks without a token.
ACCOUNTS = ("anjian", "anjian2", "juzhang", "zhujian", "zhujianzr", "yanshan", "anwei", "lingdao", "jiwei")
ACCOUNTS += ("qiye", "fuzeren", "fuzeren2", "zhuanjia", "jubao", "sysadmin", "secadmin", "auditor", "")
NAMES = ("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance")
# What acts goes deeper than what reads.
WEIGHT = {"GET": 1, "POST": 4}
MODES = (GenerationMode.POSITIVE, GenerationMode.POSITIVE, GenerationMode.NEGATIVE)


class Portal:
    """Who can ask, and which rows each of them sees."""

    def __init__(self, url: str) -> None:
        self.url, self.api = url, f"{url}/api/v1"
        self.session = requests.Session()
        self.headers = {name: self._headers(name) for name in ACCOUNTS}
        self._rows: dict[tuple[str, str], list[int]] = {}

    def _headers(self, name: str) -> dict[str, str]:
        if not name:
            return {}
        answer = self.session.post(f"{self.api}/token/", json={"username": name, "password": PASSWORD}, timeout=60)
        answer.raise_for_status()
        return {"Authorization": f"Bearer {answer.json()['token']}"}

    def rows(self, name: str, path: str) -> list[int]:
        """Ids of what this account finds in the register that `path` belongs to."""
        register = path.removeprefix("/api/v1/").split("/")[0]
        if (name, register) not in self._rows:
            answer = self.session.get(
                f"{self.api}/{register}/", params={"page_size": 200}, headers=self.headers[name], timeout=60
            )
            found = answer.json()["results"] if answer.status_code == 200 else []
            self._rows[name, register] = [row["id"] for row in found]
        return self._rows[name, register]


class Report:
    def __init__(self) -> None:
        self.statuses: dict[str, collections.Counter[int]] = collections.defaultdict(collections.Counter)
        self.wrong: dict[tuple[str, str], str] = {}

    @property
    def count(self) -> int:
        return sum(sum(counter.values()) for counter in self.statuses.values())

    def show(self, seconds: float) -> int:
        for label, counter in self.statuses.items():
            told = "  ".join(f"{status}×{times}" for status, times in sorted(counter.items()))
            print(f"{label:58} {sum(counter.values()):5}   {told}")
        for (label, title), text in self.wrong.items():
            print(f"\n✗ {label}: {title}\n{text}")
        print(
            f"\nfuzz: {self.count} 个请求（cases），{len(self.wrong)} 处不符（failures），{seconds:.0f} s", flush=True
        )
        return 1 if self.wrong else 0


def main(url: str, cases: int, seed: int) -> int:
    started, portal, report = time.monotonic(), Portal(url), Report()
    schema = schemathesis.openapi.from_url(f"{portal.api}/schema/", headers={"Accept": "application/json"})
    operations = [found.ok() for found in schema.get_all_operations()]
    checks = CHECKS.get_by_names(list(NAMES))
    whole = sum(WEIGHT[operation.method.upper()] for operation in operations) * len(MODES)
    for operation in operations:
        share = max(1, round(cases * WEIGHT[operation.method.upper()] / whole))
        for number, mode in enumerate(MODES):
            shoot(operation, mode, share, seed + number, portal, checks, report)
    return report.show(time.monotonic() - started)


def shoot(operation: Any, mode: Any, share: int, seed: int, portal: Portal, checks: Any, report: Report) -> None:
    """`share` requests of one operation. Nothing is shrunk: every request changes the district, none can be tried twice."""

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=share,
        database=None,
        deadline=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(case=operation.as_strategy(mode), data=st.data())
    def one(case: Any, data: Any) -> None:
        name = data.draw(st.sampled_from(ACCOUNTS))
        if "{id}" in operation.path and (rows := portal.rows(name, operation.path)) and data.draw(st.booleans()):
            case.path_parameters["id"] = data.draw(st.sampled_from(rows))
        response = case.call(base_url=portal.url, session=portal.session, headers=portal.headers[name], timeout=60)
        report.statuses[operation.label][response.status_code] += 1
        if response.status_code == 414:
            return  # the web server's own answer to an address of over 4,094 characters; ours was never asked
        try:
            case.validate_response(response, checks=checks)
        except (FailureGroup, Failure) as failure:
            first = str(getattr(failure, "exceptions", [failure])[0]).splitlines()[0]
            who = f"{name or '没有令牌'}: {case.as_curl_command(headers=dict(response.request.headers))[:2000]}"
            report.wrong.setdefault((operation.label, first), f"{failure}\n{who}\n→ {response.text[:2000]}")

    try:
        one()
    except hypothesis.errors.Unsatisfiable:
        return  # nothing can be wrong with a request that has neither parameters nor a body


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
