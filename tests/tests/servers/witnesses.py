"""Proofs and tokens as the clients of their consumers make them, as JSON on standard output: those that are installed.

STS_FACTS (JSON) has the keys. Nothing is sent.
"""

import base64
import json
import os
import pathlib
import subprocess
import sys

FACTS = json.loads(os.environ["STS_FACTS"])
KEYS = FACTS["access_key_id"], FACTS["secret_access_key"], FACTS.get("session_token")
NAMES = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"
os.environ.update({name: value for name, value in zip(NAMES, KEYS) if value}, AWS_REGION=FACTS["region"])


def eks():
    aws = pathlib.Path(sys.executable).with_name("aws")
    command = [sys.executable, aws, "eks", "get-token", "--cluster-name", "demo", "--region", FACTS["region"]]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)["status"]["token"]


def vault():
    from hvac.api.auth_methods import Aws

    class Adapter:
        def login(self, url, use_token, json):
            return json

    return Aws(adapter=Adapter()).iam_login(*KEYS, header_value="vault.example.com", role="dev-role")


def mongodb():
    import bson
    from pymongo_auth_aws import AwsCredential, AwsSaslContext

    class Context(AwsSaslContext):
        def binary_type(self):
            return bson.Binary

        def bson_encode(self, document):
            return bson.encode(document)

        def bson_decode(self, data):
            return bson.decode(data)

    context = Context(AwsCredential(*KEYS))
    first = bytes(context.step(None))
    nonce = bytes(bson.decode(first)["r"])
    host = f"sts.{FACTS['region']}.amazonaws.com"
    server = bson.encode({"s": bson.Binary(nonce + bytes(range(32))), "h": host})
    encoded = [base64.b64encode(data).decode() for data in (nonce, first, server, bytes(context.step(server)))]
    return dict(zip(("nonce", "first", "server", "second"), encoded))


def google():
    from google.auth import aws

    credentials = aws.Credentials(
        audience="//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q",
        subject_token_type="urn:ietf:params:aws:token-type:aws4_request",
        token_url="https://sts.googleapis.com/v1/token",
        credential_source={
            "environment_id": "aws1",
            "regional_cred_verification_url":
                "https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15",
        })
    return credentials.retrieve_subject_token(None)


def msk():
    from aws_msk_iam_sasl_signer import MSKAuthTokenProvider
    from botocore.credentials import CredentialProvider, Credentials

    class Provider(CredentialProvider):
        def load(self):
            return Credentials(*KEYS)

    token, expiry = MSKAuthTokenProvider.generate_auth_token_from_credentials_provider(FACTS["region"], Provider())
    return {"token": token, "expiry_ms": expiry}


made = {}
for make in eks, vault, mongodb, google, msk:
    try:
        made[make.__name__] = make()
    except ImportError as missing:
        print(f"{make.__name__}: {missing}", file=sys.stderr)
print(json.dumps(made))
