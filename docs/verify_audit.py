#!/usr/bin/env python3
"""Checks evidence that the portal 铸安 handed over. A program of its own: it uses nothing of the portal.

    python3 verify_audit.py FOLDER [--key PUBLIC.pem]
    python3 verify_audit.py AUDIT.jsonl --anchors FILE-OR-FOLDER --key PUBLIC.pem

Needs Python 3.9 or newer and the package `cryptography` (pip install cryptography).
Ends with 0 when everything is whole, 1 when something is not, 2 when it cannot be read.

What it checks
  1. The export is complete: its last line holds the SHA-256 of all lines before it.
  2. Every event's text has the SHA-256 that its link covers.
  3. Every link covers the link before it:
       form 1   SHA-256 of  seq|event digest|digest of the link before
       form 2   SHA-256 of  2|seq|event number|event digest|recorded at|digest of the link before
     The link before the first one ever is 64 zeros.
  4. Events of one case are numbered 1, 2, 3… without a gap (where their texts are given).
  5. Anchors: lines that the portal wrote outside its database every minute. Each is signed with Ed25519 over its own
     JSON (sorted keys, no spaces, UTF-8, without "signature"), names the SHA-256 of the line before it in "prev", and
     says which digest the chain's head had then. A chain that was rebuilt later cannot have the same heads.

Take the public key from somewhere else than the person you mistrust: the page /anchors/ shows it to everybody. Without
--key the keys in the folder are used, and the program prints their numbers so that you can compare them.
"""

import argparse
import base64
import hashlib
import json
import sys
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

ZEROS = "0" * 64


class Bad(Exception):
    """The first thing that is not as it should be: in Chinese, in English."""

    def __init__(self, chinese, english):
        super().__init__(english)
        self.chinese, self.english = chinese, english


def sha256(text):
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def compact(content):
    return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def say(chinese, english):
    print(chinese)
    print("  " + english)


# --- anchors -------------------------------------------------------------------------------------------------------


def load_keys(paths):
    """Key number (16 characters) → public key."""
    keys = {}
    for path in paths:
        key = load_pem_public_key(path.read_bytes())
        raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
        keys[hashlib.sha256(raw).hexdigest()[:16]] = key
    return keys


def read_anchors(place, keys):
    """Sequence number → (digest, where it stands). Raises Bad at the first line that is not genuine."""
    files = sorted(place.glob("anchors-*.jsonl")) if place.is_dir() else [place]
    heads, before = {}, None
    for file in files:
        for number, line in enumerate(file.read_text(encoding="utf-8").split("\n")[:-1], start=1):
            where = "%s:%d" % (file.name, number)
            told = check_anchor(line, where, keys)
            if before is not None and (told["n"], told["prev"]) != before:
                raise Bad(
                    "存证 %s 与前一行不衔接：中间的行被删或次序被改" % where,
                    "anchor %s does not follow the line before it: lines were removed or reordered" % where,
                )
            before = (told["n"] + 1, sha256(line))
            if told["kind"] == "restored":
                lost = [seq for seq in heads if seq > told["seq"]]
                if lost:
                    say(
                        "说明：%s 平台从备份恢复，第 %d 至 %d 环在恢复时失去"
                        % (told["at"], told["seq"] + 1, max(lost)),
                        "note: restored from a backup at %s, links %d to %d were lost"
                        % (told["at"], told["seq"] + 1, max(lost)),
                    )
                heads = {seq: head for seq, head in heads.items() if seq <= told["seq"]}
            if told["seq"] in heads and heads[told["seq"]][0] != told["head"]:
                raise Bad("存证 %s 与更早的存证矛盾" % where, "anchor %s contradicts an earlier one" % where)
            heads[told["seq"]] = (told["head"], "%s, %s" % (where, told["at"]))
    return heads


def check_anchor(line, where, keys):
    try:
        told = json.loads(line)
        signature = base64.b64decode(told.pop("signature"))
        key = keys.get(told["key"])
        if key is None:
            raise Bad("存证 %s 的公钥 %s 没有给出" % (where, told["key"]), "anchor %s: key not given" % where)
        key.verify(signature, compact(told).encode("utf-8"))
        return told
    except InvalidSignature:
        raise Bad("存证 %s 签名不符" % where, "anchor %s: wrong signature" % where) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Bad("存证 %s 读不出来" % where, "anchor %s: not readable" % where) from None


# --- the chain -----------------------------------------------------------------------------------------------------


class Chain:
    """Follows the links of one export, line by line, whatever its length."""

    def __init__(self, heads):
        self.heads = heads
        self.case_numbers = {}
        self.texts = self.matched = self.newest = 0

    def follow(self, path):
        whole, head, ended = hashlib.sha256(), None, False
        with path.open(encoding="utf-8", newline="\n") as lines:
            for line in lines:
                content = parse(line, "导出文件", "the export")
                if ended:
                    raise Bad("导出文件结尾之后还有内容", "the export goes on after its end")
                if head is None:
                    head = self.start(content)
                elif content.get("end"):
                    ended = True
                    self.finish(content, whole.hexdigest())
                else:
                    self.link(content)
                whole.update(line.encode("utf-8"))
        if not ended:
            raise Bad(
                "导出文件不完整：第 %d 环之后没有结尾" % (self.expected - 1 if head else 0),
                "the export is cut: no end after link %d" % (self.expected - 1 if head else 0),
            )
        return head

    def start(self, head):
        if head.get("format") != "zhuan-audit/1":
            raise Bad("不是铸安导出的证据", "not an export of the portal")
        if head["first"] == 1 and head["prev"] != ZEROS:
            raise Bad("第 1 环：前一环应为全零", "link 1: what comes before it must be zeros")
        self.expected, self.prev, self.last = head["first"], head["prev"], head["last"]
        self.case = head["case"]
        tail = max(self.heads, default=0)
        if self.case is None and head["until"] is None and tail > self.last:
            self.bad(
                self.last + 1,
                "链尾被截：存证记载到第 %d 环，导出时库中只到第 %d 环" % (tail, self.last),
                "the tail was cut: the anchors know link %d, the chain ended at %d" % (tail, self.last),
            )
        self.check_head(head["first"] - 1, head["prev"])
        return head

    def link(self, link):
        seq = link["seq"]
        if seq != self.expected:
            self.bad(min(seq, self.expected), "缺失、重复或次序被改", "missing, doubled or out of order")
        if link["text"] is not None:
            self.text(seq, link)
        if link["form"] == 1:
            covered = "%d|%s|%s" % (seq, link["event_digest"], self.prev)
        elif link["form"] == 2:
            parts = (seq, link["event"], link["event_digest"], link["recorded_at"], self.prev)
            covered = "2|%d|%d|%s|%s|%s" % parts
        else:
            covered = ""
        if sha256(covered) != link["digest"]:
            self.bad(seq, "环的摘要不符", "its digest does not cover what it should")
        self.check_head(seq, link["digest"])
        self.prev, self.expected = link["digest"], seq + 1

    def text(self, seq, link):
        if sha256(link["text"]) != link["event_digest"]:
            self.bad(seq, "事件内容与摘要不符", "the event's text does not have its digest")
        told = json.loads(link["text"])
        self.texts += 1
        if told["case"] is not None:
            if self.case is not None and told["case"] != self.case:
                self.bad(seq, "不是这个案卷的事件", "an event of another case")
            self.case_numbers.setdefault(told["case"], {})[told["seq"]] = seq

    def check_head(self, seq, digest):
        if seq not in self.heads:
            return
        head, where = self.heads[seq]
        if head != digest:
            raise Bad(
                "第 %d 环：与存证（%s）不符；第 %d 至 %d 环之间被改后整体重做"
                % (self.newest + 1, where, self.newest + 1, seq),
                "link %d: contradicts the anchor %s; rebuilt somewhere from link %d to %d"
                % (self.newest + 1, where, self.newest + 1, seq),
            )
        self.matched += 1
        self.newest = seq

    def finish(self, end, digest):
        if self.expected != self.last + 1:
            self.bad(self.expected, "缺失：导出应到第 %d 环" % self.last, "missing: the export says %d" % self.last)
        if end["sha256"] != digest:
            raise Bad("导出文件的摘要不符", "the export does not have the digest of its last line")
        for case, numbers in self.case_numbers.items():
            # A partial export may end in the middle of a case, but never leaves out a number before that.
            for number in range(1, max(numbers) + 1):
                if number not in numbers:
                    after = min(numbers[n] for n in numbers if n > number)
                    self.bad(
                        after, "案卷 %s 缺第 %d 号事件" % (case, number), "case %s lacks event %d" % (case, number)
                    )

    @staticmethod
    def bad(seq, chinese, english):
        raise Bad("第 %d 环：%s" % (seq, chinese), "link %d: %s" % (seq, english))


def parse(line, chinese, english):
    try:
        content = json.loads(line)
        if line.endswith("\n") and isinstance(content, dict):
            return content
    except ValueError:
        pass
    raise Bad(chinese + "有一行读不出来", english + " has a line that cannot be read")


# --- what a person calls -------------------------------------------------------------------------------------------


def verify(export, anchors, key_files):
    keys = load_keys(key_files)
    for name in sorted(keys):
        say("公钥编号 %s" % name, "public key number %s" % name)
    heads = read_anchors(anchors, keys) if anchors else {}
    chain = Chain(heads)
    head = chain.follow(export)
    say(
        "完整：第 %d 至 %d 环，其中 %d 条事件给出内容" % (head["first"], head["last"], chain.texts),
        "whole: links %d to %d, %d events with their text" % (head["first"], head["last"], chain.texts),
    )
    if chain.matched:
        say(
            "与 %d 条存证相符，直到第 %d 环（%s）" % (chain.matched, chain.newest, heads[chain.newest][1]),
            "agrees with %d anchors, up to link %d" % (chain.matched, chain.newest),
        )
    else:
        say(
            "没有存证可比：只能说明导出内部一致",
            "no anchor to compare with: this only shows that the export agrees with itself",
        )
    beyond = [seq for seq in heads if seq > head["last"]]
    if beyond:
        say(
            "说明：存证记载到第 %d 环，导出只到第 %d 环" % (max(beyond), head["last"]),
            "note: the anchors know link %d, the export ends at %d" % (max(beyond), head["last"]),
        )


def main():
    parser = argparse.ArgumentParser(description="核对铸安导出的证据 / check evidence exported by the portal 铸安")
    parser.add_argument("export", type=Path, help="导出的目录或 .jsonl 文件 / exported folder or file")
    parser.add_argument("--anchors", type=Path, help="存证文件或目录 / anchor file or folder")
    parser.add_argument("--key", type=Path, action="append", default=[], help="公钥 / public key (PEM)")
    given = parser.parse_args()
    export, anchors, keys = given.export, given.anchors, given.key
    if export.is_dir():
        anchors = anchors or (export / "anchors" if (export / "anchors").is_dir() else None)
        keys = keys or sorted((export / "anchors").glob("*.pub"))
        export = export / "audit.jsonl"
    try:
        verify(export, anchors, keys)
    except Bad as found:
        say("有问题：" + found.chinese, "NOT WHOLE: " + found.english)
        return 1
    except (OSError, ValueError, KeyError, TypeError) as error:
        say("读不出来：%r" % error, "cannot be read: %r" % error)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
