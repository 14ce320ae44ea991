"""Why a broker ended, read from its log. Pure."""

import re
from typing import Final

_SYMPTOMS: Final = (
    (re.compile(r"No space left on device|Disk quota exceeded"), "the disk is full: free some space in {where}"),
    (re.compile(r"Address already in use"), "its port is in use: stop the program that listens on it, or choose another port"),
    (re.compile(r"OutOfMemoryError|Too small maximum heap|dedupe buffer"), "its heap is too small: give it more memory"),
    (re.compile(r"Could not reserve enough space|Cannot allocate memory"), "the machine has too little free memory: stop other programs"),
    (re.compile(r"Failed to acquire lock on file"), "another broker uses {where}: stop it"),
    (re.compile(r"Permission denied|AccessDenied|Read-only file system"), "files in {where} may not be written: mend their owner or mode"),
    (
        re.compile(r"Unknown metadata\.version|No MetadataVersion|UnsupportedVersionException|newer than the maximum"),
        "{where} was written by a newer Kafka: use that one, or another --data",
    ),
    (
        re.compile(r"meta\.properties|CorruptRecordException|KafkaStorageException"),
        "files in {where} are damaged: restore a copy, or use another --data",
    ),
)


def why_ended(log_text: str, where: str) -> str | None:
    """Return the cause and what to do about it, as the end of a sentence; None when the log does not say."""
    for pattern, words in _SYMPTOMS:
        if pattern.search(log_text):
            return words.format(where=where)
    return None
