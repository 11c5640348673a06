"""What schemathesis cannot make up from the document: ids that exist, and envelopes, of which it knows that they are bytes."""

import base64
import json
import os
import uuid

import schemathesis
from hypothesis import strategies as st

READER = os.environ["MELDKLUIS_READER"]
READERS = [READER, os.environ["MELDKLUIS_COLLEAGUE"]]
REAL = {"case": os.environ["MELDKLUIS_CASE"], "item": os.environ["MELDKLUIS_ITEM"], "org": "bzk"}


@schemathesis.hook
def flatmap_path_parameters(context, path_parameters):
    real = {name: REAL[name] for name in path_parameters or {}}
    return st.sampled_from([path_parameters, real, real, real])


@schemathesis.hook
def map_body(context, body):
    """An item that is shared exists, and a record looks like one; what is of another type stays what it is."""
    if not isinstance(body, dict):
        return body
    if isinstance(body.get("log"), str) and body["log"]:
        body["log"] = RECORD
    for one in body.get("slots") if isinstance(body.get("slots"), list) else []:
        if isinstance(one, dict) and is_id(one.get("item")):
            one["item"] = REAL["item"]
    return body


def is_id(text):
    try:
        return str(uuid.UUID(text)) == text
    except (AttributeError, TypeError, ValueError):
        return False


@schemathesis.check
def error_without_body(context, response, case):
    assert response.status_code < 400 or not response.content, "an error says nothing but its status"


# What an age file begins with.
RECORD = base64.b64encode(b"age-encryption.org/v1\n").decode()


def any_of(*choices):
    return st.sampled_from(choices)


def heads(to, header, most):
    slot = st.fixed_dictionaries({"to": to, "header": header})
    return st.fixed_dictionaries(
        {
            "item": st.uuids().map(str) | st.just(REAL["item"]),
            "act": any_of(None, None, "note", "reply", "acknowledge", "feedback", "ask", "close"),
            # Another state than the case has is refused, whatever is sent.
            "expected": any_of("open", "open", "open", "open", "unopened", "closed"),
            "log": any_of(RECORD, RECORD, RECORD, None, "AAAA"),
            "slots": st.lists(slot, min_size=1 if most <= 16 else 0, max_size=most),
        }
    )


def envelope(head, payload):
    head = json.dumps(head).encode()
    return b"\x01" + len(head).to_bytes(4, "big") + head + payload


def cases(header):
    slot = st.fixed_dictionaries({"to": any_of({"reader": READER}, {"nobody": 3}, "reporter"), "header": header})
    return st.fixed_dictionaries(
        {
            "case": st.uuids().map(str) | st.just(REAL["case"]),
            "lookup": st.binary(min_size=32, max_size=32).map(bytes.hex),
            "org": any_of("bzk", "bzk", "buiten", "nergens"),
            "item": st.uuids().map(str) | st.just(REAL["item"]),
            "log": any_of(RECORD, RECORD, None, "AAAA"),
            # Two officers are a report's readers; one alone is refused.
            "slots": st.just([{"to": {"reader": r}, "header": "AAAA"} for r in READERS]) | st.lists(slot, max_size=17),
        }
    )


base64s = st.binary(max_size=64).map(lambda header: base64.b64encode(header).decode())
whole = heads(any_of({"reader": READER}, "reporter", {"nobody": 3}, {"nobody": 255}), base64s, 16)
stranger = {"reader": "somebody#" + "0" * 32}
strange = any_of("reporter", stranger, stranger, {"reader": READER.upper()}, {"nobody": 256}, {"nobody": -1}, "all", None)
nearly = heads(strange, base64s | st.text(max_size=8), 3) | heads(st.just("reporter"), base64s | st.text(max_size=8), 18)
# The second kind is kept as a file.
payloads = st.binary(max_size=256) | st.binary(min_size=8, max_size=8).map(lambda bytes: bytes * 50_000)
cut = st.builds(lambda whole, to: whole[:to], st.builds(envelope, whole, st.just(b"")), st.integers(0, 200))

schemathesis.openapi.media_type(
    "application/octet-stream",
    st.one_of(st.builds(envelope, cases(base64s), payloads), *[st.builds(envelope, whole, payloads)] * 3, st.builds(envelope, nearly, payloads), cut, st.binary()),
)
