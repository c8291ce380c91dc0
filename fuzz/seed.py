#!/usr/bin/env python3
"""Writes seeds for the fuzz targets out of the recorded vectors: fuzz/corpus/TARGET/NAME.

The files are committed; this is for adding to them. The Signature Version 4 suite is read from $STS_VECTORS or
../shared/vectors where it is there.
"""

import json
import os
import pathlib

HERE = pathlib.Path(__file__).resolve().parent
WIRE = HERE.parent / "tests/vectors/wire"
SUITE = pathlib.Path(os.environ.get("STS_VECTORS", HERE.parent.parent / "shared/vectors")) / "sigv4"
# As in fuzz_targets/response.rs and error.rs.
OPERATIONS = """GetCallerIdentity AssumeRole AssumeRoleWithSAML AssumeRoleWithWebIdentity AssumeRoot
    DecodeAuthorizationMessage GetAccessKeyInfo GetDelegatedAccessToken GetFederationToken GetSessionToken
    GetWebIdentityToken""".split()
STATUSES = [200, 400, 403, 500, 302]
REFUSALS = [400, 403, 500, 302, 429]
MOST, LONGEST = 40, 2000


def vectors(name):
    return [json.loads(line) for line in (WIRE / f"{name}.jsonl").read_text().splitlines()]


def spread(items, most=MOST):
    """As many as may be, from all over the list."""
    step = max(1, -(-len(items) // most))
    return items[::step]


def write(target, name, data):
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    if len(data) <= LONGEST:
        (folder / name.replace("/", "-").replace(":", "-")).write_bytes(data)


def responses():
    found = vectors("response")
    for operation in OPERATIONS:
        mine = [v for v in found if v["operation"] == operation and v["status"] == 200]
        for vector in spread(mine, 3):
            write("response", vector["id"], bytes([OPERATIONS.index(operation), 0]) + vector["body"].encode())
    for vector in spread([v for v in found if v["status"] in (400, 403)], 5):
        head = bytes([OPERATIONS.index(vector["operation"]), STATUSES.index(vector["status"])])
        write("response", vector["id"], head + vector["body"].encode())
    for vector in spread([v for v in found if v["status"] == 200], 30):
        write("xml", vector["id"], vector["body"].encode())
    for vector in spread([v for v in found if v["status"] in REFUSALS], 30):
        head = bytes([REFUSALS.index(vector["status"]), 80, 12])
        write("error", vector["id"], head + vector["body"].encode())


def endpoints():
    for number, vector in enumerate(spread(vectors("endpoint"), 30)):
        params = vector["params"]
        names = ["Region", "UseFIPS", "UseDualStack", "UseGlobalEndpoint", "Endpoint"]
        flags = sum(1 << bit for bit, name in enumerate(names) if params.get(name))
        text = f"{params.get('Region') or ''}\n{params.get('Endpoint') or ''}"
        write("endpoint", f"endpoint-{number:02}", bytes([flags]) + text.encode())


def requests():
    for folder in spread(sorted(SUITE.iterdir()) if SUITE.is_dir() else [], 30):
        text = (folder / "request.txt").read_bytes().replace(b"\r\n", b"\n").replace(b"\n ", b" ")
        token = b"\x01" if "sts" in folder.name or "token" in folder.name else b"\x00"
        write("sign", folder.name, token + (24405732).to_bytes(4, "little") + text)
        write("presign", folder.name, token + (3600).to_bytes(4, "little") + text)
    for vector in spread(vectors("request"), 8):
        expect = vector["expect"]
        headers = {**expect["signed_headers"], "content-type": "application/x-www-form-urlencoded; charset=utf-8"}
        lines = [f"POST {expect['url']} HTTP/1.1"] + [f"{name}:{value}" for name, value in headers.items()]
        text = "\n".join(lines) + "\n\n" + expect["body"]
        write("sign", vector["id"], b"\x21" + (29080000).to_bytes(4, "little") + text.encode())
    for vector in spread(vectors("presign"), 8):
        text = f"GET {vector['expect']['url']} HTTP/1.1\n\n"
        write("presign", vector["id"], b"\x01" + (60).to_bytes(4, "little") + text.encode())


def dates():
    texts = """2024-05-17T10:08:07Z|2024-05-17t10:08:07.123456789z|2024-05-17T03:08:07-07:00|2024-05-17T15:38:07+0530
        |2024-05-17T10:08:07|20240517T100807Z|2024-05-17 10:08:07Z|2024-05-17|1715940487|1715940487.5|1.7e9|-1
        |Fri, 17 May 2024 10:08:07 GMT|Fri, 17 May 2024 12:08:07 +0200|Sunday, 06-Nov-94 08:49:37 GMT
        |Sun Nov  6 08:49:37 1994|9999-12-31T23:59:59Z|0000-01-01T00:00:00Z|2016-12-31T23:59:60Z|2024-W20-5T10:08:07Z
        |2024-138T10:08:07Z|-000001-01-01T00:00:00Z|+010000-01-01T00:00:00Z"""
    for number, text in enumerate(texts.split("|")):
        write("date", f"date-{number:02}", text.strip().encode())


responses()
endpoints()
requests()
dates()
