"""Breaking Chinese text into lines on the letter's grid of 28 characters.

Done here and not left to the PDF engine, which neither keeps the right edge of Chinese text straight nor pulls a
closing mark into the line before: a line is broken by the widths of the very fonts it is printed in, and what is left
over is shared out between its characters.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise

NOT_AT_START = set("，。、；：？！）》」』】〕〉”’％‰℃㎡…—～·,.;:?!)]}%×=")
NOT_AT_END = set("（《「『【〔〈“‘([{")
# Kept in one piece: numbers, codes and Latin words ("GB/T", "50493—2019", "0552-3012345"), a number with its unit
# ("23 m/s", "1 200"), dashes and ellipses in pairs. A formula may be broken after its signs.
LATIN = r"[0-9A-Za-z.,:/%+\-–~@#&_]+"
TOKEN = re.compile(rf"(?:[0-9][0-9.,]* (?=[0-9A-Za-z]))*{LATIN}(?:—(?!—){LATIN})*|——|……|\s+|.", re.DOTALL)
TIGHTEST = -0.055
LOOSEST = 0.13
"""How far (in ems per character) a line may be squeezed for a closing mark, or stretched to the right edge."""

Width = Callable[[str, str], float]
"""Width in ems of a character set in a role."""


@dataclass(frozen=True)
class Run:
    """Text in one typographic role."""

    role: str
    text: str


@dataclass
class Line:
    """One line: its runs and what to add after every character, in ems, on top of the grid's spacing."""

    runs: list[Run] = field(default_factory=list)
    spacing: float = 0.0

    @property
    def text(self) -> str:
        return "".join(run.text for run in self.runs)


@dataclass(frozen=True)
class _Token:
    role: str
    text: str
    width: float


def break_lines(
    runs: Sequence[Run], *, measure: float, width: Width, first_indent: float = 0.0, tracking: float = 0.0
) -> list[Line]:
    """Break runs into lines no wider than `measure` ems; `tracking` is the grid's spacing per character."""
    tokens = _tokens(runs, measure=measure - first_indent, width=width, tracking=tracking)
    lines: list[Line] = []
    start = 0
    while start < len(tokens):
        room = measure - (first_indent if not lines else 0.0)
        end = _line_end(tokens, start, room)
        line = _trimmed(tokens[start:end])
        lines.append(Line(_merged(line), 0.0 if end == len(tokens) else _spacing(line, room)))
        start = end
        while start < len(tokens) and tokens[start].text.isspace():
            start += 1
    return lines


def _tokens(runs: Sequence[Run], *, measure: float, width: Width, tracking: float) -> list[_Token]:
    tokens = []
    for run in runs:
        for text in TOKEN.findall(run.text):
            size = sum(width(run.role, character) + tracking for character in text)
            if size <= measure:
                tokens.append(_Token(run.role, text, size))
            else:  # a code longer than a line has to be cut somewhere
                tokens += [_Token(run.role, character, width(run.role, character) + tracking) for character in text]
    return tokens


def _line_end(tokens: list[_Token], start: int, room: float) -> int:
    end, used, characters = start, 0.0, 0
    while end < len(tokens) and used + tokens[end].width <= room:
        used += tokens[end].width
        characters += len(tokens[end].text)
        end += 1
    if end == len(tokens) or tokens[end].text.isspace():
        return end
    squeezed, count, reach = used, characters, end
    while reach < len(tokens) and tokens[reach].text[0] in NOT_AT_START:
        squeezed += tokens[reach].width
        count += len(tokens[reach].text)
        reach += 1
    if reach > end and (room - squeezed) / count >= TIGHTEST and tokens[reach - 1].text[-1] not in NOT_AT_END:
        return reach
    natural = end
    while end > start + 1 and (tokens[end].text[0] in NOT_AT_START or tokens[end - 1].text[-1] in NOT_AT_END):
        end -= 1
    return end if end > start else natural


def _trimmed(tokens: list[_Token]) -> list[_Token]:
    while tokens and tokens[-1].text.isspace():
        tokens = tokens[:-1]
    return tokens


def _merged(tokens: list[_Token]) -> list[Run]:
    runs: list[Run] = []
    for token in tokens:
        if runs and runs[-1].role == token.role:
            runs[-1] = Run(token.role, runs[-1].text + token.text)
        else:
            runs.append(Run(token.role, token.text))
    return runs


def _spacing(tokens: list[_Token], room: float) -> float:
    count = sum(len(token.text) for token in tokens)
    if count < 2:
        return 0.0
    share = (room - sum(token.width for token in tokens)) / count
    return share if share <= LOOSEST else 0.0


def break_title(title: str, *, measure: float, width: Callable[[str], float]) -> list[str]:
    """Break a title into lines of much the same length, never inside a word; line breaks of the writer are kept.

    GB/T 9704 wants 词意完整、排列对称、长短适宜, as a trapezium or a lozenge, so an hourglass or a last line of two
    characters is worse than one line more.
    """
    return [line for part in title.splitlines() if part.strip() for line in _balanced(part.strip(), measure, width)]


def _balanced(title: str, measure: float, width: Callable[[str], float]) -> list[str]:
    total = sum(width(character) for character in title)
    if total <= measure:
        return [title]
    count = int(total // (measure * 0.94)) + 1
    words = _words(title)
    target = total / count

    @cache
    def best(start: int, left: int) -> tuple[float, tuple[int, ...]]:
        if left == 1:
            size = sum(width(c) for word in words[start:] for c in word)
            return ((size - target) ** 2, ()) if size <= measure else (float("inf"), ())
        found: tuple[float, tuple[int, ...]] = (float("inf"), ())
        size = 0.0
        for cut in range(start + 1, len(words)):
            size += sum(width(c) for c in words[cut - 1])
            if size > measure:
                break
            cost, cuts = best(cut, left - 1)
            cost += (size - target) ** 2 + _cut_cost(words[cut - 1], words[cut])
            if cost < found[0]:
                found = (cost, (cut, *cuts))
        return found

    cost, cuts = best(0, count)
    if cost == float("inf"):
        return ["".join(run.text for run in line.runs) for line in _plain(title, measure, width)]
    edges = [0, *cuts, len(words)]
    return ["".join(words[a:b]).strip() for a, b in pairwise(edges)]


def _plain(title: str, measure: float, width: Callable[[str], float]) -> list[Line]:
    return break_lines([Run("biaosong", title)], measure=measure, width=lambda _role, character: width(character))


def _cut_cost(before: str, after: str) -> float:
    """A line should not begin with 的 or a closing mark, nor end with a preposition or an opening mark."""
    if after[0] in NOT_AT_START or before[-1] in NOT_AT_END:
        return 1000.0
    return 40.0 if after in ("的", "和", "及", "与", "等") or before in ("关于", "对", "和", "及", "与", "在") else 0.0


# Words of the trade that a general dictionary does not hold together.
TRADE_WORDS = (
    "关于 交办 督办 移送 约谈 通报 整改 治理 处置 排查 隐患 事故隐患 风险 重大风险 较大风险 "
    "爆炸 粉尘 粉尘爆炸 铝粉尘 铝粉尘爆炸 铝镁粉尘 中毒 窒息 坍塌 高处坠落 火灾 触电 车间 "
    "抛光车间 喷涂车间 有限公司 有限责任公司 股份有限公司 加油站 有限空间 高处 作业 燃气 "
    "危险化学品 化学品 烟花爆竹 消防 电气 储罐 防护 道路 交通 建筑 施工 工地 脚手架 深基坑 "
    "特种设备 应急 管理局 管理 监督 安全生产 安全 生产 委员会 办公室 限期 严重 重大 违法 "
    "行为 线索 责任 落实 措施 情况 工作 检查 大检查 节前 节后 国庆节前 会议 纪要 会议纪要 报告 请示 意见 "
    "的函 的通知 的通报 的报告 的请示 的意见"
)


def _words(title: str) -> list[str]:
    """Longest known word first, with the phrase list of pypinyin as the general dictionary."""
    from pypinyin.phrases_dict import phrases_dict

    known = set(TRADE_WORDS.split())
    words, at = [], 0
    while at < len(title):
        run = TOKEN.match(title, at)
        length = len(run.group()) if run else 1
        if length == 1:
            for size in range(min(8, len(title) - at), 1, -1):
                if title[at : at + size] in known or title[at : at + size] in phrases_dict:
                    length = size
                    break
        words.append(title[at : at + length])
        at += length
    return words
