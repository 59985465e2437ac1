# The role that SLS assumes to use KMS keys.
resource "alicloud_ram_byok_role" "sls" {
  provider = alicloud-encryption

  role_name   = "sls-byok"
  description = "Lets SLS use the key that encrypts the audit logs"

  tags = {
    team = "audit"
  }

  # RAM users, groups and roles that may configure encryption with it. The account itself needs no permission.
  pass_role = {
    users  = ["log-admin"]
    groups = ["log-operators"]
    roles  = ["deployer"]
  }

  # Without the role, a Logstore that is encrypted through it can be neither read nor written.
  lifecycle {
    prevent_destroy = true
  }
}

# A Logstore that is encrypted through it.
resource "alicloud_log_store_encryption" "app" {
  provider = alicloud-encryption

  project_name  = "audit-project"
  logstore_name = "app-log"

  user_cmk_info = {
    cmk_key_id = "f5136b95-2420-ab31-1234-0123456789ab"
    arn        = alicloud_ram_byok_role.sls.arn
    region_id  = "cn-hangzhou"
  }
}
