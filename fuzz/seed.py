#!/usr/bin/env python3
"""Writes seeds for the fuzz targets from the recorded vectors: fuzz/corpus/TARGET/NAME.

The files are committed; run this only to add more.
"""

import base64
import hashlib
import json
import os
import pathlib
import re

HERE = pathlib.Path(__file__).resolve().parent
WIRE = HERE.parent / "tests/vectors/wire"
ANYWHERE = pathlib.Path(os.environ.get("STS_VECTORS", HERE.parent / "../shared/vectors")) / "rolesanywhere"
# As in fuzz_targets/certificate.rs.
ANYWHERE_STATUSES = [200, 201, 403, 404, 429, 500]
PROOFS = pathlib.Path(os.environ.get("STS_VECTORS", HERE.parent / "../shared/vectors")) / "proofs"
# As in the list, sts-proto/src/operations/list.rs; statuses as in fuzz_targets/response.rs and error.rs.
OPERATIONS = """GetCallerIdentity AssumeRole AssumeRoleWithSAML AssumeRoleWithWebIdentity AssumeRoot
    DecodeAuthorizationMessage GetAccessKeyInfo GetDelegatedAccessToken GetFederationToken GetSessionToken
    GetWebIdentityToken""".split()
STATUSES = [200, 400, 403, 500, 302]
REFUSALS = [400, 403, 500, 302, 429]
MAX_SEEDS, MAX_LEN = 40, 2000


def vectors(name):
    return [json.loads(line) for line in (WIRE / f"{name}.jsonl").read_text().splitlines()]


def spread(items, count=MAX_SEEDS):
    """At most `count` items, spread evenly over the list."""
    step = max(1, -(-len(items) // count))
    return items[::step]


def write(target, name, data):
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    if len(data) <= MAX_LEN:
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
    for name, text in [
        ("plain", "GET / HTTP/1.1\nHost:h"),
        ("dots", "GET https://h/a/./b/../c//d/.. HTTP/1.1\n"),
        ("escapes", "GET https://h/a%20b/%zz/%/~?a=%7e&b=x+y&%62=1&c&=d& HTTP/1.1\n"),
        ("headers", "PUT https://h/x HTTP/1.1\nX-B: 2  3\t4 \nx-a:1\nX-B:5\nUser-Agent:u\nX-Amz-Meta:m\nTE:t\n\nbody"),
        ("names", "GET https://h/ HTTP/1.1\nx-a#b:1\nx-a%41:2\nx-a&b:3\n"),
        ("authority", "GET HTTPS://me:pw@H.Example:0443/ HTTP/1.1\n"),
        ("port", "DELETE http://[::1]:08080/p?q HTTP/1.1\n"),
        ("signed", "GET https://h/?X-Amz-Signature=1&X%2DAmz-Date=2&a=b HTTP/1.1\nAuthorization:x\nX-Amz-Date:y\n"),
        ("hashed", "POST https://h/ HTTP/1.1\nX-Amz-Content-Sha256:UNSIGNED-PAYLOAD\nx-amz-security-token:t\n\nbody"),
        ("bytes", "GET /\u00e9?\u00e9 HTTP/1.1\nhost:h\nx-a:\u00e9\n"),
    ]:
        write("sign", f"own-{name}", b"\x21" + (24405732).to_bytes(4, "little") + text.encode())
        write("presign", f"own-{name}", b"\x01" + (3600).to_bytes(4, "little") + text.encode())
    for vector in spread(vectors("request"), 20):
        expect = vector["expect"]
        headers = {**expect["signed_headers"], "content-type": "application/x-www-form-urlencoded; charset=utf-8"}
        lines = [f"POST {expect['url']} HTTP/1.1"] + [f"{name}:{value}" for name, value in headers.items()]
        text = "\n".join(lines) + "\n\n" + expect["body"]
        write("sign", vector["id"], b"\x21" + (29080000).to_bytes(4, "little") + text.encode())
    for vector in spread(vectors("presign"), 15):
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


def documents():
    keys = {"AccessKeyId": "ASIAEXAMPLE", "SecretAccessKey": "wJalr/+=", "Expiration": "2030-01-01T00:00:00Z"}
    issued = {"accessKeyId": "a", "secretAccessKey": "s", "sessionToken": "t", "expiration": 1800000000000}
    for name, source, document in [
        ("process", 0, {"Version": 1, **keys, "SessionToken": "t", "AccountId": "123456789012"}),
        ("process-version", 0, {"Version": 2, **keys}),
        ("process-without-token", 0, {"Version": 1, "AccessKeyId": "a", "SecretAccessKey": "s"}),
        ("container", 1, {**keys, "Token": "t", "RoleArn": "arn", "AccountId": "1"}),
        ("container-nested", 1, {**keys, "Token": "t", "More": [{"a": [None, True, 1.5e300]}]}),
        ("metadata", 2, {"Code": "Success", "Type": "AWS-HMAC", **keys, "Token": "t"}),
        ("metadata-code", 2, {"Code": "AssumeRoleUnauthorizedAccess", "Message": "no"}),
        ("login", 3, {"accessToken": "t", "expiresAt": "2030-01-01T00:00:00UTC", "region": "eu-west-1"}),
        ("login-expired", 3, {"accessToken": "t", "expiresAt": "2020-01-01T00:00:00Z"}),
        ("portal", 4, {"roleCredentials": issued}),
        ("portal-without-token", 4, {"roleCredentials": {"accessKeyId": "a"}}),
    ]:
        write("document", name, bytes([source]) + json.dumps(document).encode())
    write("document", "process-unicode", b'\x00\xef\xbb\xbf{"Version":1,"AccessKeyId":"\\u00e9","SecretAccessKey":"\xc3\xa9"}')


def chains():
    for name, variables, config, credentials in [
        ("roles", "", "[profile a]\nrole_arn=r\nsource_profile=b\nmfa_serial=m\n[profile b]\nrole_arn=s\n"
            "source_profile=default\nduration_seconds=900\n", "[default]\naws_access_key_id=A\naws_secret_access_key=s\n"),
        ("circle", "AWS_PROFILE=a", "[profile a]\nrole_arn=r\nsource_profile=b\n[profile b]\nrole_arn=s\nsource_profile=a\n", ""),
        ("named", "AWS_PROFILE=a", "[profile a]\nrole_arn=r\ncredential_source=EcsContainer\n", ""),
        ("sso", "", "[default]\nsso_session=s\nsso_account_id=1\nsso_role_name=r\n[sso-session s]\n"
            "sso_region=eu-west-1\nsso_start_url=https://x/start\n", ""),
        ("process", "", "[default]\ncredential_process=tool 'a b' | x\nregion=eu-west-1\nretry_mode=adaptive\n", ""),
        ("web", "AWS_WEB_IDENTITY_TOKEN_FILE=/t\nAWS_ROLE_ARN=arn\nAWS_REGION=eu-west-1\nAWS_MAX_ATTEMPTS=9", "", ""),
        ("container", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/c?a=b\nAWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=/t", "", ""),
        ("metadata", "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE=IPv6\nAWS_EC2_METADATA_V1_DISABLED=true", "", ""),
        ("environment", "AWS_ACCESS_KEY_ID=A\nAWS_SECRET_ACCESS_KEY=s\nAWS_SESSION_TOKEN=t\nAWS_CREDENTIAL_EXPIRATION=1", "", ""),
        ("half", "AWS_ACCESS_KEY_ID=A", "[default]\nregion=x\n", "[default]\naws_access_key_id=A\n"),
        ("endpoints", "AWS_ENDPOINT_URL_STS=http://[::1]:1\nAWS_STS_REGIONAL_ENDPOINTS=legacy\nAWS_USE_FIPS_ENDPOINT=true", "", ""),
        ("services", "", "[default]\nservices=s\n[services s]\nsts=\n  endpoint_url=http://h:1/p\n", ""),
    ]:
        variables += "\nAWS_PROFILE=a" if name == "roles" else ""
        parts = [variables.encode(), config.encode(), credentials.encode(), bytes(range(32)) * 3]
        write("credentials", name, b"\xff".join(parts))


def certificates():
    der = lambda text: base64.b64decode("".join(line for line in text.splitlines() if not line.startswith("-----")))
    for path in sorted((ANYWHERE / "pki").glob("*.pem")):
        text = path.read_text()
        write("certificate", f"pem-{path.stem}", b"\x00" + text.encode() + b"\xff" + text.encode())
        if "BEGIN CERTIFICATE" in text:
            write("certificate", f"der-{path.stem}", b"\x01" + der(text))
    for name, text in [
        ("encrypted", "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAQID\n-----END EC PRIVATE KEY-----\n"),
        ("endless", "-----BEGIN CERTIFICATE-----\nAQID\n"),
        ("two", "-----BEGIN CERTIFICATE-----\nMAUwAwIBBw==\n-----END CERTIFICATE-----\n" * 2),
    ]:
        write("certificate", f"pem-{name}", b"\x00" + text.encode() + b"\xff" + text.encode())
    for line in (ANYWHERE / "cases.jsonl").read_text().splitlines() if ANYWHERE.exists() else []:
        vector = json.loads(line)
        if "answer" in vector:
            status = ANYWHERE_STATUSES.index(vector["answer"]["status"]) if vector["answer"]["status"] in ANYWHERE_STATUSES else 0
            write("certificate", vector["id"], bytes([status << 2 | 2]) + vector["answer"]["body"].encode())


def lines():
    texts = ["tool --role 'a b' \"c\\\"d\" e\\ f", "a | b && c; d > e", "'", '"\\', "\\\n", "''\"\" x", "$HOME/`x` ~ #c"]
    for number, text in enumerate(texts):
        write("command_line", f"line-{number}", text.encode())


def proofs():
    for line in (PROOFS / "verify.jsonl").read_text().splitlines() if (PROOFS / "verify.jsonl").exists() else []:
        vector = json.loads(line)
        proof, answer = vector.get("proof") or {}, vector.get("answer") or {}
        number = int.from_bytes(hashlib.sha256(vector["id"].encode()).digest()[:4], "big")
        if number % 6:
            continue
        if "token" in proof:
            write("proof", vector["id"], b"\x00" + proof["token"].encode())
            text = proof["token"].removeprefix("k8s-aws-v1.")
            if re.fullmatch("[A-Za-z0-9_-]*", text) and len(text) % 4 != 1:
                write("proof", vector["id"] + "-url", b"\x01" + base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        elif proof:
            write("proof", vector["id"], b"\x02" + json.dumps(proof).encode())
            try:
                parts = [base64.b64decode(proof.get(f"iam_request_{name}", "")) for name in ("url", "body", "headers")]
            except ValueError:
                continue
            write("proof", vector["id"] + "-parts", b"\x03" + b"\xff".join(parts))
        elif "body" in answer:
            kind = b"\x05" if vector["config"]["answer"] == "json" else b"\x04"
            write("proof", vector["id"], kind + answer["body"].encode())


def sessions():
    keys = {"AccessKeyId": "ASIAENTRY", "SecretAccessKey": "s\u00e9", "SessionToken": "t"}
    ends = ["2090-01-31T12:00:00UTC", "2090-01-31T12:00:00Z", "2090-01-31T12:00:00", "2023-11-14T22:20:00UTC"]
    role = [b"arn:aws:iam::123456789012:role/r", b"ann", b"x-1", b'{"Version": "2012-10-17", "a": [1.50, true]}']
    for number, end in enumerate(ends):
        entry = {"Credentials": keys | {"Expiration": end, "AccountId": "123456789012"}, "PackedPolicySize": 6}
        whole = json.dumps(entry).encode()
        write("cli_cache", f"entry-{number}", b"\x00" + b"\xff".join([whole, *role]))
        write("cli_cache", f"cut-{number}", b"\x04" + b"\xff".join([whole[: -20 * (number + 1)], *role]))
    write("cli_cache", "absent", b"\x03" + b"\xff".join([b"", *role]))
    write("cli_cache", "unreadable", b"\x06" + b"\xff".join([b"", *role]))


def in_json():
    """Inputs and outputs for `serde`, and outputs for `answer`: the first byte is the kind, the second the operation."""
    for operation in OPERATIONS:
        number = OPERATIONS.index(operation)
        inputs = [v for v in vectors("request") if v["operation"] == operation and isinstance(v.get("input"), dict)]
        for vector in spread(inputs, 2):
            write("serde", vector["id"], bytes([0, number]) + json.dumps(vector["input"]).encode())
        outputs = [v for v in vectors("response") if v["operation"] == operation and "output" in v.get("expect", {})]
        for vector in spread(outputs, 2):
            text = json.dumps(vector["expect"]["output"]).encode()
            write("serde", vector["id"], bytes([1, number]) + text)
            write("answer", vector["id"], bytes([0, number]) + text)
        write("serde", f"made-{operation}", bytes([2, number]) + bytes(range(64)) * 4)
        write("answer", f"made-{operation}", bytes([1, number]) + bytes(range(64)) * 4)
    keys = {"AccessKeyId": "A", "SecretAccessKey": "s", "SessionToken": "t", "Expiration": "2030-01-31T12:00:00.5Z", "AccountId": "1"}
    write("serde", "credentials", b"\x03\x00" + json.dumps(keys).encode())
    for name, parts in [("plain", [b"AccessDenied", b"not you", b"1d2f"]), ("odd", [b"a<b>&\r", b"\x00 \xc2\x85\xe2\x80\xa8", b" "])]:
        write("answer", f"refusal-{name}", b"\x02\x03" + b"\xff".join(parts))


def windows():
    for number, text in enumerate([
        r'"C:\Program Files\keys.exe" --name "a b" c\\\"d e\\\\"f g"', r'tool.exe "a""b c" """" d""', "tool.cmd a|b", "\\\\h\\s\\a.exe \\", '"a',
    ]):
        write("windows", f"line-{number}", text.encode())


def skews():
    expired = "Signature expired: 20240517T110000Z is now earlier than 20240517T114500Z (20240517T120000Z - 15 min.)"
    for number, text in enumerate([
        expired, expired.replace("T120000Z - 15", "T130000Z - 15"),
        "Signature not yet current: 20240517T120000Z is still later than 20240517T115500Z (20240517T115000Z + 5 min.)",
        "(20991231T235959Z)", "a (b) (20240101T000000Z c", "(2024-05-17T12:30 x)", "(",
    ]):
        write("skew", f"message-{number}", text.encode())


responses()
endpoints()
requests()
dates()
documents()
chains()
certificates()
lines()
sessions()
proofs()
in_json()
windows()
skews()
