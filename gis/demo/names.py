"""Names for the fictional county: words that sound like a place in the north-west, and stand for none. Pure."""

from __future__ import annotations

from itertools import product
from typing import Final

import numpy as np

COUNTY_NAME: Final = "示范县"
COUNTY_TOWN: Final = "城关镇"
_TOWN_HEAD: Final = "清石柳青白松龙马金梅云桃杏槐竹兰沙泉安平永兴丰德和秀碧红黄黑"
_TOWN_TAIL: Final = "溪桥河坪湾岭川泉塘峪坝台原滩"
_VILLAGE_HEAD: Final = (
    "杨树 石门 红土 柳林 梨园 枣林 桃花 泉水 石磨 瓦窑 油坊 沙滩 马莲 芦苇 青石 白杨 槐树 榆树 松柏 杏花 "
    "麦积 核桃 苹果 葵花 向阳 前进 团结 新民 光明 富民 上河 下河 大水 小水 高原 平原 东风 西坪 南梁 北塬 "
    "龙王 凤凰 金鸡 白马 黑水 黄土 长沟 短沟 双桥 三岔"
)
_VILLAGE_TAIL: Final = "湾沟坡庄坪梁岔川塬咀"
_HAMLET: Final = [head + tail for head, tail in product("上下前后东西南北中大小新老里外", "湾坪庄沟梁坡院头巷咀")]
_COMMUNITY: Final = (
    "文昌 东关 西关 南关 北关 新城 钟楼 滨河 和平 朝阳 育才 康乐 幸福 安居 紫云 翠湖 广场 西苑 东苑 金桥"
)
_STREET: Final = (
    "人民 建设 解放 新华 文化 中山 和平 胜利 团结 友谊 光明 滨河 东环 西环 南环 北环 公园 体育 育才 科技 "
    "工业 农贸 火车站 迎宾 幸福 长安 永安 平安 兴业 富强 民主 振兴 朝阳 向阳 青年 康复 卫生 安定 泰山 黄河 "
    "长江 秦岭 渭河 洮河 天水 凤凰 牡丹 丁香 玉兰 银杏 梧桐 松柏 香樟 翠竹 春晓 秋实 明珠 锦绣 金桥 银川"
)
_ESTATE_HEAD: Final = (
    "阳光 锦绣 翠湖 金色 滨河 东方 幸福 安居 紫荆 明珠 书香 康乐 和谐 丽景 盛世 嘉和 祥瑞 泰和 御景 枫林"
)
_ESTATE_TAIL: Final = ("花园", "家园", "小区", "苑", "新村", "公寓")


def _pick(rng: np.random.Generator, words: list[str], number: int) -> list[str]:
    """`number` different names: the words in random order, then the same with 二, 三 … behind them."""
    shuffled = [words[i] for i in rng.permutation(len(words))]
    rounds = -(-number // len(shuffled))
    marks = ["", *(_numeral(i) for i in range(2, rounds + 1))]
    return [word + mark for mark in marks for word in shuffled][:number]


def _numeral(number: int) -> str:
    digits = "零一二三四五六七八九"
    if number < 10:
        return digits[number]
    tens, ones = divmod(number, 10)
    if tens < 10:
        return ("" if tens == 1 else digits[tens]) + "十" + (digits[ones] if ones else "")
    hundreds, rest = divmod(number, 100)
    tail = "" if rest == 0 else ("零" + digits[rest] if rest < 10 else _numeral(rest).replace("十", "一十", rest < 20))
    return digits[hundreds] + "百" + tail


def towns(rng: np.random.Generator, number: int) -> list[str]:
    """Names of towns; the first is the county town."""
    words = [head + tail for head, tail in product(_TOWN_HEAD, _TOWN_TAIL)]
    return [COUNTY_TOWN, *(word + "镇" for word in _pick(rng, words, number - 1))]


def villages(rng: np.random.Generator, number: int) -> list[str]:
    """Names of villages, each once."""
    words = [head + tail for head, tail in product(_VILLAGE_HEAD.split(), _VILLAGE_TAIL)]
    return [word + "村" for word in _pick(rng, words, number)]


def communities(rng: np.random.Generator, number: int) -> list[str]:
    """Names of urban communities, each once."""
    return [word + "社区" for word in _pick(rng, _COMMUNITY.split(), number)]


def hamlets(rng: np.random.Generator, number: int) -> list[str]:
    """Names of the hamlets of one village, each once."""
    return _pick(rng, _HAMLET, number)


def streets(rng: np.random.Generator, number: int) -> list[str]:
    """Names of the streets of one town, each once, without the word for street."""
    return _pick(rng, _STREET.split(), number)


def estates(rng: np.random.Generator, number: int) -> list[str]:
    """Names of the housing estates of one town, each once."""
    return _pick(rng, [head + tail for head, tail in product(_ESTATE_HEAD.split(), _ESTATE_TAIL)], number)


def cell_name(number: int) -> str:
    """The name of a village's n-th cell."""
    return f"第{_numeral(number)}网格"
