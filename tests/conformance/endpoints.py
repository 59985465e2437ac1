"""Where services are: what aliyun-python-sdk-core asks Location where no endpoint is set.

Only over TLS, and only at the real name: the emulator is the proxy.
"""

import json
import os

from clients import EMULATOR, REGION, ROOT

os.environ["HTTPS_PROXY"] = "http://" + EMULATOR


def _client(region=REGION):
    from aliyunsdkcore.auth.credentials import AccessKeyCredential
    from aliyunsdkcore.client import AcsClient

    credential = AccessKeyCredential(ROOT.id, ROOT.secret)
    return AcsClient(region_id=region, credential=credential, verify="ca.pem")


def found_in_location():
    from aliyunsdkcore.endpoint.location_service_endpoint_resolver import LocationServiceEndpointResolver
    from aliyunsdkcore.endpoint.resolver_endpoint_request import ResolveEndpointRequest

    resolver = LocationServiceEndpointResolver(_client())

    def asked(code, region=REGION, kind=None):
        request = ResolveEndpointRequest(region, code, code, kind)
        return resolver.resolve(request), resolver.is_product_code_valid(request)

    assert asked("sls") == ("cn-hangzhou.log.aliyuncs.com", True)
    assert asked("kms", "cn-beijing") == ("kms.cn-beijing.aliyuncs.com", True)
    assert asked("sts") == ("sts.cn-hangzhou.aliyuncs.com", True)
    assert asked("ram") == ("ram.aliyuncs.com", True)
    assert asked("sls", kind="innerAPI") == (None, True)
    # The SDK knows both by the text of the error.
    assert asked("ecs") == (None, False)
    assert asked("sls", "nowhere") == (None, True)
    assert resolver._invalid_region_ids == {"nowhere"}


def a_call_without_an_endpoint():
    from aliyunsdkkms.request.v20160120.CreateKeyRequest import CreateKeyRequest

    request = CreateKeyRequest()
    request.set_protocol_type("https")
    key = json.loads(_client().do_action_with_exception(request))
    assert key["KeyMetadata"]["KeyState"] == "Enabled"
