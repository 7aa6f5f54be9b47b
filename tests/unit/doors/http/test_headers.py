import pytest

from primum.doors.http.headers import strict_transport_fits


@pytest.mark.parametrize(
    ("name", "demo", "fits"),
    [
        ("images.cabinet.example", False, True),
        ("images.cabinet.example", True, False),
        ("localhost", False, False),
        ("x.localhost", False, False),
        ("192.0.2.1", False, False),
        ("2001:db8::1", False, False),
    ],
)
def test_https_alone_is_asked_for_where_it_harms_nobody(name, demo, fits):
    assert strict_transport_fits(name, demo=demo) is fits
