"""boto3 and the AWS CLI against the embedded STS. STS_FACTS (JSON) says where it is and what it holds.

Every difference from what AWS would do is an AssertionError, or whatever the client raised.
"""
import datetime
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import boto3
import botocore.config
import botocore.exceptions

FACTS = json.loads(os.environ["STS_FACTS"])
URL, ACCOUNT = FACTS["url"], FACTS["account"]
REGION = "eu-west-1"
ALICE = {"AccessKeyId": FACTS["access_key_id"], "SecretAccessKey": FACTS["secret_access_key"]}
AWS = pathlib.Path(sys.executable).parent / "aws"
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})
READ_ONLY = {"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}
TAGS = [{"Key": "team é", "Value": "a b+c/d=e"}, {"Key": "empty", "Value": ""}]
# The CLI brings a botocore of its own, whose model may be older than boto3's: it need not know these members.
NEW_TO_CLI = {"MinimumSessionTokenSize", "SessionTokenUtilization", "SessionTokenSize"}
ROOT_TASK = {"arn": "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials"}


def client(keys=None, validate=True):
    """A boto3 client of the server; without keys it cannot sign."""
    keys = keys or {}
    config = botocore.config.Config(
        retries={"total_max_attempts": 1}, parameter_validation=validate, proxies={},
        signature_version=None if keys else botocore.UNSIGNED)
    return boto3.client(
        "sts", region_name=REGION, endpoint_url=URL, config=config, aws_access_key_id=keys.get("AccessKeyId"),
        aws_secret_access_key=keys.get("SecretAccessKey"), aws_session_token=keys.get("SessionToken"))


def aws(operation, arguments, keys=None):
    """Runs `aws sts` in a home of its own; gives status, what it printed, and its complaint."""
    keys = keys or {}
    with tempfile.TemporaryDirectory() as home:
        environment = {
            "HOME": home, "PATH": os.environ["PATH"], "AWS_ENDPOINT_URL_STS": URL, "AWS_DEFAULT_REGION": REGION,
            "AWS_MAX_ATTEMPTS": "1", "AWS_EC2_METADATA_DISABLED": "true", "AWS_PAGER": "", "PYTHONUTF8": "1"}
        for name, value in (("AWS_ACCESS_KEY_ID", "AccessKeyId"), ("AWS_SECRET_ACCESS_KEY", "SecretAccessKey"),
                            ("AWS_SESSION_TOKEN", "SessionToken")):
            if value in keys:
                environment[name] = keys[value]
        command = [sys.executable, "-I", str(AWS), "sts", operation, "--output", "json", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)


def cli(operation, parameters, keys=None):
    """What the CLI prints, parsed. The parameters go in as the JSON that boto3 takes."""
    arguments = ["--cli-input-json", json.dumps(parameters)] if parameters else []
    done = aws(operation, arguments, keys)
    assert done.returncode == 0, f"aws sts {operation}: {done.stderr}"
    return json.loads(done.stdout)


def refused(code, call, status=None, contains=""):
    """Asserts that boto3 raises the error."""
    try:
        call()
    except botocore.exceptions.ClientError as error:
        found = error.response["Error"]
        assert found["Code"] == code and contains in found["Message"], f"{code} {contains!r} expected, got {error}"
        assert status in (None, error.response["ResponseMetadata"]["HTTPStatusCode"]), error.response
        assert error.response["ResponseMetadata"]["RequestId"], error.response
        return
    raise AssertionError(f"{code} expected, got none")


def equal(found, expected):
    assert found == expected, f"{expected!r} expected, got {found!r}"


def session(answer, arn=None, seconds=None):
    """Asserts that the credentials in the answer speak for `arn`, as boto3 and as the CLI use them."""
    keys = answer["Credentials"]
    assert keys["AccessKeyId"].startswith("ASIA"), keys["AccessKeyId"]
    expiration = keys["Expiration"]
    if isinstance(expiration, str):
        expiration = datetime.datetime.fromisoformat(expiration.replace("Z", "+00:00"))
    left = (expiration - datetime.datetime.now(datetime.timezone.utc)).total_seconds()
    assert seconds is None or seconds - 60 < left <= seconds + 1, f"{left} seconds left of {seconds}"
    if arn:
        equal(client(keys).get_caller_identity()["Arn"], arn)
        equal(cli("get-caller-identity", {}, keys)["Arn"], arn)
    return keys


def both(operation, method, parameters, keys=None):
    """One operation through boto3 and through the CLI."""
    answer = getattr(client(keys), method)(**parameters)
    metadata = answer.pop("ResponseMetadata")
    equal(metadata["HTTPStatusCode"], 200)
    equal(metadata["HTTPHeaders"]["x-amzn-requestid"], metadata["RequestId"])
    equal(metadata["HTTPHeaders"]["content-type"], "text/xml")
    other = cli(operation, {name: value for name, value in parameters.items() if name not in NEW_TO_CLI}, keys)
    equal(sorted(set(other) - NEW_TO_CLI), sorted(set(answer) - NEW_TO_CLI))
    print("ok", operation, flush=True)
    return [answer, other]


def get_caller_identity():
    for answer in both("get-caller-identity", "get_caller_identity", {}, ALICE):
        equal((answer["Arn"], answer["Account"]), (FACTS["user_arn"], ACCOUNT))
        assert answer["UserId"].startswith("AIDA"), answer


def assume_role():
    parameters = {
        "RoleArn": FACTS["role_arn"], "RoleSessionName": "build-42", "Policy": POLICY, "PolicyArns": [READ_ONLY],
        "DurationSeconds": 1800, "Tags": TAGS, "TransitiveTagKeys": ["empty"], "ExternalId": "ext:/42",
        "SerialNumber": FACTS["mfa_serial"], "TokenCode": FACTS["mfa_code"], "SourceIdentity": "carol",
        "ProvidedContexts": [{"ProviderArn": "arn:aws:iam::aws:contextProvider/IdentityCenter", "ContextAssertion": "abcd"}],
        "MinimumSessionTokenSize": 1024}
    equal(client(ALICE).assume_role(**parameters)["SessionTokenSize"], 1024)
    for answer in both("assume-role", "assume_role", parameters, ALICE):
        arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/demo/build-42"
        equal(answer["AssumedRoleUser"]["Arn"], arn)
        equal(answer["SourceIdentity"], "carol")
        assert answer["PackedPolicySize"] > 0, answer
        if "SessionTokenSize" in answer:
            equal(answer["SessionTokenSize"], len(answer["Credentials"]["SessionToken"]))
        session(answer, arn, 1800)
    answer = client(ALICE).assume_role(RoleArn=FACTS["role_arn"], RoleSessionName="plain", Tags=[], PolicyArns=[])
    chained = client(session(answer)).assume_role(RoleArn=FACTS["role_arn"], RoleSessionName="chained")
    session(chained, f"arn:aws:sts::{ACCOUNT}:assumed-role/demo/chained", 3600)


def assume_role_with_saml():
    parameters = {
        "RoleArn": FACTS["saml_role_arn"], "PrincipalArn": FACTS["saml_provider_arn"],
        "SAMLAssertion": FACTS["saml_assertion"], "Policy": POLICY, "DurationSeconds": 900}
    for answer in both("assume-role-with-saml", "assume_role_with_saml", parameters):
        equal((answer["Subject"], answer["SubjectType"]), ("bob", "persistent"))
        assert answer["Issuer"] and answer["Audience"] and answer["NameQualifier"], answer
        session(answer, f"arn:aws:sts::{ACCOUNT}:assumed-role/saml/bob", 900)


def assume_role_with_web_identity(token=None, subject="bob"):
    parameters = {
        "RoleArn": FACTS["web_role_arn"], "RoleSessionName": "pod", "WebIdentityToken": token or FACTS["web_identity_token"],
        "PolicyArns": [READ_ONLY], "Policy": POLICY, "DurationSeconds": 900}
    for answer in both("assume-role-with-web-identity", "assume_role_with_web_identity", parameters):
        equal(answer["SubjectFromWebIdentityToken"], subject)
        assert answer["Provider"] and answer["Audience"], answer
        session(answer, f"arn:aws:sts::{ACCOUNT}:assumed-role/web/pod", 900)


def assume_root():
    parameters = {"TargetPrincipal": "210987654321", "TaskPolicyArn": ROOT_TASK, "DurationSeconds": 600}
    for answer in both("assume-root", "assume_root", parameters, ALICE):
        session(answer, "arn:aws:iam::210987654321:root", 600)


def decode_authorization_message():
    parameters = {"EncodedMessage": FACTS["encoded_message"]}
    for answer in both("decode-authorization-message", "decode_authorization_message", parameters, ALICE):
        equal(answer["DecodedMessage"], FACTS["message"])


def get_access_key_info():
    for answer in both("get-access-key-info", "get_access_key_info", {"AccessKeyId": ALICE["AccessKeyId"]}, ALICE):
        equal(answer["Account"], ACCOUNT)


def get_delegated_access_token():
    parameters = {"TradeInToken": FACTS["trade_in_token"]}
    for answer in both("get-delegated-access-token", "get_delegated_access_token", parameters, ALICE):
        session(answer, answer["AssumedPrincipal"])


def get_federation_token():
    parameters = {"Name": "bob", "Policy": POLICY, "PolicyArns": [READ_ONLY], "DurationSeconds": 900, "Tags": TAGS}
    for answer in both("get-federation-token", "get_federation_token", parameters, ALICE):
        arn = f"arn:aws:sts::{ACCOUNT}:federated-user/bob"
        equal(answer["FederatedUser"], {"FederatedUserId": f"{ACCOUNT}:bob", "Arn": arn})
        session(answer, arn, 900)


def get_session_token():
    parameters = {"DurationSeconds": 900, "SerialNumber": FACTS["mfa_serial"], "TokenCode": FACTS["mfa_code"]}
    for answer in both("get-session-token", "get_session_token", parameters, ALICE):
        keys = session(answer, FACTS["user_arn"], 900)
        refused("AccessDenied", client(keys).get_session_token, 403, "Cannot call GetSessionToken with session credentials")


def get_web_identity_token():
    parameters = {"Audience": ["a", "b c"], "SigningAlgorithm": "ES384", "DurationSeconds": 600, "Tags": TAGS}
    for answer in both("get-web-identity-token", "get_web_identity_token", parameters, ALICE):
        equal(len(answer["WebIdentityToken"].split(".")), 3)
        assert answer["Expiration"], answer
    assume_role_with_web_identity(answer["WebIdentityToken"], FACTS["user_arn"])


def refusals():
    wrong = {**ALICE, "SecretAccessKey": ALICE["SecretAccessKey"][:-1] + "_"}
    refused("SignatureDoesNotMatch", client(wrong).get_caller_identity, 403)
    done = aws("get-caller-identity", [], wrong)
    assert done.returncode != 0 and "(SignatureDoesNotMatch)" in done.stderr, done.stderr
    unknown = {**ALICE, "AccessKeyId": "AKIANOSUCHKEY0000000"}
    refused("InvalidClientTokenId", client(unknown).get_caller_identity, 403)
    refused("InvalidClientTokenId", client({**ALICE, "SessionToken": "bogus"}).get_caller_identity, 403)
    refused("MissingAuthenticationToken", client().get_caller_identity, 403)
    role = {"RoleArn": FACTS["role_arn"], "RoleSessionName": "build-42"}
    alice = client(ALICE, validate=False)
    refused("AccessDenied", lambda: alice.assume_role(**{**role, "RoleArn": FACTS["role_arn"] + "x"}), 403, "sts:AssumeRole")
    refused("ValidationError", lambda: alice.assume_role(**{**role, "RoleSessionName": "a b"}), 400, r"[\w+=,.@-]*")
    refused("ValidationError", lambda: alice.assume_role(RoleArn=FACTS["role_arn"]), 400, "'roleSessionName'")
    refused("MalformedPolicyDocument", lambda: alice.assume_role(**role, Policy="{"), 400)
    refused("PackedPolicyTooLarge", lambda: alice.assume_role(**role, Policy=POLICY[:-1] + " " * 5000 + "}"), 400)
    refused("InvalidAuthorizationMessageException", lambda: alice.decode_authorization_message(EncodedMessage="x"), 400)
    refused("ExpiredTradeInTokenException", lambda: alice.get_delegated_access_token(TradeInToken="x"), 400)
    web = {"RoleArn": FACTS["web_role_arn"], "RoleSessionName": "pod"}
    expired = FACTS["expired_web_identity_token"]
    nobody = client()
    refused("ExpiredTokenException", lambda: nobody.assume_role_with_web_identity(**web, WebIdentityToken=expired), 400)
    refused("InvalidIdentityToken", lambda: nobody.assume_role_with_web_identity(**web, WebIdentityToken="a.b.c"), 400)
    print("ok refusals", flush=True)


def fetch(url, method="GET"):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(urllib.request.Request(url, b"" if method == "POST" else None, method=method)) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def presigned():
    keys = session(client(ALICE).assume_role(RoleArn=FACTS["role_arn"], RoleSessionName="url"))
    for signer, arn in ((ALICE, FACTS["user_arn"]), (keys, f"arn:aws:sts::{ACCOUNT}:assumed-role/demo/url")):
        for method, other in (("GET", "POST"), ("POST", "GET")):
            url = client(signer).generate_presigned_url("get_caller_identity", ExpiresIn=60, HttpMethod=method)
            status, body = fetch(url, method)
            assert status == 200 and f"<Arn>{arn}</Arn>" in body, body
            for changed in ((url.replace("X-Amz-Expires=60", "X-Amz-Expires=61"), method), (url, other)):
                status, body = fetch(*changed)
                assert status == 403 and "<Code>SignatureDoesNotMatch</Code>" in body, body
    parameters = {"RoleArn": FACTS["role_arn"], "RoleSessionName": "a@b", "Policy": POLICY}
    status, body = fetch(client(ALICE).generate_presigned_url("assume_role", Params=parameters, HttpMethod="GET"))
    assert status == 200 and "<Credentials>" in body, body
    # As AWS does, the embedded STS honours a URL for 15 minutes, whatever lifetime it says.
    url = client(ALICE).generate_presigned_url("get_caller_identity", ExpiresIn=1, HttpMethod="GET")
    time.sleep(2)
    status, body = fetch(url)
    assert status == 200 and f"<Arn>{FACTS['user_arn']}</Arn>" in body, body
    print("ok presigned", flush=True)


def expiry():
    role = {"RoleArn": FACTS["role_arn"], "RoleSessionName": "brief", "DurationSeconds": 4}
    keys = session(client(ALICE, validate=False).assume_role(**role))
    equal(client(keys).get_caller_identity()["Arn"], f"arn:aws:sts::{ACCOUNT}:assumed-role/demo/brief")
    time.sleep(5.5)
    refused("ExpiredToken", client(keys).get_caller_identity, 403, "The security token included in the request is expired")
    done = aws("get-caller-identity", [], keys)
    assert done.returncode != 0 and "(ExpiredToken)" in done.stderr, done.stderr
    print("ok expiry", flush=True)


print("boto3", boto3.__version__, aws("--version", []).stdout.strip() or "", flush=True)
missing = set(client().meta.service_model.operation_names) ^ {
    "AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity", "AssumeRoot", "DecodeAuthorizationMessage",
    "GetAccessKeyInfo", "GetCallerIdentity", "GetDelegatedAccessToken", "GetFederationToken", "GetSessionToken",
    "GetWebIdentityToken"}
assert not missing, f"boto3 and this script know different operations: {missing}"
for check in (
        get_caller_identity, assume_role, assume_role_with_saml, assume_role_with_web_identity, assume_root,
        decode_authorization_message, get_access_key_info, get_delegated_access_token, get_federation_token,
        get_session_token, get_web_identity_token, refusals, presigned, expiry):
    check()
