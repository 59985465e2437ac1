# What a mocked provider gives for the attributes that it computes. Without these defaults Terraform makes up random
# texts, which are no ARNs and no algorithms. Arguments that a configuration sets keep their values.

mock_resource "alicloud_ram_byok_role" {
  defaults = {
    id                   = "sls-byok"
    arn                  = "acs:ram::1234567890123456:role/sls-byok"
    role_id              = "300000000000000001"
    create_date          = "2026-01-01T00:00:00Z"
    description          = "Lets Simple Log Service use KMS keys to encrypt Logstores"
    max_session_duration = 3600
    force                = false
    kms_policies         = ["AliyunKMSCryptoUserAccess", "AliyunKMSReadOnlyAccess"]
    trust_policy         = "{\"Statement\":[{\"Action\":\"sts:AssumeRole\",\"Effect\":\"Allow\",\"Principal\":{\"Service\":[\"log.aliyuncs.com\"]}}],\"Version\":\"1\"}"
    pass_role_policy     = "{\"Statement\":[{\"Action\":\"ram:PassRole\",\"Effect\":\"Allow\",\"Resource\":\"acs:ram::1234567890123456:role/sls-byok\"}],\"Version\":\"1\"}"
  }
}

mock_resource "alicloud_log_store_encryption" {
  defaults = {
    id                   = "audit-project:app-log"
    region               = "cn-hangzhou"
    mechanism            = "byok"
    enable               = true
    encrypt_type         = "default"
    on_immutable_change  = "error"
    on_destroy           = "keep"
    logstore_create_time = 1767225600
  }
}

mock_data "alicloud_byok_readiness" {
  defaults = {
    ready    = true
    complete = true
  }
}
