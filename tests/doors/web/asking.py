"""Asking DICOMweb, and reading what comes back."""

import email.policy
from email.parser import BytesParser

JSON = {"Accept": "application/dicom+json"}
ANY_FRAME = {"Accept": "multipart/related; type=application/octet-stream; transfer-syntax=*"}


def get(client, path, headers=JSON, root="/dicom-web"):
    return client.get(root + path, headers=headers)


def value(row, tag):
    return row[tag].get("Value", [None])[0]


def parts(answer):
    head = f"Content-Type: {answer.headers['content-type']}\r\n\r\n".encode()
    whole = BytesParser(policy=email.policy.HTTP).parsebytes(head + answer.content)
    return [(part["content-type"].replace('"', ""), part.get_payload(decode=True)) for part in whole.iter_parts()]
