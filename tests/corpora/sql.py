"""Texts that would be more than text in a statement that is put together from pieces."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

SLEEP_S: Final = 5

# Each as somebody would type it.
TEXTS: Final = [
    # Quotes, and what closes one
    "'",
    "''",
    "'''",
    '"',
    "`",
    "\\'",
    "\\",
    "');",
    "' OR '1'='1",
    "' OR 1=1 --",
    "') OR ('a'='a",
    '" OR ""="',
    "1 OR 1=1",
    "1) OR (1=1",
    'x\' AND 1=(SELECT count(*) FROM "everycell".account) --',
    "'||(SELECT current_user)||'",
    "' || everycell.set_scope('') || '",
    # Quotes that some layer may fold into plain ones
    "＇ OR ＇1＇=＇1",
    "ʼ OR ʼ1ʼ=ʼ1",
    "\u2019 OR \u20191\u2019=\u20191",
    "\u2032; --",
    "；DROP TABLE everycell.cell；－－",
    # Comments
    "--",
    "-- -",
    "#",
    "/**/",
    "/*",
    "*/",
    "990101/**/OR/**/1=1",
    # Further statements
    "; SELECT 1",
    "'; DROP TABLE everycell.cell; --",
    '1; DELETE FROM "everycell".household; --',
    "'; UPDATE everycell.account SET password_hash = NULL; --",
    "'); INSERT INTO everycell.audit DEFAULT VALUES; --",
    "'; SET ROLE postgres; --",
    "'; SET LOCAL everycell.figures = ''; COMMIT; --",
    "'; COPY (SELECT 1) TO PROGRAM 'true'; --",
    "'; CREATE TABLE public.injected (); --",
    "$$; SELECT 1; $$",
    "$a$' OR 1=1$a$",
    # Unions
    "' UNION SELECT NULL --",
    '\' UNION ALL SELECT login, password_hash FROM "everycell".account --',
    "990101) UNION SELECT 1,2 --",
    "0 UNION SELECT version()",
    # What LIKE and regular expressions read
    "%",
    "_",
    "%%",
    "______",
    "\\%",
    ".*",
    "^",
    "[0-9]+",
    "(a+)+$",
    # What drivers and formatters read
    ":county",
    ":text",
    "::text",
    "%s",
    "%(county)s",
    "%%(county)s",
    "{0}",
    "{county!r}",
    "?",
    "$1",
    # Arrays, JSON, rows, types
    "{990101,990102}",
    "{}",
    "{NULL}",
    '{"a":"b"}',
    "[]",
    "[null]",
    '["990101"]',
    "ARRAY[990101]",
    "(1,2)",
    "NULL",
    "null",
    "true",
    "E'\\x27'",
    "U&'\\0027'",
    "\\x27",
    "CHR(39)",
    "0x27",
    "1e1",
    "NaN",
    "-1",
    "99999999999999999999",
    "infinity",
    "now()",
    # Signs that ends, breaks and orders of text are made of
    "\x00",
    "a\x00' OR 1=1 --",
    "\r\n' OR 1=1",
    "\t",
    "\x1b[31m",
    "\ufeff'",
    "\u202e' OR 1=1",
    "\U0010ffff",
    "柳林' OR '1'='1",
    "'" * 99,
]

# Each would keep the database busy, were it run.
SLEEPS: Final = [
    f"'; SELECT pg_sleep({SLEEP_S}); --",
    f"' OR pg_sleep({SLEEP_S}) IS NULL --",
    f"'||pg_sleep({SLEEP_S})||'",
    f"1 OR (SELECT 1 FROM pg_sleep({SLEEP_S})) = 1",
    f"1; SELECT pg_sleep({SLEEP_S})",
    f"(SELECT pg_sleep({SLEEP_S}))",
    f"$$ || pg_sleep({SLEEP_S}) || $$",
    f"1) OR 1 = (SELECT 1 FROM pg_sleep({SLEEP_S})) OR (1=1",
    f'" || pg_sleep({SLEEP_S}) || "',
]

# Bytes of an address as they go on the wire: escapes that are no UTF-8, or that decode to a quote only when somebody
# decodes wrongly, or twice.
WIRE: Final = [
    "%C0%A7",  # an apostrophe, overlong
    "%E0%80%A7",
    "%F0%80%80%A7",
    "%C0%80",  # NUL, overlong
    "%BF%27%20OR%201=1--",  # GBK: the apostrophe's escape becomes half of a sign
    "%A1%5C%27",
    "%ED%A0%80",  # half of a surrogate pair
    "%FF%FE%27%00",  # UTF-16
    "%2527%2520OR%25201%253D1",  # twice
    "%25u0027",
    "%00",
    "%",
    "%2",
    "%zz",
    "+OR+1=1--+",
]


def on_the_wire() -> list[tuple[str, str]]:
    """All of them as (what it is, how it stands in an address)."""
    return [*((each, quote(each, safe="")) for each in (*TEXTS, *SLEEPS)), *((each, each) for each in WIRE)]
