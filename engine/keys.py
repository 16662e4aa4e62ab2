"""Keys: one master key in a file outside the database, and what is derived from it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import tempfile
from functools import cached_property
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from engine.durable import sync_folder
from engine.errors import OperatorError

KEY_BYTES = 32
NONCE_BYTES = 12
_KEY_ID = b"\x01"
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # no 0 O 1 I L U: read out over the telephone
_CODE_LENGTH = 18  # log2(30^18) = 88 bits


class KeyFileMissing(OperatorError):
    """There is no master key at {path}. Restore it from its backup, or create one for a new database."""

    code = "key_file_missing"
    zh = "在 {path} 找不到主密钥。请从备份恢复；新数据库可新建一个。"


class KeyFileUnreadable(OperatorError):
    """The master key at {path} is not 32 bytes in base64."""

    code = "key_file_unreadable"
    zh = "{path} 中的主密钥不是 32 字节的 base64 文本。"


class KeyFileExists(OperatorError):
    """There is a master key at {path} already; it is never overwritten."""

    code = "key_file_exists"
    zh = "{path} 已有主密钥，不会覆盖。"


class WrongKey(OperatorError):
    """This data was sealed with another key; check that the master key belongs to this database."""

    code = "wrong_key"
    zh = "数据由另一把密钥加密；请核对主密钥是否属于本数据库。"


class KeyRing:
    """The master key and its children (HKDF-SHA-256); encryption is AES-256-GCM."""

    def __init__(self, master: bytes) -> None:
        if len(master) != KEY_BYTES:
            raise ValueError(f"a master key has {KEY_BYTES} bytes")
        self._master = master

    @classmethod
    def from_bytes(cls, master: bytes) -> KeyRing:
        return cls(master)

    @classmethod
    def load(cls, path: Path) -> KeyRing:
        """Read the key file. Raises KeyFileMissing and KeyFileUnreadable."""
        try:
            text = path.read_text("ascii")
        except FileNotFoundError:
            raise KeyFileMissing(path=path) from None
        except (UnicodeDecodeError, PermissionError):
            raise KeyFileUnreadable(path=path) from None
        try:
            return cls(base64.b64decode(text.strip(), validate=True))
        except ValueError:
            raise KeyFileUnreadable(path=path) from None

    @classmethod
    def create(cls, path: Path, master: bytes) -> KeyRing:
        """Write a new key file, readable by its owner only; whoever looks finds it whole. Raises KeyFileExists."""
        write_key_file(path, base64.b64encode(master) + b"\n")
        return cls(master)

    @property
    def check_value(self) -> str:
        """16 hexadecimal digits by which a backup knows its key; nothing follows from them."""
        return self._derive("check").hex()[:16]

    def _derive(self, purpose: str) -> bytes:
        return HKDF(hashes.SHA256(), KEY_BYTES, salt=None, info=f"gridgov:{purpose}".encode()).derive(self._master)

    @cached_property
    def _wrapping(self) -> AESGCM:
        return AESGCM(self._derive("wrap"))

    @cached_property
    def _field(self) -> AESGCM:
        return AESGCM(self._derive("field"))

    @cached_property
    def _index(self) -> bytes:
        return self._derive("index")

    @cached_property
    def _codes(self) -> bytes:
        return self._derive("codes")

    def wrap(self, key: bytes, aad: str, nonce: bytes) -> bytes:
        """`key` encrypted: key id, nonce, ciphertext with tag."""
        return _KEY_ID + nonce + self._wrapping.encrypt(nonce, key, aad.encode())

    def unwrap(self, blob: bytes, aad: str) -> bytes:
        """Raises WrongKey."""
        return _decrypt(self._wrapping, blob, aad)

    def seal_field(self, text: str, aad: str, nonce: bytes) -> bytes:
        """One encrypted column value; `aad` names table, column and row so that values cannot be swapped."""
        return _KEY_ID + nonce + self._field.encrypt(nonce, text.encode(), aad.encode())

    def open_field(self, blob: bytes, aad: str) -> str:
        """Raises WrongKey."""
        return _decrypt(self._field, blob, aad).decode()

    def blind_index(self, text: str, purpose: str) -> bytes:
        """16 bytes by which an encrypted value is found again without being readable."""
        return hmac.digest(self._index, f"{purpose}\0{text}".encode(), hashlib.sha256)[:16]

    def derive_code(self, purpose: str, text: str) -> str:
        """A secret code of 88 bits that only this installation can compute."""
        digest = hmac.digest(self._codes, f"{purpose}\0{text}".encode(), hashlib.sha256)
        number = int.from_bytes(digest, "big")
        letters = []
        for _ in range(_CODE_LENGTH):
            number, position = divmod(number, len(_ALPHABET))
            letters.append(_ALPHABET[position])
        return "".join(letters)


def write_key_file(path: Path, content: bytes) -> None:
    """A new file on the disk, readable by its owner only; whole, or not there. Raises KeyFileExists."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, written = tempfile.mkstemp(dir=path.parent, prefix=".key-")  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(written, path)
        sync_folder(path.parent)
    except FileExistsError:
        raise KeyFileExists(path=path) from None
    finally:
        Path(written).unlink()


def _decrypt(cipher: AESGCM, blob: bytes, aad: str) -> bytes:
    nonce, body = blob[1 : 1 + NONCE_BYTES], blob[1 + NONCE_BYTES :]
    try:
        return cipher.decrypt(nonce, body, aad.encode())
    except (InvalidTag, ValueError):
        raise WrongKey from None
