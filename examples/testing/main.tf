# A module to test: a role, and a Logstore that is encrypted through it.

terraform {
  required_providers {
    alicloud-encryption = {
      source = "sls-encryption/alicloud-encryption"
    }
  }
}

variable "logstore_name" {
  type    = string
  default = "app-log"
}

resource "alicloud_ram_byok_role" "sls" {
  provider = alicloud-encryption

  role_name = "sls-byok"
}

resource "alicloud_log_store_encryption" "this" {
  provider = alicloud-encryption

  project_name  = "audit-project"
  logstore_name = var.logstore_name

  user_cmk_info = {
    cmk_key_id = "f5136b95-2420-ab31-1234-0123456789ab"
    arn        = alicloud_ram_byok_role.sls.arn
    region_id  = "cn-hangzhou"
  }
}
