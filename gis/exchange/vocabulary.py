"""The words of the closed lists as files write them, Chinese and English.

A status says only whether a household is visited. Why one is exempt is not stored, so every reason is one word here.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from gis.disputes.categories import NAMES, Category, Channel
from gis.exchange.headers import normal
from gis.sites.categories import CATEGORIES

_STATUS: Final = {
    "active": "正常 在用 有效 走访 需走访 是 在住 入住 启用 normal yes",
    "exempt": "免访 免走访 免予走访 不走访 无需走访 否 停用 无效 空置 空户 空房 拆除 已拆除 已拆 非住宅 非居住"
    " no inactive vacant demolished nonresidential",
}
_OUTCOME: Final = {
    "reached": "见到 已见到 见面 已见面 有人 已走访 已入户 入户 成功 yes met seen visited success",
    "no_answer": "无人应答 无人 无应答 没人 未见到 未见面 未入户 不在家 家中无人 敲门无人"
    " noanswer no absent nobody failed",
}
_PURPOSE: Final = {
    "routine": "日常走访 日常 例行 例行走访 常规 常规走访 走访",
    "safety": "安全检查 安全 隐患排查 安全隐患排查 消防检查 safetycheck",
    "publicity": "政策宣传 宣传 宣传走访",
    "address_check": "门牌核对 门牌核查 地址核对 地址核查 核对",
}
_KIND: Final = {"general": "综合网格 综合 普通 一般 普通网格", "dedicated": "专属网格 专属 专用 special"}
_LEVEL: Final = {
    "county": "区县 县区 县 区 县级 区县级 县市区",
    "town": "乡镇 街道 乡镇街道 镇 乡 乡级 township street",
    "village": "村 社区 村社区 行政村 居委会 村委会 村级 community",
}
# As ledgers of mediation call them; each with 纠纷 at its end too.
_CASE_CATEGORY: Final = {
    "neighbours": "邻里 相邻关系 相邻权",
    "housing": "房屋宅基地 宅基地 房屋",
    "land": "山林土地 山林 林地 土地 土地承包",
    "debt": "合同债务 合同 债务 债权债务 借贷 民间借贷 经济",
    "labour": "劳动争议 劳动 劳动人事争议 劳资 欠薪",
    "damages": "损害赔偿 人身损害赔偿 财产损害赔偿 赔偿",
    "property_management": "物业 物业管理 物业服务",
    "traffic": "交通事故 道路交通事故 交通",
    "consumer": "消费 消费者权益",
    "relocation": "征地拆迁 征地 拆迁",
    "environment": "环境 环境污染 环境保护 生态环境",
    "village_affairs": "村务 村务管理",
    "other": "其他 其它 其他民间",
    "family": "婚姻家庭 婚姻 家庭 家事",
}
_CHANNEL: Final = {
    "patrol": "巡查 巡逻发现 巡逻 排查发现 排查",
    "reported": "群众报告 群众来访 当场反映 上门反映 申请调解",
    "referred": "部门移送 部门移交 部门转办 移送 移交 转来 转办 委托移送 department",
}


def _words(table: Mapping[str, str]) -> dict[str, str]:
    return {normal(word): value for value, words in table.items() for word in (value, *words.split())}


def _named(kind: type[StrEnum]) -> dict[str, str]:
    return {normal(word): entry.value for entry in kind for word in (entry.value, NAMES[entry].zh, NAMES[entry].en)}


STATUS: Final = _words(_STATUS)
OUTCOME: Final = _words(_OUTCOME)
PURPOSE: Final = _words(_PURPOSE)
KIND: Final = _words(_KIND)
CASE_CATEGORY: Final = {f"{word}{end}": value for word, value in _words(_CASE_CATEGORY).items() for end in ("", "纠纷")}
CASE_CATEGORY.update(_named(Category))
CHANNEL: Final = _words(_CHANNEL) | _named(Channel)
CASE_LEVEL: Final = _words({**_LEVEL, "cell": "网格 网格级 grid"})
LEVEL: Final = _words(_LEVEL)
CATEGORY: Final = {
    normal(word): info.category.value
    for info in CATEGORIES.values()
    for word in (info.category.value, info.zh, info.en)
}
