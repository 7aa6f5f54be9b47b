"""The headers of every answer, as exact strings."""

import pytest
from tests.doors.web.conftest import FIRST

from primum.doors.web.viewer_files import find_viewer

PAGE = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
VIEWER = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; worker-src 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
DECODE = "default-src 'none'; script-src 'self' 'unsafe-eval'; connect-src 'self'"
WORKER = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'"
SILENT = "default-src 'none'; frame-ancestors 'none'"
FEATURES = (
    "accelerometer=(), autoplay=(), camera=(), clipboard-read=(), display-capture=(), encrypted-media=(), "
    "fullscreen=(self), geolocation=(), gyroscope=(), hid=(), idle-detection=(), local-fonts=(), "
    "magnetometer=(), microphone=(), midi=(), payment=(), picture-in-picture=(), "
    "publickey-credentials-get=(self), screen-wake-lock=(), serial=(), usb=(), xr-spatial-tracking=()"
)
ALWAYS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-frame-options": "DENY",
    "permissions-policy": FEATURES,
}


def check(answer, policy, cache="no-store"):
    assert answer.headers["content-security-policy"] == policy
    assert answer.headers["cache-control"] == cache
    assert {name: answer.headers.get(name) for name in ALWAYS} == ALWAYS
    assert "server" not in answer.headers


@pytest.mark.parametrize("path", ["/", "/account", "/notices", "/about"])
def test_pages_have_the_strict_policy_and_are_not_stored(sign_in, doctor, path):
    check(sign_in(doctor).get(path), PAGE)


def test_the_pages_of_a_stranger_have_it_too(stranger):
    check(stranger.get("/sign-in"), PAGE)
    check(stranger.get("/enrol"), PAGE)


def test_refusals_and_redirects_carry_the_headers(stranger, sign_in, doctor):
    check(stranger.get("/nowhere"), SILENT)
    check(stranger.get("/sign-in", headers={"Host": "evil.example"}), SILENT)
    check(sign_in(doctor).get("/nowhere"), PAGE)


def test_dicomweb_is_not_stored_and_can_run_nothing(sign_in, doctor):
    client = sign_in(doctor)
    for path in ("/studies", f"/studies/{FIRST.uid}/metadata", "/studies/1.2.3/metadata", "/studies?limit=x"):
        check(client.get("/dicom-web" + path, headers={"Accept": "application/dicom+json"}), SILENT)


def test_only_the_decode_worker_may_make_functions_out_of_text(sign_in, doctor):
    viewer = find_viewer()
    assert viewer is not None, "the viewer is not prepared: node viewer/prepare.mjs"
    client = sign_in(doctor)
    check(client.get("/ohif/viewer"), VIEWER)
    check(client.get("/ohif/app-config.js"), WORKER)
    immutable = "private, max-age=31536000, immutable"
    names = [name.removesuffix(".gz") for name in viewer.files]
    policies = {name: client.get(viewer.address(name)).headers["content-security-policy"] for name in names}
    assert [name for name, policy in policies.items() if policy != WORKER] == [viewer.decoder]
    check(client.get(viewer.address(viewer.decoder)), DECODE, immutable)
    check(client.get(viewer.address("boot.js")), WORKER, immutable)


def test_a_demo_tells_no_browser_to_use_https_alone(stranger):
    assert "strict-transport-security" not in stranger.get("/sign-in").headers
