"""The official clients, pointed at the emulator of this scenario.

Nothing of them is replaced. Those of SLS put the project in front of the endpoint's name, so they get the
real endpoint and reach the emulator as their HTTP proxy. Those of RAM, KMS and STS take the emulator's address
as their endpoint.

Each client is imported where it is made: a scenario loads only those it uses.
"""

import json
import os
from typing import NamedTuple

# Host and port.
EMULATOR = os.environ["EMULATOR"]

ACCOUNT = "1234567890123456"
REGION = "cn-hangzhou"
LOG_ENDPOINT = REGION + ".log.aliyuncs.com"

# How the newer family is told to sign with RPC version 1 instead of ACS3.
RPC_V1 = "v2"


class Key(NamedTuple):
    """An access key; with a token, that of a session."""

    id: str
    secret: str
    token: str | None = None

    def with_secret(self, secret):
        return self._replace(secret=secret)

    def with_token(self, token):
        return self._replace(token=token)


# Those of seed.json: the account's own, and that of a RAM user who may do nothing.
ROOT = Key("ak-root", "sk-root")
ALICE = Key("ak-alice", "sk-alice")


def log_client(key=ROOT, version="v1", region=REGION, proxy=EMULATOR):
    """SLS of aliyun-log-python-sdk; `version` is that of the signature."""
    from aliyun.log import LogClient

    client = LogClient(
        "http://" + LOG_ENDPOINT,
        key.id,
        key.secret,
        securityToken=key.token,
        auth_version=version,
        region=region,
    )
    # What `http_proxy` in the environment does, for this client alone.
    client._session.proxies["http"] = "http://" + proxy
    return client


def sls_client(key=ROOT, version="v1", region=REGION, proxy=EMULATOR):
    """SLS of alibabacloud_sls20201230; `version` is that of the signature."""
    from alibabacloud_sls20201230.client import Client

    config = _config(key, LOG_ENDPOINT, region_id=region, signature_version=version)
    config.http_proxy = "http://" + proxy
    return Client(config)


def ram_client(key=ROOT, signature_algorithm=None, address=EMULATOR):
    """RAM of alibabacloud_ram20150501."""
    from alibabacloud_ram20150501.client import Client

    return Client(_config(key, address, signature_algorithm=signature_algorithm))


def kms_client(key=ROOT, signature_algorithm=None, address=EMULATOR):
    """KMS of alibabacloud_kms20160120."""
    from alibabacloud_kms20160120.client import Client

    return Client(_config(key, address, signature_algorithm=signature_algorithm))


def sts_client(key=ROOT, signature_algorithm=None, address=EMULATOR):
    """STS of alibabacloud_sts20150401."""
    from alibabacloud_sts20150401.client import Client

    return Client(_config(key, address, signature_algorithm=signature_algorithm))


def _config(key, endpoint, **more):
    from alibabacloud_tea_openapi.models import Config

    return Config(
        access_key_id=key.id,
        access_key_secret=key.secret,
        security_token=key.token,
        endpoint=endpoint,
        protocol="http",
        **more,
    )


class CoreClient:
    """RAM, KMS and STS of aliyun-python-sdk-core, by its classes of requests."""

    def __init__(self, key=ROOT, address=EMULATOR):
        from aliyunsdkcore.auth.credentials import AccessKeyCredential, StsTokenCredential
        from aliyunsdkcore.client import AcsClient

        if key.token is None:
            credential = AccessKeyCredential(key.id, key.secret)
        else:
            credential = StsTokenCredential(key.id, key.secret, key.token)
        self.address = address
        self.client = AcsClient(region_id=REGION, credential=credential)

    def call(self, request, **parameters):
        """Sets parameters by their names in the API, sends the request, and returns the parsed answer."""
        for name, value in parameters.items():
            getattr(request, "set_" + name)(value)
        request.set_endpoint(self.address)
        request.set_protocol_type("http")
        return json.loads(self.client.do_action_with_exception(request))
