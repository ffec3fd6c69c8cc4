"""What is wrong with an edit and what would help, said to a person in English and Chinese. Pure.

The reasons and labels are stable words; a client may say them in its own way from the values.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

Language = Literal["en", "zh"]

# reason -> (English, Chinese). `cells` and `area` are always there, `at` where the issue has a piece.
REASONS: Final[Mapping[str, tuple[str, str]]] = {
    # what was drawn
    "crosses-itself": ("the border that was drawn crosses itself at {at}", "所画边界在 {at} 处自相交"),
    "line-crosses-itself": ("the line that was drawn crosses itself at {at}", "所画的线在 {at} 处自相交"),
    "ring-empty": ("the polygon that was drawn has no area", "所画多边形没有面积"),
    "ring-invalid": ("the polygon that was drawn is not valid: {detail}", "所画多边形无效（{detail}）"),
    "ring-open": ("the ring is not closed: its ends are {gap} m apart", "边界环没有闭合：首尾相距 {gap} 米"),
    "ring-short": (
        "a ring has four positions or more, this one has {positions}",
        "边界环至少四个点，这里只有 {positions} 个",
    ),
    "drawn-in-parts": (
        "the polygon has {parts} parts; a cell is one piece",
        "多边形有 {parts} 个部分；一个网格只能是一整块",
    ),
    # what would come out
    "outside": ("{area} m² of the polygon lie outside the county", "多边形有 {area} 平方米在区县界外"),
    "vanishes": ("cell {cells} would vanish under cell {by}", "网格 {cells} 会被网格 {by} 完全盖住"),
    "covers": ("the new cell would cover {area} m² of cell {cells}", "新网格会盖住网格 {cells} 的 {area} 平方米"),
    "falls-apart": (
        "cell {cells} would fall into {parts} parts; the piece of {area} m² at {at} would be cut off",
        "网格 {cells} 会分成 {parts} 块；{at} 处 {area} 平方米的一块会被切开",
    ),
    "left-over": ("{area} m² at {at} would belong to no cell", "{at} 处的 {area} 平方米会不属于任何网格"),
    "too-thin": ("cell {cells} would be a strip thinner than {width} m", "网格 {cells} 会成为宽不足 {width} 米的细条"),
    "half-too-thin": (
        "one half of cell {cells} would be a strip thinner than {width} m",
        "网格 {cells} 的一半会成为宽不足 {width} 米的细条",
    ),
    "new-too-thin": ("the new cell would be a strip thinner than {width} m", "新网格会成为宽不足 {width} 米的细条"),
    "vanishes-new": ("cell {cells} would vanish under the new cell", "网格 {cells} 会被新网格完全盖住"),
    "nothing-kept": (
        "the new polygon has nothing in common with cell {cells}: create another cell and retire this one",
        "新多边形与网格 {cells} 没有任何重合：请新建网格并停用此网格",
    ),
    # cells that are drawn anew
    "pieces-overlap": ("{area} m² at {at} are in more than one of the pieces", "{at} 处的 {area} 平方米同时属于多块"),
    "pieces-beyond": (
        "the pieces take {area} m² at {at} that are not land of the cells {cells}",
        "各块占用了 {at} 处不属于网格 {cells} 的 {area} 平方米",
    ),
    # splits and merges
    "not-cut": ("the line does not cut cell {cells} in two", "这条线没有把网格 {cells} 切成两块"),
    "cut-in-many": (
        "the line cuts cell {cells} into {parts} parts, not two",
        "这条线把网格 {cells} 切成了 {parts} 块，而不是两块",
    ),
    "not-beside": ("cell {cells} does not border on cell {by}", "网格 {cells} 与网格 {by} 不相邻"),
    "other-village": (
        "cell {cells} belongs to another village than cell {by}",
        "网格 {cells} 与网格 {by} 不属于同一个村（社区）",
    ),
    "hole-in-county": (
        "cell {cells} lies inside the county: without it {area} m² would belong to no cell",
        "网格 {cells} 在区县内部：去掉它会有 {area} 平方米不属于任何网格",
    ),
    # nodes
    "no-node": ("no border has a node at {at}", "{at} 处没有边界节点"),
    "moved-over": (
        "the border would be drawn over {area} m² at {at}, and cells {cells} would overlap there",
        "移动后边界会越过 {at} 处的 {area} 平方米，网格 {cells} 会在那里重叠",
    ),
    "moved-outside": ("cell {cells} would leave the county by {area} m²", "网格 {cells} 会超出区县界 {area} 平方米"),
    # codes and states
    "unknown-cell": ("there is no live cell {cells}", "没有在用的网格 {cells}"),
    "code-taken": ("the code {cells} is in use; a code is never used twice", "编码 {cells} 已被使用；编码不能重复使用"),
    "outside-area": (
        "{area} m² of it lie outside area {by}, of which the change set is",
        "有 {area} 平方米超出变更批次的区域 {by}",
    ),
    "county-outline": (
        "the outline of the county would change by {area} m²: that takes a change set of the whole county",
        "区县界会改变 {area} 平方米：须用整个区县的变更批次",
    ),
    "scheduled": (
        "cell {cells} is also changed by a change set that is scheduled for {day}: {by}",
        "网格 {cells} 也在定于 {day} 生效的变更批次中：{by}",
    ),
    "stale": ("cell {cells} was changed by somebody else meanwhile", "网格 {cells} 已被他人修改"),
    "orphan-sites": ("{number} key sites would stand in no cell", "会有 {number} 个重点场所不在任何网格内"),
    "orphans": ("{number} doorplates would stand in no cell", "会有 {number} 个门牌不在任何网格内"),
    # warnings
    "strips-kept": (
        "strips thinner than {width} m, {area} m² in all, stay where they were",
        "宽不足 {width} 米的细条（共 {area} 平方米）保持原状",
    ),
    "village-border": (
        "{area} m² pass from village {by} to village {to}",
        "{area} 平方米从村（社区）{by} 划到村（社区）{to}",
    ),
    "far-from-village": (
        "cell {cells} borders on no cell of village {by}",
        "网格 {cells} 与村（社区）{by} 的网格都不相邻",
    ),
    "far-from-county": ("the new cell borders on no cell of the county", "新网格与本区县的网格都不相邻"),
}

# label of a fix -> (English, Chinese)
FIXES: Final[Mapping[str, tuple[str, str]]] = {
    "untangle": ("take the largest part of what was drawn", "取所画图形中最大的一块"),
    "without-loops": ("leave out the loops of the line", "去掉线上的回环"),
    "close-ring": ("close the ring", "闭合边界环"),
    "cut-at-area": ("cut it at the border of the area", "裁到区域边界"),
    "cut-at-county": ("cut it at the county's border", "裁到区县界"),
    "only-outside": ("take only what lies outside the cells", "只取现有网格以外的部分"),
    "cut-out": ("cut it out as a dedicated cell", "作为专属网格从中划出"),
    "leave-out": ("leave that cell out", "避开该网格"),
    "leave-neighbour": ("take nothing from that cell", "不占用该网格"),
    "merge": ("merge the two cells", "合并这两个网格"),
    "take-rest": ("take the piece that would be cut off too", "把被切开的一块也划入"),
    "keep-piece": ("keep the piece in the cell", "把这一块留在本网格"),
    "own-cell": ("make the piece a dedicated cell", "把这一块设为专属网格"),
    "extend": ("draw the line on to the border", "把线延长到边界"),
    "one-cut": ("cut along one part of the line", "只沿其中一段切分"),
    "largest-part": ("take the largest part", "取最大的一块"),
    "only-connected": ("merge only the cells that lie side by side", "只合并相邻的网格"),
    "with-between": ("merge with the cell between them", "连同中间的网格一起合并"),
    "same-village": ("merge only the cells of this village", "只合并本村（社区）的网格"),
    "move-first": ("first give the cell to the village", "先把网格划到该村（社区）"),
    "to-neighbour": ("give its land to the neighbour with the longest common border", "划给公共边界最长的相邻网格"),
    "nearest-node": ("move the nearest node", "移动最近的节点"),
    "along-border": ("move it along the county's border", "沿区县界移动"),
    "less-far": ("move it less far", "少移动一些"),
    "next-code": ("take the next free code", "使用下一个空闲编码"),
    "close-gap": ("close the gap beside the county", "补上与区县界之间的缝隙"),
}


def say(table: Mapping[str, tuple[str, str]], word: str, values: Mapping[str, str], language: Language) -> str:
    """The sentence for a reason or label."""
    return table[word][language == "zh"].format(**values)
