"""The closed lists of dispute cases: what a case is about, how it came, why something was done, and nothing else.

A case is a civil dispute at a place. No list here names, describes or grades anybody, none has an entry for free text,
and none may be added (section "places, not people" of the design). The value of an entry is what is stored and what a
file may say; its names are what pages write.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Literal, TypeVar

from gis.errors import BadInput


class Category(StrEnum):
    """What a dispute is about. The order is that of tables, and `gis.disputes.merging` merges from its end."""

    neighbours = "neighbours"
    housing = "housing"
    land = "land"
    debt = "debt"
    labour = "labour"
    damages = "damages"
    property_management = "property_management"
    traffic = "traffic"
    consumer = "consumer"
    relocation = "relocation"
    environment = "environment"
    village_affairs = "village_affairs"
    other = "other"
    family = "family"


# Never shown below village level; a table of its own everywhere, so that no total leads to it.
FAMILY: Final = Category.family
# What tables break down by category, in their order.
TABLED: Final = tuple(category for category in Category if category is not FAMILY)


class Channel(StrEnum):
    """How a case came."""

    patrol = "patrol"
    reported = "reported"
    referred = "referred"


class NotAccepted(StrEnum):
    """Why a registered case is not accepted."""

    no_dispute = "no_dispute"
    duplicate = "duplicate"
    elsewhere = "elsewhere"
    other_authority = "other_authority"
    in_court = "in_court"
    withdrawn = "withdrawn"


class Extension(StrEnum):
    """Why a case gets more time."""

    survey = "survey"
    papers = "papers"
    departments = "departments"
    season = "season"
    agreed = "agreed"


class Referral(StrEnum):
    """Where a case that cannot be settled is referred."""

    county_mediation = "county_mediation"
    legal_aid = "legal_aid"
    court = "court"
    labour_arbitration = "labour_arbitration"
    land_arbitration = "land_arbitration"
    police = "police"
    housing_authority = "housing_authority"
    natural_resources = "natural_resources"
    market_regulation = "market_regulation"
    ecology = "ecology"
    transport = "transport"


class Closing(StrEnum):
    """With what a case is closed."""

    performed = "performed"
    taken_over = "taken_over"
    withdrawn = "withdrawn"
    unsettled = "unsettled"


@dataclass(frozen=True, slots=True)
class Names:
    """The names of an entry."""

    zh: str
    en: str

    def of(self, language: Literal["zh", "en"]) -> str:
        """The name in a language."""
        return self.zh if language == "zh" else self.en


_NAMES: Final[tuple[tuple[StrEnum, str, str], ...]] = (
    (Category.neighbours, "邻里纠纷", "Neighbours"),
    (Category.housing, "房屋宅基地纠纷", "Housing and homestead"),
    (Category.land, "山林土地纠纷", "Land and forest"),
    (Category.debt, "合同债务纠纷", "Debt and contract"),
    (Category.labour, "劳动争议", "Labour"),
    (Category.damages, "损害赔偿纠纷", "Damages"),
    (Category.property_management, "物业纠纷", "Property management"),
    (Category.traffic, "交通事故纠纷", "Traffic accident"),
    (Category.consumer, "消费纠纷", "Consumer"),
    (Category.relocation, "征地拆迁纠纷", "Relocation"),
    (Category.environment, "环境纠纷", "Environment"),
    (Category.village_affairs, "村务纠纷", "Village affairs"),
    (Category.other, "其他纠纷", "Other"),
    (Category.family, "婚姻家庭纠纷", "Family"),
    (Channel.patrol, "巡查发现", "Found on patrol"),
    (Channel.reported, "群众反映", "Reported on the spot"),
    (Channel.referred, "部门转来", "Referred by a department"),
    (NotAccepted.no_dispute, "不属于民间纠纷", "Not a civil dispute"),
    (NotAccepted.duplicate, "重复登记", "Registered already"),
    (NotAccepted.elsewhere, "不属本辖区", "Belongs to another area"),
    (NotAccepted.other_authority, "依法由其他部门处理", "For another authority by law"),
    (NotAccepted.in_court, "已在诉讼或仲裁中", "Before a court or in arbitration"),
    (NotAccepted.withdrawn, "申请撤回", "Withdrawn"),
    (Extension.survey, "等待测量或鉴定", "Survey or appraisal pending"),
    (Extension.papers, "等待材料", "Papers pending"),
    (Extension.departments, "需多部门会商", "Several departments have to meet"),
    (Extension.season, "农时或天气影响", "Season or weather"),
    (Extension.agreed, "各方同意延期", "All agree to take longer"),
    (Referral.county_mediation, "县级调解组织", "Mediation at county level"),
    (Referral.legal_aid, "法律援助", "Legal aid"),
    (Referral.court, "人民法院", "Court"),
    (Referral.labour_arbitration, "劳动人事争议仲裁", "Labour arbitration"),
    (Referral.land_arbitration, "农村土地承包仲裁", "Arbitration of rural land contracts"),
    (Referral.police, "公安机关", "Police"),
    (Referral.housing_authority, "住房和城乡建设部门", "Housing authority"),
    (Referral.natural_resources, "自然资源部门", "Natural resources authority"),
    (Referral.market_regulation, "市场监管部门", "Market regulation"),
    (Referral.ecology, "生态环境部门", "Ecology and environment authority"),
    (Referral.transport, "交通运输部门", "Transport authority"),
    (Closing.performed, "协议已履行", "Agreement performed"),
    (Closing.taken_over, "已由其他部门办理", "Taken over elsewhere"),
    (Closing.withdrawn, "申请撤回", "Withdrawn"),
    (Closing.unsettled, "未能化解", "Not settled"),
)
NAMES: Final = MappingProxyType({entry: Names(zh, en) for entry, zh, en in _NAMES})

Entry = TypeVar("Entry", bound=StrEnum)


def entry_of(kind: type[Entry], word: str, *, field: str) -> Entry:
    """The entry of a list that `word` means: the stored value, the Chinese or the English name, in any case.

    Raises BadInput naming `field` for any other word: the lists are closed.
    """
    sought = word.strip().casefold()
    for entry in kind:
        if sought in (entry.value, NAMES[entry].zh.casefold(), NAMES[entry].en.casefold()):
            return entry
    raise BadInput(
        "{field}: {word!r} is not in the list; give one of {words}",
        word=word.strip(),
        words=", ".join(entry.value for entry in kind),
        field=field,
    )
