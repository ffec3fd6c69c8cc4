"""Does a column hold the names of people? Weak evidence, for files of dwellings and visits only.

A personal name is a common surname and one or two characters more. So are many hamlets (张家湾, 王坪), but those end in
a word for a place, and a column of hamlets repeats them while every household has another name.
"""

from __future__ import annotations

import re
from typing import Any, Final

import pyarrow.compute as pc

# The hundred commonest surnames, 85 % of the people.
_SURNAMES: Final = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆"
    "范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常"
)
_PLACES: Final = (
    "庄村沟湾家坪岭山河川寨堡店屯营坝坡塬台桥镇乡社组街路巷道园苑府庭城里区楼院房厂场站馆店铺层室户栋座号门口头面边"
    "上下中东西南北湖塘井泉滩洼峪峰崖岩洞桥渡港集市关口店庙寺"
)
_NAME: Final = f"^[{_SURNAMES}][一-龥]?[^{_PLACES}]$"
_HAN_ONLY: Final = "^[一-龥]{2,3}$"
_LEAST_DIFFERENT: Final = 10


def looks_like_a_name(text: str) -> bool:
    """Whether a single text is built like a personal name: stricter than for a column, for where none may stand."""
    return bool(re.fullmatch(_HAN_ONLY[1:-1], text) and re.fullmatch(_NAME[1:-1], text))


def looks_like_names(texts: Any) -> int | None:
    """The index of the first name in an Arrow string array that is mostly names, None where it is not.

    At least ten different ones, at least half of the values different, seven in ten built like a name.
    """
    given = texts.drop_null()
    named = pc.and_(pc.match_substring_regex(texts, _NAME), pc.match_substring_regex(texts, _HAN_ONLY))
    if (pc.sum(named).as_py() or 0) < 0.7 * len(given):
        return None
    different = pc.count_distinct(given).as_py()
    if different < _LEAST_DIFFERENT or different < 0.5 * len(given):
        return None
    return int(pc.index(named, True).as_py())
