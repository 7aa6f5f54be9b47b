"""A caller by pynetdicom: which contexts are accepted; C-ECHO and C-GET where DCMTK's clients do not speak the TLS."""

from __future__ import annotations

import json
import ssl
from pathlib import Path
from typing import Any

ECHO = "1.2.840.10008.1.1"
GET = "1.2.840.10008.5.1.4.1.2.2.3"
CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
ACTION = "1.2.840.10008.1.20.1"
MPPS = "1.2.840.10008.3.1.2.3.3"
_ENDED_WELL = ([0x0000], [0xB000])


def ask(
    address: str, port: int, titles: tuple[str, str], mode: str, certificate: tuple[str, str], study: str
) -> list[str]:
    """Return the abstract syntaxes that were accepted, and `made`, `echoed`, `got`. Nothing is written."""
    from pynetdicom import AE, build_role, evt

    entity = AE(titles[0])
    for uid in (ACTION, MPPS, ECHO, GET, CAPTURE):
        entity.add_requested_context(uid)
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = 5
    made = entity.associate(
        address, port, ae_title=titles[1], tls_args=_tls(mode, certificate),
        ext_neg=[build_role(CAPTURE, scu_role=True, scp_role=True)],
        evt_handlers=[(evt.EVT_C_STORE, lambda _event: 0)],
    )  # fmt: skip
    if not made.is_established:
        return []
    said = ["made", *(str(one.abstract_syntax) for one in made.accepted_contexts)]
    if ECHO in said and made.send_c_echo().get("Status") == 0:
        said.append("echoed")
    if GET in said and _got(made, study):
        said.append("got")
    made.abort()
    return said


def _got(made: Any, study: str) -> bool:
    from pydicom.dataset import Dataset

    asked = Dataset()
    asked.QueryRetrieveLevel, asked.StudyInstanceUID = "STUDY", study
    return [one.Status for one, _ in made.send_c_get(asked, GET) if one][-1:] in _ENDED_WELL


def _tls(mode: str, certificate: tuple[str, str]) -> Any:
    if mode == "plain":
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    if mode == "tls-foreign":
        context.load_cert_chain(*certificate)
    return context, None  # no server name: addresses have none


def write_answer(out: str, **asked: Any) -> None:
    """Ask, and leave the answer in a file that is there only when it is whole."""
    asked["titles"], asked["certificate"] = tuple(asked["titles"]), tuple(asked["certificate"])
    draft = Path(out + ".draft")
    draft.write_text(json.dumps(ask(**asked)), "ascii")
    draft.rename(out)
