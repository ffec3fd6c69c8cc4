"""What the public is told of every table and column, in plain words, Chinese and English. Data only.

`GET /about/data` is made from this, the tables, the collections and the settings. A table, a column, a served property
or a setting without words here fails a test: what cannot be explained to the public is not stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, NamedTuple

from gis.access.scope import Right, Role
from gis.disputes.categories import NAMES, TABLED


class Words(NamedTuple):
    """The same in both languages."""

    zh: str
    en: str


@dataclass(frozen=True)
class TableWords:
    """What a table holds. `seen` is the right with which its rows are seen; None: not through the service, by nobody.

    `kept` says how long, with names of settings in braces.
    """

    title: Words
    seen: Right | None
    kept: Words
    columns: Mapping[str, Words]


_PLACE: Final = Words(
    "只要该地点还在用；停用的留作历史", "as long as the place is in use; what is retired stays as history"
)
_REPLACED: Final = Words("直到导入新的路网", "until another network is imported")
_VERSION: Final = ("路网内容的摘要", "a digest of the network")
_NUMBER: Final = ("编号", "number")
_ALWAYS: Final = Words("长期", "for good")
_WITH_ACCOUNT: Final = Words("与账号同在", "as long as the account")

_COMMON: Final[Mapping[str, Words]] = {
    "county": Words("所属区县的六位编码", "six-digit code of the county"),
    "code": Words("编码", "code"),
    "geom": Words("位置或边界", "place or outline"),
    "source": Words("数据来源", "where the entry comes from"),
    "cell": Words("所在网格的编码", "code of the cell it lies in"),
    "revision": Words("变更计数，供页面判断是否需要刷新", "counts changes, so that pages know when to refresh"),
    "role": Words("角色", "role"),
    "area": Words("责任区的编码；空为全部", "code of the area; empty for everywhere"),
    "created_at": Words("建立时间", "when it was made"),
    "expires_at": Words("失效时间", "when it ends"),
    "last_used_at": Words("最近使用时间(约)", "when it was last used, roughly"),
    "hash": Words("摘要，不能还原", "a digest from which nothing can be told"),
}


def _table(zh: str, en: str, seen: Right | None, kept: Words, **columns: tuple[str, str] | None) -> TableWords:
    """A table; a column given as None has the common words of its name."""
    named = {name: Words(*words) if words else _COMMON[name] for name, words in columns.items()}
    return TableWords(Words(zh, en), seen, kept, MappingProxyType(named))


def _visit_ids(zh: str, en: str) -> TableWords:
    return _table(
        zh,
        en,
        None,
        Words("与走访相同", "as long as visits"),
        county=None,
        id=("随机编号", "random number"),
        visited_on=("走访日期", "day"),
    )


_GRID: Final = {
    "division": _table(
        "区划：区县、乡镇(街道)、村(社区)",
        "Divisions: counties, towns, villages",
        Right.figures,
        _PLACE,
        code=None,
        level=("级别", "county, town or village"),
        name=("区划名称", "name of the division"),
        parent=("上级区划", "the division it belongs to"),
        source=None,
        geom=None,
    ),
    "county_outline": _table(
        "区县范围", "Outline of a county", Right.figures, _PLACE, county=None, geom=None, revision=None
    ),
    "cell": _table(
        "网格",
        "Cells of the grid",
        Right.figures,
        _PLACE,
        county=None,
        code=None,
        village=("所属村(社区)", "its village"),
        kind=("综合网格或专属网格", "general or dedicated"),
        name=("网格名称", "name of the cell"),
        geom=None,
        version=("版本", "version"),
        valid_from=("启用日期", "day from which it is valid"),
        retired_on=("停用日期", "day on which it was given up"),
        confirmed_empty_on=("确认网格内没有住户的日期", "day on which it was confirmed that nobody lives in it"),
        source=None,
        touched=("内部变更计数", "an inner count of changes"),
    ),
    "cell_history": _table(
        "网格的历次版本",
        "Every version of a cell",
        Right.figures,
        _ALWAYS,
        county=None,
        code=None,
        version=("版本", "version"),
        valid_from=("启用日期", "day from which it counts"),
        valid_to=("被取代的日期", "day from which it counts no more"),
        village=("所属村(社区)", "its village"),
        kind=("综合网格或专属网格", "general or dedicated"),
        name=("网格名称", "name of the cell"),
        geom=None,
        changeset=("产生此版本的变更批次", "the change set that made it"),
        begun=("产生时的网格修订号", "revision of the grid that began it"),
        ended=("取代时的网格修订号", "revision of the grid that ended it"),
    ),
    "cell_lineage": _table(
        "网格的来龙去脉：拆分、合并、改号",
        "Which cell came of which: splits, merges, new codes",
        Right.figures,
        _ALWAYS,
        county=None,
        parent=("原网格", "the cell before"),
        child=("新网格", "the cell that came of it"),
        changeset=("变更批次", "the change set"),
        valid_from=("生效日期", "day from which it counts"),
        area=("两者同属的区划", "the division in which both lie"),
    ),
    "changeset": _table(
        "网格变更批次：草稿与已发布的",
        "Change sets of the grid: drafts and published ones",
        Right.grid,
        Words(
            "已发布的长期保留；无人改动的草稿 {draft_days} 天后删除",
            "published ones for good; drafts that nobody touches for {draft_days} days",
        ),
        county=None,
        id=("随机编号", "random number"),
        area=("涉及的区域", "its area"),
        title=("批次名称", "what it is called"),
        status=("草稿、待生效、已发布或已放弃", "draft, scheduled, published or abandoned"),
        base=("起草时的网格修订号", "revision of the grid that it stands on"),
        revision=("发布后的网格修订号", "revision of the grid that it made"),
        created_at=None,
        created_by=("起草的工作人员的登录名", "sign-in name of the staff member who began it"),
        changed_at=("最近改动时间", "when it was last changed"),
        published_at=("发布时间", "when it was published"),
        valid_from=("生效日期", "day from which it counts"),
        undoes=("所撤销的批次", "the change set that it takes back"),
        xact=("事务编号", "number of the transaction"),
    ),
    "changeset_op": _table(
        "变更批次中的操作",
        "The operations of a change set",
        Right.grid,
        Words("与变更批次相同", "as long as the change set"),
        county=None,
        changeset=("变更批次", "the change set"),
        seq=("序号", "number within it"),
        area=("涉及的区域", "its area"),
        op=("操作：种类、网格编码、边界、名称", "the operation: its kind, codes of cells, borders, a cell's new name"),
    ),
    "cell_revision": _table(
        "网格变更计数", "Counts of changes of a cell", Right.figures, _PLACE, county=None, cell=None, revision=None
    ),
    "street": _table(
        "道路底图",
        "Streets, the background of the map",
        Right.figures,
        _PLACE,
        county=None,
        id=("编号", "number"),
        **{"class": ("道路等级 1 至 4", "1 (main street) to 4 (path)")},
        name=("道路名称", "name of the street"),
        geom=None,
    ),
    "road_network": _table(
        "巡逻路网的来源",
        "Networks of streets for patrols: where they come from",
        Right.figures,
        _REPLACED,
        county=None,
        version=_VERSION,
        source=None,
        data_on=("数据截至日期", "day as of which the data tell"),
        imported_at=("导入时间", "when it was imported"),
        counts=("路口、路段等的数量", "how many streets and crossings it has"),
    ),
    "road_node": _table(
        "路口",
        "Crossings and ends of streets",
        Right.figures,
        _REPLACED,
        county=None,
        version=_VERSION,
        id=_NUMBER,
        geom=None,
    ),
    "road_arc": _table(
        "路段",
        "Pieces of street between crossings",
        Right.figures,
        _REPLACED,
        county=None,
        version=_VERSION,
        id=_NUMBER,
        from_node=("起点路口", "crossing where it begins"),
        to_node=("终点路口", "crossing where it ends"),
        way=("公开地图中的编号", "its number in OpenStreetMap"),
        **{"class": ("道路等级 1 至 4", "1 (main street) to 4 (path)")},
        name=("道路名称", "name of the street"),
        length_m=("长度(米)", "metres"),
        foot_s=("步行秒数", "seconds on foot"),
        foot_back_s=("反向步行秒数", "seconds on foot the other way"),
        car_s=("驾车秒数", "seconds by car"),
        car_back_s=("反向驾车秒数", "seconds by car the other way"),
        geom=None,
    ),
    "road_turn": _table(
        "禁止的转弯",
        "Turns that a car may not make",
        Right.figures,
        _REPLACED,
        county=None,
        version=_VERSION,
        id=_NUMBER,
        arcs=("依次经过的路段", "the pieces of street one after the other"),
    ),
}

_VISITING: Final = {
    "doorplate": _table(
        "门牌(楼栋)及门后住户的合计",
        "Doorplates, with sums over the households behind them",
        Right.doors,
        _PLACE,
        county=None,
        id=("编号", "number"),
        code=None,
        address=("门牌地址", "address"),
        geom=None,
        cell=None,
        households=("要走访的户数", "households that may be visited"),
        never=("其中从未见到的户数", "how many of them were never reached"),
        oldest_on=("其中最久的上次见到日期", "the oldest day on which one of them was last reached"),
        due_on=("最近的应走访日期", "the next day on which one of them is due"),
        source=None,
    ),
    "household": _table(
        "户：一处住所，不是人",
        "Households: dwellings, not people",
        Right.doors,
        _PLACE,
        county=None,
        id=("随机编号", "random number"),
        code=None,
        doorplate=("所在门牌", "its doorplate"),
        unit=("单元室号", "unit behind the doorplate"),
        status=("走访或免访；免访原因不记录", "active or exempt; why is not stored"),
        interval_days=("走访周期(天)", "days between visits"),
        registered_on=("登记日期", "day on which it was entered"),
        reached_before=("已不保存的走访中最后见到的日期", "last day reached, of visits no longer kept"),
        contact_before=("已不保存的走访中最后上门的日期", "last day visited, of visits no longer kept"),
        last_reached_on=("上次见到日期", "day last reached"),
        last_contact_on=("上次上门日期", "day last visited"),
        due_on=("应走访日期", "day the next visit is due"),
        cell=("所在网格", "cell it lies in"),
    ),
    "visit": _table(
        "走访记录：只有时间、结果、队伍和事由，没有文字说明",
        "Visits: when, outcome, team and purpose, no text",
        None,
        Words(
            "{visit_months} 个月；之后只留该户的最后日期和合计",
            "{visit_months} months; then last dates and counts only",
        ),
        county=None,
        id=("随机编号", "random number"),
        visited_on=("走访日期", "day"),
        household=("户的随机编号", "random number of the household"),
        visited_at=("走访时间", "time"),
        outcome=("见到或无人应答", "reached or no answer"),
        team=("队伍代号，不是人名", "code of the team, not a name"),
        purpose=("事由(固定选项)", "purpose, from a closed list"),
    ),
    "visit_id": _visit_ids("用过的走访编号，防止重复计入", "Numbers of visits, so that none counts twice"),
    "recent_visit_id": _visit_ids(
        "最近用过的走访编号，每日并入上表", "Numbers of the latest visits, joined to those daily"
    ),
    "visit_count": _table(
        "走访次数合计：过了保存期的走访只留这个数",
        "Counts of visits: what is left of those no longer kept",
        None,
        _ALWAYS,
        county=None,
        cell=None,
        month=("月份", "month"),
        outcome=("见到或无人应答", "reached or no answer"),
        visits=("次数", "how many"),
    ),
    "visit_round": _table(
        "走访轮次",
        "Visit rounds",
        Right.figures,
        _ALWAYS,
        county=None,
        code=None,
        area=("轮次的区域", "area of the round"),
        name=("轮次名称", "name of the round"),
        first_on=("开始日期", "first day"),
        last_on=("结束日期", "last day"),
        target=("目标覆盖率(%)", "target in percent"),
        closed_at=("结束时间", "when it was closed"),
    ),
    "round_result": _table(
        "已结束轮次的结果",
        "Results of closed rounds",
        Right.figures,
        _ALWAYS,
        county=None,
        round=("轮次", "round"),
        cell=None,
        known=("要走访的户数", "households that may be visited"),
        reached=("已见到的户数", "households reached"),
        tried=("上门但未见到的户数", "households tried and not reached"),
        never=("从未见到的户数", "households never reached"),
        overdue=("超期的户数", "households overdue"),
        oldest_on=("最久的上次见到日期", "the oldest day on which one was last reached"),
        confirmed_empty=("是否已确认无住户", "whether confirmed empty"),
        version=("当时的网格版本", "version of the cell that was counted"),
    ),
    "coverage_histogram": _table(
        "每个网格按日期的户数合计",
        "Counts of the households of a cell by day",
        Right.figures,
        _PLACE,
        county=None,
        cell=None,
        known=("要走访的户数", "households that may be visited"),
        never_reached=("从未见到的户数", "how many of them were never reached"),
        never_contacted=("从未上门的户数", "how many of them were never visited"),
        reached=("各日期上次见到的户数", "how many were last reached on each day"),
        contact=("各日期上次上门的户数", "how many were last visited on each day"),
        due=("各日期应走访的户数", "how many are due on each day"),
    ),
    "site": _table(
        "重点场所：单位和设施，不含住宅、宗教场所和个人",
        "Key sites: facilities; no homes, places of worship or persons",
        Right.doors,
        _PLACE,
        county=None,
        code=None,
        name=("场所名称", "name of the facility"),
        category=("类别(固定选项)", "category, from a closed list"),
        address=("地址", "address"),
        geom=None,
        cell=None,
        check_interval_days=("检查周期(天)", "days between checks"),
        last_checked_on=("上次检查日期", "day last checked"),
        source=None,
    ),
}

_CASES: Final = {
    "dispute": _table(
        "矛盾纠纷案件：类别、状态、期限和所在地块；没有各方、没有经过、没有具体地点",
        "Cases of civil disputes: category, state, dates and roughly where; no parties, no narrative, no exact place",
        Right.cases,
        Words("办结后 {dispute_months} 个月", "{dispute_months} months after it was closed"),
        county=None,
        id=("随机编号", "random number"),
        cell=None,
        snap=("代表性地点", "the place that stands for where it lies"),
        area=("对外所示的位置：网格；家庭类只到村(社区)", "where it is told to lie: its cell or its village"),
        category=("类别(固定选项)", "category, from a closed list"),
        channel=("来源(固定选项)", "how it came, from a closed list"),
        state=("办理状态", "how far it has come"),
        level=("办理层级", "the level that deals with it"),
        version=("版本，防止互相覆盖", "version, so that changes do not collide"),
        reported_at=("反映时间", "when it was reported"),
        registered_at=("登记时间", "when it was registered"),
        due_at=("限时化解的期限", "by when it is to be settled"),
        extensions=("延期次数，至多一次", "how often it got more time: once at most"),
        ended_at=("办结时间", "when it ended"),
        counted_on=("计入哪个月", "the month in which it is counted"),
    ),
    "case_release": _table(
        "已公布的案件统计：哪一级、哪一时段",
        "Published counts of cases: of which level and period there are some",
        Right.figures,
        Words("长期：公布后不再更改", "for good: what was published is not changed"),
        county=None,
        level=("层级", "level"),
        first_on=("时段首日", "first day of the period"),
        span=("时段月数", "months of the period"),
        family=("是否家庭类纠纷(单独统计)", "whether it is of family disputes, which are counted apart"),
        grid_on=("以哪天的网格统计", "the day whose grid it counts by"),
        published_at=("公布时间", "when it was published"),
    ),
    "case_figure": _table(
        "已公布的案件数：1 至 4 件不公布，能推算出 1 至 4 件的也不公布",
        "Published numbers of cases: 1 to 4 are withheld, and so is what would tell them",
        Right.figures,
        Words("长期：公布后不再更改", "for good: what was published is not changed"),
        county=None,
        level=("层级", "level"),
        first_on=("时段首日", "first day of the period"),
        span=("时段月数", "months of the period"),
        family=("是否家庭类纠纷(单独统计)", "whether it is of family disputes, which are counted apart"),
        area=("区域", "the area"),
        category=("类别(固定选项)，空为合计", "category, from a closed list; empty for all"),
        number=("件数；空为不公布", "how many cases; empty where it is withheld"),
        households=("当时户数", "households then"),
    ),
    "case_overdue_release": _table(
        "已公布的超期纠纷件数：哪个月末",
        "Published numbers of cases past their date: at the end of which month",
        Right.figures,
        Words("长期：公布后不再更改", "for good: what was published is not changed"),
        county=None,
        month=("月份", "the month"),
        grid_on=("以哪天的网格统计", "the day whose grid it counts by"),
        published_at=("公布时间", "when it was published"),
    ),
    "case_overdue_figure": _table(
        "月末超期的纠纷件数，到村(社区)为止：1 至 4 件不公布，能推算出 1 至 4 件的也不公布",
        "How many cases were past their date when a month ended, down to villages: 1 to 4 are withheld",
        Right.figures,
        Words("长期：公布后不再更改", "for good: what was published is not changed"),
        county=None,
        month=("月份", "the month"),
        area=("区划编码", "code of the village, town or county"),
        number=("件数；空为不公布", "how many cases; empty where it is withheld"),
        households=("当时户数", "households then"),
    ),
    "case_standing_figure": _table(
        "区县月末的纠纷办理情况：本月登记的到了哪一步，本月到期的回访结果如何；1 至 4 件不公布",
        "How the cases of a county stood when a month ended: how far those of the month had come, and what had become"
        " of the revisits that were due; 1 to 4 are withheld",
        Right.figures,
        Words("长期：公布后不再更改", "for good: what was published is not changed"),
        county=None,
        month=("月份", "the month"),
        area=("区县编码", "code of the county"),
        part=("办理阶段或回访结果(固定选项)", "the stage or what became of a revisit, from a closed list"),
        number=("件数；空为不公布", "how many; empty where it is withheld"),
        households=("当时户数", "households then"),
    ),
    "dispute_event": _table(
        "案件的办理经过：时间、角色和固定选项，没有文字",
        "What happened to a case: time, role and entries of closed lists, no text",
        Right.cases,
        Words("与案件相同", "as long as the case"),
        county=None,
        dispute=("案件的随机编号", "random number of the case"),
        seq=("序号", "number within the case"),
        id=("随机编号", "random number"),
        area=("案件对外所示的位置", "where the case is told to lie"),
        at=("时间", "when"),
        role=("办理人的角色，不是人名", "role of who did it, not a name"),
        change=("变更的是状态、层级还是期限", "whether state, level or date was changed"),
        state=("此后的状态", "state from then on"),
        level=("此后的层级", "level from then on"),
        due_at=("此后的期限", "date from then on"),
        code=("理由(固定选项)", "why, from a closed list"),
    ),
    "revisit": _table(
        "办结案件所在地点的回访(“回头看”)",
        "Visits to the place of a closed case",
        Right.cases,
        Words("与案件相同", "as long as the case"),
        county=None,
        dispute=("案件的随机编号", "random number of the case"),
        seq=("序号", "number within the case"),
        area=("案件对外所示的位置", "where the case is told to lie"),
        due_on=("应回访日期", "day on which it is due"),
        done_at=("回访时间", "when it was done"),
        outcome=("协议是否稳定(固定选项)", "whether it holds, from a closed list"),
        role=("回访人的角色，不是人名", "role of who did it, not a name"),
    ),
    "snap_point": _table(
        "代表性地点：每处代表至少八户，案件只记在这样的地点上",
        "Places that stand for eight dwellings or more each: a case is kept at one of them only",
        Right.cases,
        Words(
            "只要还在用；停用的在 {dispute_months} 个月后删除",
            "as long as it is in use; {dispute_months} months after it has ended",
        ),
        county=None,
        id=("随机编号", "random number"),
        cell=None,
        geom=None,
        dwellings=("现在代表的户数", "dwellings it stands for now"),
        dwellings_made=("设立时代表的户数", "dwellings it stood for when it was made"),
        made_at=("设立时间", "when it was made"),
        ended_at=("停用时间", "when it ended"),
    ),
}

_WITH_PLAN: Final = Words("与巡逻计划相同", "as long as the plan")
_PATROLS: Final = {
    "team": _table(
        "巡逻队伍：只有代号和班次，没有人名",
        "Teams of patrols: a code and a shift, nobody's name",
        Right.patrols,
        Words("只要还在用", "as long as it is in use"),
        county=None,
        area=None,
        code=("队伍代号", "code of the team"),
        mode=("步行或乘车", "on foot or by car"),
        station=("出发点", "where the team begins"),
        ending=("收工点", "where it ends"),
        open_end=("是否在最后一站收工", "whether it ends at its last stop"),
        shift_from=("班次开始", "when its shift begins"),
        shift_to=("班次结束", "when its shift ends"),
        breaks=("休息时段", "its breaks"),
        skills=("能办的事(固定选项)", "what it can do, from a closed list"),
    ),
    "patrol_plan": _table(
        "巡逻计划：哪天、哪个区域；没有人员定位，没有行走记录",
        "Plans of patrols: for a day and an area; nobody is located, no way that was walked is kept",
        Right.patrols,
        Words("{visit_months} 个月", "{visit_months} months"),
        county=None,
        id=("随机编号", "random number"),
        area=None,
        patrol_on=("巡逻日期", "the day"),
        status=("计算中、已排定、失败或已取消", "being planned, planned, failed or cancelled"),
        version=("版本", "version"),
        aim=("最短或均衡", "shortest or equal"),
        seed=("随机数种子", "seed of the search"),
        limit_s=("计算时限(秒)", "seconds that the search may take"),
        asked=("计划的要求：队伍、站点种类、时段", "what was asked for: teams, kinds of stops, times of day"),
        created_at=None,
        created_by=("制定计划的工作人员的登录名", "sign-in name of the staff member who asked for it"),
        changed_at=("最近改动时间", "when it was last changed"),
        solver=("求解程序及版本", "the program that found it, with its version"),
        cpu_s=("所用计算时间(秒)", "seconds that the search took"),
        straight=("是否按直线估算", "whether ways are straight lines"),
        network=("所用道路网的版本", "version of the streets"),
        network_source=("道路网的来源", "where the streets come from"),
        network_on=("道路网的日期", "day of the streets"),
        compared=("最短与均衡两种方案的对比数字", "figures of the plan with either aim"),
        begun_at=("开始计算的时间", "when the search was begun"),
        heard_at=("计算程序最近一次报告的时间", "when the search was last heard of"),
        worker=("计算程序的随机编号", "random number of the search"),
        attempts=("计算次数", "how often it was begun"),
        share=("计算进度", "how far it is"),
        step=("计算步骤", "what it is at"),
        from_s=("从当天几时起重排", "from which time of the day it was planned again"),
        fault=("失败原因(固定选项)", "why it failed, from a closed list"),
        fault_told=("程序给出的失败说明", "the same in a sentence of the program"),
    ),
    "patrol_route": _table(
        "巡逻路线：各队计划走的路",
        "Planned routes of teams",
        Right.patrols,
        _WITH_PLAN,
        county=None,
        plan=("计划的随机编号", "random number of the plan"),
        team=("队伍代号", "code of the team"),
        area=("计划的区域", "area of the plan"),
        seq=("序号", "number within the plan"),
        mode=("步行或乘车", "on foot or by car"),
        station=("出发点", "where the team begins"),
        ending=("收工点", "where it ends"),
        open_end=("是否在最后一站收工", "whether it ends at its last stop"),
        shift_from=("班次开始", "when its shift begins"),
        shift_to=("班次结束", "when its shift ends"),
        breaks=("休息时段", "its breaks"),
        skills=("能办的事(固定选项)", "what it can do, from a closed list"),
        begin_s=("计划出发时刻", "when it is to begin"),
        end_s=("计划收工时刻", "when it is to end"),
        travel_s=("路上时间", "time on the way"),
        service_s=("办事时间", "time at stops"),
        waiting_s=("等候时间", "time of waiting"),
        metres=("路程(米)", "metres on the way"),
        pauses=("计划休息", "planned breaks"),
        legs=("各段路", "the ways between stops"),
        geom=("计划路线", "the planned way"),
    ),
    "patrol_stop": _table(
        "巡逻站点：门牌、重点场所、回访地点或选定的地点",
        "Stops of plans: doorplates, key sites, places of revisits, or chosen places",
        Right.patrols,
        Words(
            "与巡逻计划相同；哪些户待走访 {patrol_days} 天后删除",
            "as long as the plan; which households were meant for {patrol_days} days",
        ),
        county=None,
        plan=("计划的随机编号", "random number of the plan"),
        key=("站点编号", "key within the plan"),
        area=("计划的区域", "area of the plan"),
        kind=("种类", "kind"),
        doorplate=("门牌编号", "number of the doorplate"),
        site=("重点场所编码", "code of the key site"),
        dispute=("案件的随机编号", "random number of the case"),
        revisit=("第几次回访", "which revisit"),
        cell=None,
        geom=("位置；回访为代表性地点", "place; of a revisit the one that stands for it"),
        tier=("优先级 1 至 4", "which come first, 1 to 4"),
        weight=("同级中的轻重，按等待天数", "weight among these, by how long it waits"),
        service_s=("停留时间", "how long it takes"),
        because=("列入原因(固定选项)", "why it is in, from a closed list"),
        days=("超期天数", "days past its date"),
        households=("待走访户数", "households that wait"),
        units=("待走访户的编码", "their codes"),
        windows=("可办时段", "when it can be served"),
        skills=("需要队伍能办的事(固定选项)", "what a team must be able to do, from a closed list"),
        team=("队伍代号", "code of the team"),
        seq=("第几站", "number in the route"),
        arrive_s=("计划到达时刻", "when it is to be reached"),
        begin_s=("计划开始时刻", "when service is to begin"),
        leave_s=("计划离开时刻", "when it is to be left"),
        pinned=("队长已固定", "whether the leader has pinned it"),
        removed=("队长已去掉", "whether the leader has removed it"),
        why=("未排入的原因(固定选项)", "why it is left out, from a closed list"),
        why_s=("差多少时间", "by how much time"),
        why_m=("差多远", "by how many metres"),
    ),
    "patrol_version": _table(
        "巡逻计划改动前的样子，供撤销",
        "Plans as they were before changes, so that these can be taken back",
        None,
        Words("{patrol_days} 天", "{patrol_days} days"),
        county=None,
        plan=("计划的随机编号", "random number of the plan"),
        version=("版本", "version"),
        area=("计划的区域", "area of the plan"),
        content=("当时的路线和站点", "routes and stops as they were"),
    ),
    "patrol_tick": _table(
        "打卡：哪一站、何时、结果；没有定位",
        "Ticks: which stop, when, what it came to; no place of anybody",
        Right.patrols,
        Words(
            "与巡逻计划相同；涉及哪些户 {patrol_days} 天后删除",
            "as long as the plan; which households for {patrol_days} days",
        ),
        county=None,
        id=("随机编号", "random number"),
        plan=("计划的随机编号", "random number of the plan"),
        stop=("站点编号", "key of the stop"),
        area=("计划的区域", "area of the plan"),
        team=("队伍代号", "code of the team"),
        outcome=("见到、无人应答或跳过", "reached, no answer or skipped"),
        ticked_at=("打卡时间", "when"),
        units=("涉及的户的编码", "codes of the households"),
        num_units=("户数", "how many they are"),
        content=("内容摘要，用于识别重复发送", "a digest of what was sent, by which it is known again"),
    ),
    "patrol_link": _table(
        "队伍终端查看路线的链接",
        "Links by which a team's device shows its route",
        None,
        Words(
            "巡逻次日失效，{patrol_days} 天后删除", "they end a day after the patrol, removed after {patrol_days} days"
        ),
        county=None,
        plan=("计划的随机编号", "random number of the plan"),
        team=("队伍代号", "code of the team"),
        hash=None,
        created_at=None,
        expires_at=None,
        shown=("显示过的站点", "stops that it has shown"),
    ),
}

_SERVICE: Final = {
    "retired_code": _table(
        "不再使用的门牌、户和场所的编码",
        "Codes of doorplates, households and key sites that are gone",
        None,
        Words("长期：编码永不重复使用", "for good: a code is never used again"),
        county=None,
        kind=("门牌、户或场所", "doorplate, household or key site"),
        code=None,
        retired_on=("停用日期", "day on which it ended"),
    ),
    "outbox": _table(
        "变更通知：哪个网格变了",
        "News for open pages: which cell has changed",
        None,
        Words("7 天", "7 days"),
        county=None,
        id=("编号", "number"),
        kind=("种类", "kind"),
        payload=(
            "变更的网格、轮次、批次、案件和巡逻计划的编码",
            "codes of the cells, rounds, change sets, cases and plans concerned",
        ),
        xact=("事务编号", "number of the transaction"),
        at=("时间", "when"),
    ),
    "event": _table(
        "变更通知，按提交先后排列",
        "News for open pages, in the order in which it was committed",
        None,
        Words("7 天", "7 days"),
        county=None,
        position=("序号", "position"),
        kind=("种类", "kind"),
        areas=("涉及的网格或责任区", "codes of the cells or areas concerned"),
        payload=(
            "涉及的批次、案件和巡逻计划的编码",
            "revision of the grid, and numbers of the cases and plans concerned",
        ),
        at=("时间", "when"),
    ),
    "event_state": _table(
        "变更通知的最后序号",
        "Up to where news has been put in order",
        None,
        Words("一行，不断更新", "one row that is written over"),
        single=("只有一行", "there is one row"),
        position=("最后的序号", "the last position"),
        snapshot=("事务快照", "which transactions were committed then"),
        server=("哪个数据库服务器", "which database server this is"),
        numbered_at=("时间", "when"),
        day=("日期", "day"),
    ),
    "webhook": _table(
        "接收变更通知的其他系统",
        "Other systems that are sent news: codes, numbers and figures only",
        None,
        Words("直到被移除", "until it is removed"),
        id=_NUMBER,
        label=("用途", "what it is for"),
        url=("发送地址", "where news is sent to"),
        secret=("签名密钥", "key with which messages are signed"),
        area=None,
        kinds=("发送哪些种类的通知", "which kinds of news"),
        created_at=None,
        position=("已送达的序号", "up to where it has answered"),
        sending_to=("正在发送到的序号", "up to where it is being sent to"),
        attempts=("连续失败次数", "how often sending has failed in a row"),
        next_at=("下次发送时间", "when it is tried next"),
        outcome=("上次发送的结果", "how the last try ended"),
        delivered_at=("上次送达时间", "when it last answered"),
        failing_since=("从何时起失败", "since when it has failed"),
        dead_at=("停止发送的时间", "when it was given up"),
    ),
    "account": _table(
        "工作人员的登录账号；除登录名外不知道其他",
        "Accounts of staff; nothing is known but the sign-in name",
        None,
        Words("停用的账号保留，审计才能对得上", "kept when disabled, so that the audit stays readable"),
        id=("随机编号", "random number"),
        login=("登录名，由管理员取", "sign-in name, chosen by the administrator"),
        password_hash=("口令的 argon2 摘要，不能还原", "argon2 digest of the password, from which it cannot be told"),
        issuer=("统一身份平台的地址", "address of the identity provider"),
        subject=("在该平台的编号", "number of the account there"),
        created_at=None,
        password_set_at=("设置口令的时间", "when the password was set"),
        disabled_at=("停用时间", "when it was disabled"),
    ),
    "area_grant": _table(
        "账号在哪个责任区有什么角色",
        "Which role an account has in which area",
        None,
        _WITH_ACCOUNT,
        account=("账号的随机编号", "random number of the account"),
        role=None,
        area=None,
    ),
    "token": _table(
        "供 QGIS、大屏等使用的访问令牌",
        "Tokens for QGIS, map walls and other programs",
        None,
        Words("失效后保留，审计才能对得上", "kept after their end, so that the audit stays readable"),
        id=("编号", "number"),
        hash=None,
        label=("用途代号", "what it is for, as a code"),
        role=None,
        area=None,
        created_at=None,
        expires_at=None,
        last_used_at=None,
        revoked_at=("吊销时间", "when it was revoked"),
    ),
    "session": _table(
        "登录会话",
        "Sign-ins of browsers",
        None,
        Words(
            "最长 {session_hours:g} 小时，失效后一天内删除",
            "{session_hours:g} hours at most, removed within a day after",
        ),
        hash=None,
        account=("账号的随机编号", "random number of the account"),
        created_at=None,
        last_used_at=None,
        expires_at=None,
    ),
    "login_throttle": _table(
        "口令错误次数，防止猜测",
        "Counts of wrong passwords, against guessing",
        None,
        Words("停止出错一天后删除", "removed a day after the last one"),
        key=("登录名或来源地址的摘要", "digest of a sign-in name or of an address in the network"),
        failures=("次数", "how many"),
        last_failed_at=("最近一次的时间", "when the last was"),
        locked_until=("暂停登录到何时", "until when no sign-in is tried"),
    ),
    "access_state": _table(
        "权限变更计数",
        "Counts changes of rights",
        None,
        _ALWAYS,
        single=("只有一行", "there is one row"),
        revision=None,
    ),
    "audit": _table(
        "审计：工作人员做了什么；只能追加，不能修改",
        "The audit: what staff did; it can be added to, never changed",
        None,
        _ALWAYS,
        day=("日期(UTC)", "day in UTC"),
        seq=("当日序号", "number within the day"),
        at=("时间", "when"),
        who=("账号、令牌或系统用户", "account, token or user of the machine"),
        source=("网络来源地址", "address in the network"),
        action=("动作(固定选项)", "what, from a closed list"),
        area=("涉及的区域编码", "codes of the areas concerned"),
        detail=("数量、格式等；没有内容和地址", "numbers, formats and the like; no contents and no addresses"),
        hash=("与前一条相连的摘要", "digest that seals the entry before it"),
    ),
    "direct_edit": _table(
        "GIS 人员正在进行的直接编辑：各表改了多少行",
        "Direct edits of GIS staff that are under way: how many rows of which table",
        None,
        Words("只在事务进行期间", "while the transaction lasts"),
        county=None,
        xact=("事务编号", "number of the transaction"),
        relation=("表", "the table"),
        num_rows=("行数", "how many rows"),
        done=("进行到哪一步", "how far it has come"),
    ),
    "direct_read": _table(
        "GIS 人员本小时读过哪些门牌级数据表，已记入审计",
        "Which tables of doors GIS staff have read within the hour, as the audit has it",
        None,
        Words("之后的小时有人读取时删除", "removed when somebody reads in a later hour"),
        who=("账号", "account"),
        source=("网络来源地址", "address in the network"),
        relation=("表", "the table"),
        area=("责任区编码", "codes of the areas"),
        hour=("哪个小时", "which hour"),
    ),
    "retention_run": _table(
        "清理记录：何时清理了多少",
        "When old data were removed, and how many",
        None,
        _ALWAYS,
        ran_at=("时间", "when"),
        removed=("各类数量", "how many of what"),
    ),
}

_ALARM_KIND: Final = ("种类(固定选项)", "of what kind, from a closed list")
_WATCHED: Final = {
    "alarm": _table(
        "告警：某村(社区)的某项数字需要有人处理，不涉及任何一户或一件纠纷",
        "Alarms: a number of a village that somebody has to do something about; never of a door or a case",
        Right.figures,
        Words("解除后 90 天", "90 days after it has gone"),
        county=None,
        kind=_ALARM_KIND,
        area=("区划编码", "code of the village, town or county"),
        number=("数值", "the number"),
        over_since=("条件从何时起成立", "since when the condition holds"),
        under_since=("条件从何时起不再成立", "since when it does not any more"),
        raised_at=("告警时间", "when it was raised"),
        cleared_at=("解除时间", "when it went"),
        times=("其间又出现的次数", "how often it has come back"),
        acknowledged_at=("确认时间", "when it was acknowledged"),
        acknowledged_by=("确认者的角色", "the role of whoever acknowledged it"),
        shelved_until=("搁置到何时", "until when it is put aside"),
        shelved_by=("搁置者的角色", "the role of whoever put it aside"),
        patrol_on=("漏打卡告警所指的巡逻日期", "of stops missed: the day of the patrols"),
    ),
    "alarm_event": _table(
        "告警的经过：出现、确认、搁置、解除",
        "What happened to alarms: raised, acknowledged, put aside, gone",
        None,
        Words("90 天", "90 days"),
        county=None,
        kind=_ALARM_KIND,
        area=("区划编码", "code of the village, town or county"),
        at=("时间", "when"),
        change=("变化(固定选项)", "what, from a closed list"),
        number=("当时数值", "the number then"),
        role=("操作者的角色；空为自动", "the role of whoever did it; empty: by itself"),
        until=("搁置到何时", "until when it is put aside"),
    ),
    "alarm_look": _table(
        "何时检查过告警条件",
        "When the conditions of alarms were last looked at",
        Right.figures,
        _ALWAYS,
        county=None,
        looked_at=("时间", "when"),
    ),
}

TABLES: Final[Mapping[str, TableWords]] = MappingProxyType(
    {**_GRID, **_VISITING, **_CASES, **_PATROLS, **_WATCHED, **_SERVICE}
)

RIGHTS: Final[Mapping[Right, Words]] = MappingProxyType(
    {
        Right.figures: Words(
            "看统计：区划、网格、轮次、道路和各区域的数字", "see figures: divisions, cells, rounds, streets"
        ),
        Right.doors: Words(
            "看门牌：门牌、户、重点场所、搜索和名单", "see doors: doorplates, households, key sites, lists"
        ),
        Right.visits: Words("登记走访", "record visits"),
        Right.grid: Words(
            "编辑网格：起草、发布、撤销变更批次", "edit the grid: draft, publish and take back change sets"
        ),
        Right.places: Words(
            "编辑地点：门牌、户和重点场所的位置与登记项", "edit places: doorplates, households and key sites"
        ),
        Right.cases: Words(
            "看矛盾纠纷案件和待回访的地点，登记案件和回访",
            "see cases of disputes and places to be visited again; register cases, record revisits",
        ),
        Right.patrols: Words("制定和查看巡逻计划、队伍和路线", "see and make plans of patrols, teams and routes"),
        Right.mediation: Words("办理案件：受理、调解、转办、办结", "deal with cases: accept, mediate, refer, close"),
    }
)
ROLES: Final[Mapping[Role, Words]] = MappingProxyType(
    {
        Role.wall: Words("大屏：只有统计数字", "map wall: figures only"),
        Role.operator: Words("值守人员", "operator"),
        Role.patrol_leader: Words("巡逻队长", "patrol leader"),
        Role.editor: Words("GIS 管理员", "GIS staff"),
        Role.admin: Words("系统管理员", "administrator"),
    }
)

# What the service gives out beside the columns of a table: figures of areas, and what tiles carry as small numbers.
FIGURES: Final[Mapping[str, Words]] = MappingProxyType(
    {
        "known": Words("要走访的户数", "households that may be visited"),
        "reached": Words("起算日以来见到的户数", "households reached since the cut-off day"),
        "tried": Words("起算日以来上门但未见到的户数", "households visited since then and not reached"),
        "never": Words("从未见到的户数", "households never reached"),
        "overdue": Words("超期的户数", "households overdue"),
        "coverage": Words("覆盖率：见到 ÷ 要走访", "reached ÷ known"),
        "oldest_on": Words("最久的上次见到日期", "the oldest day on which one was last reached"),
        "empty": Words("没有住户的区域：已确认或未核实", "an area without households: confirmed or unchecked"),
        "stops": Words("路线上的站点数", "how many stops it has"),
        "n": Words("要走访的户数", "households that may be visited"),
        "wait": Words("起算日以来未见到的户数", "households not reached since the cut-off day"),
        "due": Words("最近的应走访日期", "the next day on which one is due"),
        "oldest": Words("最久的上次见到日期", "the oldest day on which one was last reached"),
        "version": Words(
            "可编辑内容的摘要，防止互相覆盖", "a digest of what can be edited, so that edits do not collide"
        ),
        "period": Words("统计时段", "the period that is counted"),
        "grid_on": Words("以哪天的网格统计", "the day whose grid it counts by"),
        "counted": Words("该时段有没有这个网格的统计", "whether figures of this cell were published of the period"),
        "changed": Words("网格此后有没有变更", "whether the cell has changed since"),
        "total": Words("合计件数(不含家庭类)", "cases of all categories but family disputes"),
        "withheld": Words("哪些数字不公布", "which of the numbers are withheld"),
        **{category.value: Words(f"{NAMES[category].zh}件数", f"{NAMES[category].en}: cases") for category in TABLED},
    }
)

# Settings that say how the service deals with places and visits; the rest is how it runs.
SETTINGS: Final[Mapping[str, Words]] = MappingProxyType(
    {
        "timezone": Words("日期按此时区计算", "days are counted in this time zone"),
        "interval_days": Words("默认走访周期(天)", "days between visits where nothing else is said"),
        "due_soon_days": Words("提前多少天算作即将到期", "days before the due day that count as due soon"),
        "visit_months": Words("走访记录保存月数", "months for which visits are kept"),
        "patrol_days": Words(
            "巡逻计划中涉及哪些户的保存天数", "days for which a plan tells which households were meant and ticked"
        ),
        "draft_days": Words("无人改动的网格草稿保存天数", "days for which untouched drafts of the grid are kept"),
        "dispute_months": Words("办结案件保存月数", "months for which cases are kept after they were closed"),
        "dispute_days_cell": Words("网格办理的案件限时天数", "days to settle a case at the level of the cell"),
        "dispute_days_village": Words("村(社区)办理的案件限时天数", "the same at the level of the village"),
        "dispute_days_town": Words("乡镇(街道)办理的案件限时天数", "the same at the level of the town"),
        "dispute_days_county": Words("区县办理的案件限时天数", "the same at the level of the county"),
        "dispute_periods": Words(
            "区县、乡镇(街道)、村(社区)、网格的案件各按什么时段统计",
            "for which periods cases of counties, towns, villages and cells are counted",
        ),
        "dispute_extension_days": Words("一次延期的天数", "days that the one extension adds"),
        "heat_half_life_days": Words("热力图中案件多少天减半", "days after which a case counts half in the heat map"),
        "work_left_2_percent": Words(
            "剩余工作达到多少算第二级(%)", "from how much work left a cell has the second grade (%)"
        ),
        "work_left_3_percent": Words("达到多少算第三级(%)", "the same of the third grade"),
        "work_left_4_percent": Words("达到多少算第四级(%)", "the same of the fourth grade"),
        "alarm_behind_percent": Words(
            "落后轮次计划多少个百分点时告警", "points behind a round's plan from which a village is an alarm"
        ),
        "alarm_overdue_percent": Words("超期户达到多少时告警(%)", "share of overdue households that is an alarm (%)"),
        "alarm_silent_days": Words("多少天没有走访上报时告警", "days without any visit that are an alarm"),
        "upload_days": Words("上传文件保存天数", "days for which uploaded files are kept"),
        "session_hours": Words("一次登录最长小时数", "hours that a sign-in holds at most"),
        "session_idle_minutes": Words("不使用多少分钟后登录失效", "minutes without use after which a sign-in ends"),
    }
)
NOT_TOLD: Final[Mapping[str, str]] = MappingProxyType(
    {
        "home": "a folder of the machine",
        "database_url": "where the database is, with its password",
        "service_database_url": "how the service signs in to the database",
        "service_password": "with which password",  # pragma: allowlist secret
        "report_fonts": "a folder of the machine",
        "base_map_url": "an address of the closed network; the pages name the map's origin",
        "base_map_attribution": "shown on every map",
        "pool_size": "a number of the machine",
        "oidc_issuer": "how staff sign in",
        "oidc_client_id": "how staff sign in",
        "oidc_client_secret": "a secret",  # pragma: allowlist secret
        "oidc_mapping": "how staff sign in",
        "oidc_scopes": "how staff sign in",
    }
)

PRINCIPLES: Final[tuple[Words, ...]] = (
    Words(
        "只登记地点，不登记人：没有姓名、证件号、电话、性别、出生、民族、宗教、健康、政治面貌、信访、评分等任何个人信息，也没有可以写进去的文字栏。",
        "Places, not people: no name, number, phone, sex, birth, ethnicity, religion, health, politics, petition or "
        "score of a resident, and no free text into which one could be written.",
    ),
    Words(
        "导入的文件若含个人信息则整体拒收，不保存、不记录其内容。",
        "A file with personal data is refused as a whole; nothing of it is stored or logged.",
    ),
    Words(
        "不提供单户的走访历史，只有最后日期，且只给责任区内有权限的人。",
        "No history of a household is given out, only its last dates, and only to those whose area it is.",
    ),
    Words(
        "不定位任何人，不保存轨迹，不做预测。网格的颜色表示还有多少走访没做，不是评价住户。",
        "Nobody is located, no track is stored, nothing is predicted. A cell's colour is work left to do, not a grade.",
    ),
    Words(
        "每个人只看到自己角色和责任区内的数据，由数据库强制；查看门牌级数据和导出都留有审计。",
        "Everybody sees what role and area allow, which the database enforces; reads of doors and exports are audited.",
    ),
)


@dataclass(frozen=True)
class LayerWords:
    """A layer that is given out: the table it shows and the properties of its items; tiles say theirs themselves."""

    about: Words
    table: str
    properties: tuple[str, ...] = ()


def _layer(zh: str, en: str, table: str, properties: str = "") -> LayerWords:
    return LayerWords(Words(zh, en), table, tuple(properties.split()))


LAYERS: Final[Mapping[str, LayerWords]] = MappingProxyType(
    {
        "divisions": _layer("区划", "Divisions", "division", "code name level parent"),
        "cells": _layer("网格", "Cells", "cell", "code name kind village version valid_from confirmed_empty_on"),
        "doorplates": _layer(
            "门牌", "Doorplates", "doorplate", "id code address cell households never oldest_on due_on version"
        ),
        "households": _layer(
            "户",
            "Households",
            "household",
            "code unit status doorplate address cell interval_days registered_on last_reached_on last_contact_on"
            " due_on version",
        ),
        "sites": _layer(
            "重点场所",
            "Key sites",
            "site",
            "code name category address cell check_interval_days last_checked_on version",
        ),
        "routes": _layer(
            "今日巡逻路线",
            "Routes of today",
            "patrol_route",
            "plan team area patrol_on mode stops begin_s end_s metres",
        ),
        "disputes": _layer(
            "矛盾纠纷(已公布的件数)",
            "Disputes (published counts)",
            "case_figure",
            "code name village period grid_on counted changed households total withheld " + " ".join(TABLED),
        ),
        "streets": _layer("道路底图", "Streets", "street"),
    }
)
# A household stands at its doorplate, and shows its address; a route shows of which plan it is; figures of cells are
# shown with the cells' names.
_PLACES_OF: Final = {"household": "doorplate", "patrol_route": "patrol_plan", "case_figure": "cell"}


def words_of(table: str, name: str) -> Words:
    """The words of a property that a layer of `table` gives out. Raises KeyError for one that has none."""
    columns = {**TABLES[_PLACES_OF.get(table, table)].columns, **TABLES[table].columns}
    return columns.get(name) or FIGURES[name]
