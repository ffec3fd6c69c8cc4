"""Pages of a database that nothing was imported into: each says what to do."""

from __future__ import annotations

from playwright.sync_api import expect

from api.app import create_app
from gis.storage.engine import Store, as_service
from tests.api.conftest import token_of
from tests.browser.conftest import Open
from tests.browser.running import running


def test_empty_database_explains_itself(store: Store, open_page: Open) -> None:
    token = token_of(store, ("admin", "all"))
    with as_service(store) as service, running(create_app(service)) as address:
        for path in ("/maps/coverage", "/maps/heat", "/maps/edit", "/maps/patrol"):
            page = open_page(f"{address}{path}", ready="empty", token=token)
            expect(page.get_by_role("heading", name="尚未导入数据")).to_be_visible()
