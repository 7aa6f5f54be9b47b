"""The lists of what is asked over HTTP: dated, whole, and no page counts by its status alone."""

from __future__ import annotations

from datetime import date
from itertools import chain

import pytest

from primum.exposure.probe.web.products import Evidence, _read, credentials, paths, primum_routes

PAGES = [(product.name, one) for product in paths().products for one in product.page]


@pytest.mark.parametrize("name", ["paths.toml", "credentials.toml", "public.toml"])
def test_a_list_has_its_date_its_source_and_how_sure_it_is(name: str) -> None:
    table = _read(name)
    assert isinstance(table["as_of"], date)
    assert table["source"]
    assert table["confidence"]


@pytest.mark.parametrize(("name", "page"), PAGES, ids=lambda one: getattr(one, "path", one))
def test_a_page_is_known_by_what_is_in_it(name: str, page: Evidence) -> None:
    assert page.title or page.body or page.keys, name
    assert page.status == (200,), name
    assert not page.keys or len(page.keys) > 1 or page.body or page.keys[0].startswith("dicom"), name


def test_every_path_is_one_of_this_origin() -> None:
    listed = paths()
    asked = chain(
        (one.path for product in listed.products for one in (*product.page, *product.seen, *product.search)),
        (one.path for product in listed.products for one in (*product.store, *product.retrieve)),
        (one for product in listed.products for one in product.run),
        (root + "/" for root in listed.dicomweb.roots),
        listed.dicomweb.wado,
    )
    assert [one for one in asked if not one.startswith("/") or one.startswith("//") or " " in one] == []


def test_no_route_that_would_write_is_asked_by_a_method_that_can() -> None:
    assert {one.method for product in paths().products for one in product.store} <= {"GET", "OPTIONS"}


def test_the_paths_of_the_evidence_are_asked() -> None:
    """Those that products come with, as their manuals and the censuses of open servers name them."""
    listed = paths()
    asked = {one.path.partition("?")[0] for product in listed.products for one in (*product.page, *product.seen)}
    asked |= {one.path.partition("?")[0] for product in listed.products for one in product.search}
    asked |= {one for product in listed.products for one in product.run}
    assert asked >= {
        "/app/explorer.html", "/ui/app/", "/system", "/patients", "/instances", "/tools/execute-script", "/volview/",
        "/stone-webviewer/index.html", "/ohif/app-config.js", "/dcm4chee-arc/ui2/", "/app-config.js", "/viewer",
        "/pacsone/login.php", "/dicomWeb/index.jsp",
    }  # fmt: skip
    roots = {"/dicom-web", "/dcm4chee-arc/rs", "/dcm4chee-arc/aets/DCM4CHEE/rs", "/api", "/v1", "/v2"}
    assert roots <= set(listed.dicomweb.roots)
    assert {"/wado", "/dcm4chee-arc/aets/DCM4CHEE/wado"} <= set(listed.dicomweb.wado)


def test_the_credentials_are_those_that_products_come_with() -> None:
    assert [f"{one.user}:{one.password}" for one in credentials()] == [
        "orthanc:orthanc", "admin:changeit", "user:changeit", "dicoogle:dicoogle", "admin:change-me", "admin:admin",
        "pacs:pacs",
    ]  # fmt: skip


def test_the_routes_of_a_primum_have_no_parameter_left() -> None:
    assert primum_routes()
    assert [one for one in primum_routes() if "{" in one.path] == []
