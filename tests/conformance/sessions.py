"""Who a caller is, sessions of roles, and what can be done with one, by every SDK."""

from clients import (
    ACCOUNT,
    ALICE,
    ROOT,
    RPC_V1,
    CoreClient,
    Key,
    kms_client,
    log_client,
    ram_client,
    sls_client,
    sts_client,
)
from control import advance_clock
from given import allow, allowing, make_reader, make_role, make_session
from refusals import refused

PROJECT = "audit-project"
MINUTE = 60
DAY = 24 * 60 * MINUTE


def get_caller_identity():
    from aliyunsdksts.request.v20150401.GetCallerIdentityRequest import GetCallerIdentityRequest

    for algorithm in [None, RPC_V1]:
        root = sts_client(signature_algorithm=algorithm).get_caller_identity().body
        assert (root.account_id, root.identity_type) == (ACCOUNT, "Account")
        assert root.arn == f"acs:ram::{ACCOUNT}:root"
        alice = sts_client(ALICE, signature_algorithm=algorithm).get_caller_identity().body
        assert (alice.identity_type, alice.arn) == ("RAMUser", f"acs:ram::{ACCOUNT}:user/alice")
        assert alice.user_id == alice.principal_id and alice.user_id.isdigit()
    alice = CoreClient(ALICE).call(GetCallerIdentityRequest())
    assert alice["Arn"] == f"acs:ram::{ACCOUNT}:user/alice"
    session = CoreClient(make_session()).call(GetCallerIdentityRequest())
    assert session["IdentityType"] == "AssumedRoleUser"
    assert session["Arn"] == f"acs:ram::{ACCOUNT}:assumed-role/reader/s1"
    assert session["PrincipalId"] == session["RoleId"] + ":s1"


def assume_role_with_core_sdk():
    from aliyunsdksts.request.v20150401.AssumeRoleRequest import AssumeRoleRequest
    from aliyunsdksts.request.v20150401.GetCallerIdentityRequest import GetCallerIdentityRequest

    arn = make_reader()
    answer = CoreClient(ALICE).call(
        AssumeRoleRequest(), RoleArn=arn, RoleSessionName="alice@work", DurationSeconds=900
    )
    assert answer["AssumedRoleUser"]["Arn"] == arn + "/alice@work"
    credentials = answer["Credentials"]
    key = Key(credentials["AccessKeyId"], credentials["AccessKeySecret"], credentials["SecurityToken"])
    assert key.id.startswith("STS.")
    identity = CoreClient(key).call(GetCallerIdentityRequest())
    assert identity["Arn"] == f"acs:ram::{ACCOUNT}:assumed-role/reader/alice@work"


def only_trusted_callers_assume_a_role():
    from alibabacloud_sts20150401 import models

    arn = make_reader()

    def assume(key=ALICE, role_arn=arn, **more):
        request = models.AssumeRoleRequest(role_arn=role_arn, role_session_name="s1", **more)
        sts_client(key).assume_role(request)

    # She may assume this role only, then any that trusts her.
    assume()
    with refused("NoPermission", 403):
        assume(role_arn=arn + "x")
    allow("alice", "be-anyone", allowing("sts:AssumeRole"))
    with refused("EntityNotExist.Role", 404):
        assume(role_arn=arn + "x")
    with refused("NoPermission", 403):
        assume(role_arn=make_role("SlsByok"))
    with refused("NoPermission", 403):
        assume(key=ROOT)
    with refused("InvalidParameter.RoleArn", 400):
        assume(role_arn="reader")
    with refused("InvalidParameter.DurationSeconds", 400):
        assume(duration_seconds=899)


def sls_calls_of_a_session():
    from alibabacloud_sls20201230 import models

    log_client().create_project(PROJECT, "")
    session = make_session()
    for version in ["v1", "v4"]:
        log = log_client(session, version=version)
        assert log.get_project(PROJECT).get_body()["projectName"] == PROJECT
        with refused("Unauthorized", 401):
            log.create_logstore(PROJECT, "app-log")
        sls = sls_client(session, version=version)
        assert sls.get_project(PROJECT, models.GetProjectRequest()).body.project_name == PROJECT
        with refused("Unauthorized", 401):
            sls.delete_project(PROJECT, models.DeleteProjectRequest())


def rpc_calls_of_a_session():
    from alibabacloud_kms20160120 import models as kms
    from alibabacloud_ram20150501 import models as ram
    from aliyunsdkkms.request.v20160120.ListKeysRequest import ListKeysRequest

    session = make_session()
    for algorithm in [None, RPC_V1]:
        keys = kms_client(session, signature_algorithm=algorithm)
        assert keys.list_keys(kms.ListKeysRequest()).body.total_count == 0
        with refused("Forbidden.NoPermission", 403):
            keys.create_key(kms.CreateKeyRequest())
        with refused("NoPermission", 403):
            ram_client(session, signature_algorithm=algorithm).list_users(ram.ListUsersRequest())
    assert CoreClient(session).call(ListKeysRequest())["TotalCount"] == 0


def a_policy_narrows_a_session():
    log_client().create_project(PROJECT, "")
    log_client().create_logstore(PROJECT, "app-log")
    session = log_client(make_session(policy=allowing("log:GetLogStore")))
    session.get_logstore(PROJECT, "app-log")
    # The role may, this session may not.
    with refused("Unauthorized", 401):
        session.list_logstore(PROJECT)


def a_wrong_token():
    from alibabacloud_sls20201230 import models
    from aliyunsdksts.request.v20150401.GetCallerIdentityRequest import GetCallerIdentityRequest

    log_client().create_project(PROJECT, "")
    session = make_session()
    wrong = session.with_token("other")
    for version in ["v1", "v4"]:
        with refused("Unauthorized", 401, says="The security token you provided is invalid."):
            log_client(wrong, version=version).get_project(PROJECT)
        with refused("Unauthorized", 401, says="The security token you provided is invalid."):
            sls_client(wrong, version=version).get_project(PROJECT, models.GetProjectRequest())
    with refused("Unauthorized", 401):
        log_client(session.with_token(None)).get_project(PROJECT)
    for algorithm in [None, RPC_V1]:
        with refused("InvalidSecurityToken.Malformed", 400):
            sts_client(wrong, signature_algorithm=algorithm).get_caller_identity()
        with refused("MissingSecurityToken", 400):
            sts_client(session.with_token(None), signature_algorithm=algorithm).get_caller_identity()
    with refused("InvalidSecurityToken.Malformed", 400):
        CoreClient(wrong).call(GetCallerIdentityRequest())


def an_expired_token():
    from alibabacloud_sls20201230 import models
    from aliyunsdksts.request.v20150401.GetCallerIdentityRequest import GetCallerIdentityRequest

    log_client().create_project(PROJECT, "")
    session = make_session(duration_seconds=15 * MINUTE)
    log_client(session).get_project(PROJECT)
    advance_clock(15 * MINUTE)
    for version in ["v1", "v4"]:
        with refused("Unauthorized", 401, says="The security token you provided has expired."):
            log_client(session, version=version).get_project(PROJECT)
        with refused("Unauthorized", 401, says="The security token you provided has expired."):
            sls_client(session, version=version).get_project(PROJECT, models.GetProjectRequest())
    for algorithm in [None, RPC_V1]:
        with refused("InvalidSecurityToken.Expired", 400):
            sts_client(session, signature_algorithm=algorithm).get_caller_identity()
    with refused("InvalidSecurityToken.Expired", 400):
        CoreClient(session).call(GetCallerIdentityRequest())


def a_clock_that_was_advanced():
    from aliyunsdksts.request.v20150401.GetCallerIdentityRequest import GetCallerIdentityRequest

    log_client().create_project(PROJECT, "")
    for seconds in [-16 * MINUTE, 32 * MINUTE, 30 * DAY]:
        advance_clock(seconds)
        for version in ["v1", "v4"]:
            assert log_client(version=version).get_project(PROJECT).get_body()["projectName"] == PROJECT
        for algorithm in [None, RPC_V1]:
            identity = sts_client(signature_algorithm=algorithm).get_caller_identity().body
            assert identity.account_id == ACCOUNT
        assert CoreClient().call(GetCallerIdentityRequest())["AccountId"] == ACCOUNT
