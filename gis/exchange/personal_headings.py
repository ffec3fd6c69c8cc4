"""Headings that mean a person: the deny-list of the personal-data guard, Chinese, English and pinyin initials."""

from __future__ import annotations

import re
from typing import Final

from gis.exchange.headers import Kind, normal
from gis.sentence import Sentence


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# A heading that contains one of these is personal.
_PARTS: Final = _words("""
    身份证 公民身份 证件号 证件类型 姓名 户主 户名 房主 业主 房东 租客 联系人 联系方式 联系电话 电话 手机 座机 性别
    民族 出生 生日 年龄 宗教 信仰 政治面貌 党员 残疾 低保 五保 特困 建档立卡 贫困 信访 上访 缠访 婚姻 学历 文化程度
    职业 籍贯 健康 疾病 病史 病情 精神障碍 吸毒 前科 刑满 社区矫正 服刑 重点人员 人员类别 人员类型 人员标签 微信
    QQ号 邮箱 电子邮件 银行卡 银行账 卡号 收入 家庭成员 亲属 子女 监护人 负责人 法人 法定代表 网格员 走访人 经办人
    照片 人脸 指纹 血型 社保号 医保号 护照 车牌 曾用名 矛盾纠纷 评分 积分等级 当事人 申请人 反映人 举报人 投诉人 来访人
    调解员
""")
# A heading that is, without its punctuation, one of these.
_WHOLE: Final = _words("""
    idno idnum idnumber idcard idcardno idcardnumber identitycard identityno identitynumber citizenid nationalid
    residentid personid sfz sfzh sfzhm zjhm zjh xm hzxm xb mz csrq lxdh lxr sjh sjhm dhhm zzmm whcd hyzk firstname
    email lastname fullname surname givenname familyname headofhousehold residentname ownername hostname contact
    contactname contactperson phonenumber phoneno mobileno mobilenumber telno 名字
""")
# A heading written in words, with one of these among them.
_WORDS: Final = _words("""
    phone telephone tel mobile cellphone email sex gender birth birthday birthdate dob age ethnic ethnicity race
    nationality religion religious faith political politics party disability disabled health diagnosis illness ssn
    passport resident residents householder petition petitioner criminal crime wechat weixin qq salary income
    occupation marital education photo face fingerprint blood person persons
""")
_WHOSE_NAME: Final = _words("owner resident person head host holder family contact user tenant landlord")
_SEPARATORS: Final = re.compile(r"[^0-9A-Za-z]+|(?<=[a-z])(?=[A-Z])")


def personal_heading(heading: str, kind: Kind) -> Sentence | None:
    """What a heading says its column holds, None where it says nothing personal.

    A cell, a division or a site has a `name`; in a table of households, visits or cases it would be a person's. Only a
    table of cases may speak of disputes: beside a household they would say something about who lives there.
    """
    if kind is Kind.disputes:
        heading = heading.replace("矛盾纠纷", "")
    plain = normal(heading)
    words = {word.lower() for word in _SEPARATORS.split(heading) if word}
    if any(part in heading for part in _PARTS) or plain in _WHOLE or words & _WORDS:
        return Sentence("personal data")
    if len(plain) >= 3 and any(part.startswith(plain) for part in _PARTS):
        return Sentence("personal data")  # a Shapefile cuts headings to ten bytes, three characters of UTF-8
    if "name" in words and words & _WHOSE_NAME:
        return Sentence("personal data")
    if plain == "name" and kind in (Kind.households, Kind.visits, Kind.disputes):
        return Sentence("personal names")
    return None
