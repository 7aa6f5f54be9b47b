"""Capabilities (PS3.18 8.9): what is said is what is answered."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import httpx
import pytest
from starlette.routing import Route
from tests.doors.web_kit import Door

from primum.doors.origin import create_app

NS = "{http://wadl.dev.java.net/2009/02}"


@pytest.fixture
def described(client: httpx.Client) -> ET.Element:
    answer = client.options("/dicom-web", headers={"Accept": "application/vnd.sun.wadl+xml"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/vnd.sun.wadl+xml")
    return ET.fromstring(answer.content)


def test_every_resource_is_described_with_its_methods(house: Door, described: ET.Element) -> None:
    base = described.find(f"{NS}resources")
    assert base is not None
    assert base.get("base") == f"{house.url}/dicom-web/"
    said = {
        (resource.get("path"), method.get("name"))
        for resource in base
        for method in resource.findall(f"{NS}method")
    }  # fmt: skip
    answered = {
        (route.path.removeprefix("/dicom-web/").replace(":path", ""), method)
        for route in create_app(house.services).routes
        if isinstance(route, Route) and route.path.startswith("/dicom-web/") and route.path != "/dicom-web/"
        for method in route.methods - {"HEAD"}
    }
    assert said == answered


def test_every_retrieval_says_its_media_types_and_rendering_its_parameters(described: ET.Element) -> None:
    for resource in described.iter(f"{NS}resource"):
        for method in resource.findall(f"{NS}method"):
            given = [one.get("mediaType") for one in method.findall(f"{NS}response/{NS}representation")]
            taken = [one.get("mediaType") for one in method.findall(f"{NS}request/{NS}representation")]
            assert given or taken, (resource.get("path"), method.get("name"))
            if resource.get("path").endswith("/rendered"):
                asked = {one.get("name") for one in method.findall(f"{NS}request/{NS}param")}
                assert asked == {"accept", "annotation", "window", "viewport", "quality", "iccprofile"}
                assert {"image/jpeg", "image/gif", "application/pdf"} <= set(given)


def test_what_is_not_wadl_is_not_acceptable_and_a_stranger_learns_nothing(
    client: httpx.Client, stranger: httpx.Client
) -> None:
    assert client.options("/dicom-web/", headers={"Accept": "*/*"}).status_code == 200
    assert client.options("/dicom-web", headers={"Accept": "text/csv"}).status_code == 406
    assert stranger.options("/dicom-web", headers={"Accept": "*/*"}).status_code == 401
