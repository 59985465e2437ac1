"""Each scheme of signatures, by a client that uses it; and wrong secrets, unknown keys and wrong regions."""

from clients import ROOT, RPC_V1, CoreClient, Key, kms_client, log_client, ram_client, sls_client, sts_client
from recorder import Recorder
from refusals import refused

PROJECT = "audit-project"
# Letters that are encoded differently where they are sent and where they are signed.
ODD = "a b+c*~/日志&=%"


def sls_v1_hmac_sha1():
    with Recorder() as recorder:
        client = log_client(proxy=recorder.address)
        client.create_project(PROJECT, ODD)
        assert recorder.headers["authorization"].startswith("LOG ak-root:")
        assert recorder.headers["x-log-signaturemethod"] == "hmac-sha1"
        assert client.get_project(PROJECT).get_body()["description"] == ODD
        assert client.list_logstore(PROJECT, logstore_name_pattern=ODD).get_total() == 0


def sls_v1_hmac_sha256():
    from alibabacloud_sls20201230 import models

    with Recorder() as recorder:
        client = sls_client(proxy=recorder.address)
        client.create_project(models.CreateProjectRequest(project_name=PROJECT, description=ODD))
        assert recorder.headers["authorization"].startswith("LOG ak-root:")
        assert recorder.headers["x-log-signaturemethod"] == "hmac-sha256"
        assert client.get_project(PROJECT, models.GetProjectRequest()).body.description == ODD
        found = client.list_log_stores(PROJECT, models.ListLogStoresRequest(logstore_name=ODD)).body
        assert found.total == 0


def sls_v4_of_log_sdk():
    with Recorder() as recorder:
        client = log_client(version="v4", proxy=recorder.address)
        client.create_project(PROJECT, ODD)
        assert recorder.headers["authorization"].startswith("SLS4-HMAC-SHA256 Credential=ak-root/")
        assert client.get_project(PROJECT).get_body()["description"] == ODD
        assert client.list_logstore(PROJECT, logstore_name_pattern=ODD).get_total() == 0


def sls_v4_of_sls_sdk():
    from alibabacloud_sls20201230 import models

    with Recorder() as recorder:
        client = sls_client(version="v4", proxy=recorder.address)
        client.create_project(models.CreateProjectRequest(project_name=PROJECT, description=ODD))
        assert recorder.headers["authorization"].startswith("SLS4-HMAC-SHA256 Credential=ak-root/")
        assert client.get_project(PROJECT, models.GetProjectRequest()).body.description == ODD
        found = client.list_log_stores(PROJECT, models.ListLogStoresRequest(logstore_name=ODD)).body
        assert found.total == 0


def acs3():
    from alibabacloud_kms20160120 import models as kms
    from alibabacloud_ram20150501 import models as ram

    with Recorder() as recorder:
        client = ram_client(address=recorder.address)
        client.create_user(ram.CreateUserRequest(user_name="bob", comments=ODD))
        assert recorder.headers["authorization"].startswith("ACS3-HMAC-SHA256 Credential=ak-root,")
        assert client.get_user(ram.GetUserRequest(user_name="bob")).body.user.comments == ODD
        key = kms_client(address=recorder.address).create_key(kms.CreateKeyRequest(description=ODD)).body
        assert key.key_metadata.description == ODD
        assert sts_client(address=recorder.address).get_caller_identity().body.identity_type == "Account"


def rpc_v1_of_newer_sdk():
    from alibabacloud_kms20160120 import models as kms
    from alibabacloud_ram20150501 import models as ram

    with Recorder() as recorder:
        options = {"signature_algorithm": RPC_V1, "address": recorder.address}
        client = ram_client(**options)
        client.create_user(ram.CreateUserRequest(user_name="bob", comments=ODD))
        assert "SignatureMethod=HMAC-SHA1" in recorder.target
        assert "authorization" not in recorder.headers
        assert client.get_user(ram.GetUserRequest(user_name="bob")).body.user.comments == ODD
        key = kms_client(**options).create_key(kms.CreateKeyRequest(description=ODD)).body
        assert key.key_metadata.description == ODD
        assert sts_client(**options).get_caller_identity().body.identity_type == "Account"


def rpc_v1_of_core_sdk():
    from aliyunsdkkms.request.v20160120.CreateKeyRequest import CreateKeyRequest
    from aliyunsdkram.request.v20150501.CreateUserRequest import CreateUserRequest
    from aliyunsdkram.request.v20150501.GetUserRequest import GetUserRequest
    from aliyunsdksts.request.v20150401.GetCallerIdentityRequest import GetCallerIdentityRequest

    with Recorder() as recorder:
        client = CoreClient(address=recorder.address)
        client.call(CreateUserRequest(), UserName="bob", Comments=ODD)
        assert "SignatureMethod=HMAC-SHA1" in recorder.target
        assert client.call(GetUserRequest(), UserName="bob")["User"]["Comments"] == ODD
        key = client.call(CreateKeyRequest(), Description=ODD)
        assert key["KeyMetadata"]["Description"] == ODD
        assert client.call(GetCallerIdentityRequest())["IdentityType"] == "Account"


def rpc_v1_with_get_and_with_a_form():
    from aliyunsdkcore.request import CommonRequest

    def request(action, method):
        made = CommonRequest(version="2015-05-01", action_name=action)
        made.set_domain("")
        made.set_accept_format("json")
        made.set_method(method)
        return made

    with Recorder() as recorder:
        client = CoreClient(address=recorder.address)
        create = request("CreateUser", "POST")
        create.add_query_param("UserName", "bob")
        create.add_body_params("Comments", ODD)
        assert client.call(create)["User"]["Comments"] == ODD
        assert recorder.headers["content-type"].startswith("application/x-www-form-urlencoded")
        assert "Comments" not in recorder.target
        get = request("GetUser", "GET")
        get.add_query_param("UserName", "bob")
        assert client.call(get)["User"]["Comments"] == ODD


def a_wrong_secret():
    from alibabacloud_sls20201230 import models
    from aliyunsdksts.request.v20150401.GetCallerIdentityRequest import GetCallerIdentityRequest

    log_client().create_project(PROJECT, "")
    wrong = ROOT.with_secret("sk-other")
    for version in ["v1", "v4"]:
        with refused("SignatureNotMatch", 401):
            log_client(wrong, version=version).get_project(PROJECT)
        with refused("SignatureNotMatch", 401):
            sls_client(wrong, version=version).get_project(PROJECT, models.GetProjectRequest())
    for algorithm in [None, RPC_V1]:
        with refused("SignatureDoesNotMatch", 400):
            sts_client(wrong, signature_algorithm=algorithm).get_caller_identity()
    # It takes the server's string to sign out of the message, compares it with its own, and says that
    # therefore it must be the secret.
    with refused("InvalidAccessKeySecret", 400):
        CoreClient(wrong).call(GetCallerIdentityRequest())


def an_unknown_key():
    from alibabacloud_sls20201230 import models
    from aliyunsdksts.request.v20150401.GetCallerIdentityRequest import GetCallerIdentityRequest

    unknown = Key("ak-nobody", "sk-nobody")
    for version in ["v1", "v4"]:
        with refused("Unauthorized", 401, says="ak-nobody"):
            log_client(unknown, version=version).get_project(PROJECT)
        with refused("Unauthorized", 401, says="ak-nobody"):
            sls_client(unknown, version=version).get_project(PROJECT, models.GetProjectRequest())
    for algorithm in [None, RPC_V1]:
        with refused("InvalidAccessKeyId.NotFound", 404):
            sts_client(unknown, signature_algorithm=algorithm).get_caller_identity()
    with refused("InvalidAccessKeyId.NotFound", 404):
        CoreClient(unknown).call(GetCallerIdentityRequest())


def only_version_4_binds_the_region():
    from alibabacloud_sls20201230 import models

    log_client().create_project(PROJECT, "")
    log_client(region="cn-beijing").get_project(PROJECT)
    sls_client(region="cn-beijing").get_project(PROJECT, models.GetProjectRequest())
    with refused("SignatureNotMatch", 401):
        log_client(version="v4", region="cn-beijing").get_project(PROJECT)
    with refused("SignatureNotMatch", 401):
        sls_client(version="v4", region="cn-beijing").get_project(PROJECT, models.GetProjectRequest())
