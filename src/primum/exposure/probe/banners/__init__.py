"""Speakers of everything that is neither DICOM nor web: each a file. `SPEAKERS` lists them as they are asked.

Those that say something first come first: they are recognised by what was heard, without a connection more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from primum.exposure.probe.banners.consoles import SSHSpeaker, TelnetSpeaker
from primum.exposure.probe.banners.ftp import FTPSpeaker
from primum.exposure.probe.banners.hl7 import HL7Speaker
from primum.exposure.probe.banners.mongodb import MongoDBSpeaker
from primum.exposure.probe.banners.mssql import SQLServerSpeaker
from primum.exposure.probe.banners.mysql import MySQLSpeaker
from primum.exposure.probe.banners.nfs import NFSSpeaker
from primum.exposure.probe.banners.oracle import OracleSpeaker
from primum.exposure.probe.banners.postgresql import PostgreSQLSpeaker
from primum.exposure.probe.banners.rdp import RDPSpeaker
from primum.exposure.probe.banners.redis import RedisSpeaker
from primum.exposure.probe.banners.rsync import RsyncSpeaker
from primum.exposure.probe.banners.smb import SMBSpeaker
from primum.exposure.probe.banners.support import SupportSpeaker
from primum.exposure.probe.banners.vnc import VNCSpeaker
from primum.exposure.probe.banners.x11 import X11Speaker

if TYPE_CHECKING:
    from primum.exposure.probe.speaking import Speaker


def speakers() -> list[Speaker]:
    """Return one of each."""
    return [
        SSHSpeaker(), FTPSpeaker(), RsyncSpeaker(), VNCSpeaker(), MySQLSpeaker(), TelnetSpeaker(), SupportSpeaker(),
        HL7Speaker(), SMBSpeaker(), PostgreSQLSpeaker(), RedisSpeaker(), MongoDBSpeaker(), NFSSpeaker(), RDPSpeaker(),
        X11Speaker(), SQLServerSpeaker(), OracleSpeaker(),
    ]  # fmt: skip
