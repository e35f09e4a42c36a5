"""Checks the IBM Quantum account file before IBM's library reads it; never shows a token."""

import os
from pathlib import Path
from typing import Any

from qiskit_qmu._check import InputError
from qiskit_qmu._files import read_json, reading

_WHAT = "IBM Quantum accounts"
_LARGEST = 2**20
_KINDS: dict[str, tuple[type, ...]] = {
    "channel": (str,),
    "url": (str,),
    "instance": (str,),
    "region": (str,),
    "verify": (bool,),
    "private_endpoint": (bool,),
    "is_default_account": (bool,),
    "proxies": (dict,),
    "plans_preference": (list,),
    "tags": (list,),
}


def saved_tokens() -> tuple[str, ...]:
    """Return the tokens that no message may show: from the environment, else from saved accounts.

    Raises:
        InputError: If a token or another field of an account is not of the type that IBM's library
            expects; the message shows no value.
    """
    given = os.environ.get("QISKIT_IBM_TOKEN")
    if given:
        _check_token(given, "QISKIT_IBM_TOKEN")
        return (given,)
    from qiskit_ibm_runtime.accounts import management  # (slow to load)

    path = Path(management._DEFAULT_ACCOUNT_CONFIG_JSON_FILE)  # noqa: SLF001
    if not path.exists():
        return ()
    content = read_json(path, _WHAT, largest=_LARGEST)
    with reading(path, _WHAT):
        if not isinstance(content, dict):
            raise InputError("not a JSON object")
        return tuple(_token(account, name) for name, account in content.items())


def _token(account: Any, name: str) -> str:
    if not isinstance(account, dict):  # (not shown: it may be a token)
        raise InputError(f"account {name[:50]!r} is not a JSON object")
    for key, kinds in _KINDS.items():
        value = account.get(key)
        if value is not None and not isinstance(value, kinds):
            raise InputError(f"{key} of account {name[:50]!r} is not a {kinds[0].__name__}")
    token = account.get("token")
    _check_token(token, f"the token of account {name[:50]!r}")
    return str(token)


def _check_token(token: object, name: str) -> None:
    # The token goes into a request's header; if it cannot, the library's error shows it.
    if not (isinstance(token, str) and token and token.isascii() and token.isprintable()):
        raise InputError(f"{name} has characters other than printable ASCII")
    if " " in token:
        raise InputError(f"{name} contains spaces")
