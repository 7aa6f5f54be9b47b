"""Fictional HL7 messages, written by hand."""

PID_FR = (
    "PID|1||4711^^^HOP&1.2.3.4&ISO^PI~161037511603256^^^ASIP-SANTE-INS-NIR&1.2.250.1.213.1.4.8&ISO^INS~"
    "77^^^CHU^PI||Lefèvre^Hélène^Anne Marie^^^^D~Morin^Hélène^Hélène Anne^^^^L||19610314|F|||1 rue des Lilas^^Ville"
    "|||||||||||||||||||||VALI"
)
ASKER = "10103^Hutin^Côme"
PID_PROV = PID_FR.replace("VALI", "PROV")


def message(kind="ADT^A08", segments=(PID_FR,), control_id="M1", charset="UNICODE UTF-8", version="2.5", codec=None):
    msh = f"MSH|^~\\&|RIS|HOP|PRIMUM|CAB|20260302120000||{kind}|{control_id}|P|{version}||||||{charset}"
    codecs = {"UNICODE UTF-8": "utf-8", "8859/1": "latin-1", "8859/15": "iso8859-15", "": "ascii", "ASCII": "ascii"}
    return "\r".join([msh, *segments, ""]).encode(codec or codecs[charset])


def orm(
    control="NW", placer="P100", start="20260303103000", control_id="M2", pid=PID_FR, accession="A77", status="",
    step="SPS9", **more,
):  # fmt: skip
    return message(
        "ORM^O01",
        (
            pid,
            "PV1|1|O|||||10101^Brissac^Édith^^^Dr|10102^Ocaña^Inès^^^Dr|||||||||||V55",
            f"ORC|{control}|{placer}|F1||{status}||^^^{start}^^S|||||10103^Hutin^Côme^^^Dr",
            (
                f"OBR|1|{placer}|F1|TDMTX^Scanner thoracique^LOC^PROT1^Thorax fin^99P|||||||||"
                f"Toux\\.br\\fièvre|||{ASKER}||"
                f"{accession}|RP1|{step}||||CT"
            ),
            "ZDS|1.2.826.0.1.99^PRIMUM^Application^DICOM",
            "ZFR|inconnu|du|corpus",
        ),
        control_id=control_id,
        **more,
    )


def omi(control="NW", placer="P200", control_id="M3"):
    return message(
        "OMI^O23^OMI_O23",
        (
            PID_FR,
            "PV1|1|O",
            f"ORC|{control}|{placer}",
            "TQ1|1||||||20260304081500+0100||R",
            f"OBR|1|{placer}||IRM1^IRM encéphalique^LOC",
            "IPC|A88|RP88|1.2.826.0.1.88|SPS88|MR^MR|PROTM^Céphalées^99P|IRM|SALLE1|MR1",
            "IPC|A88|RP88|1.2.826.0.1.88|SPS89|MR^MR||IRM|SALLE1|MR1",
        ),
        control_id=control_id,
        version="2.5.1",
    )


def a40(control_id="M4"):
    return message("ADT^A40^ADT_A39", (PID_FR, "MRG|4710^^^HOP&1.2.3.4&ISO^PI"), control_id=control_id)
