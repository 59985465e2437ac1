# Encrypts a Logstore that already exists with a KMS key of your own (BYOK): the role that Simple Log Service assumes to
# use the key, the permission of one RAM user to hand that role over, and the encryption itself, in one apply.

terraform {
  required_providers {
    alicloud-encryption = {
      source = "sls-encryption/alicloud-encryption"
    }
  }
}

# Keys come from the environment: ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET.
provider "alicloud-encryption" {
  region = var.region
}

variable "region" {
  description = "Region of the project, and of the key."
  type        = string
  default     = "cn-hangzhou"
}

variable "project_name" {
  description = "SLS project of the Logstore."
  type        = string
  default     = "audit-project"
}

variable "logstore_name" {
  description = "Logstore to encrypt. It is never created, changed otherwise or deleted here."
  type        = string
  default     = "app-log"
}

variable "cmk_key_id" {
  description = "Symmetric KMS key that protects the logs."
  type        = string
}

variable "operator" {
  description = "RAM user that applies this configuration."
  type        = string
  default     = "operator"
}

resource "alicloud_ram_byok_role" "sls" {
  provider = alicloud-encryption

  role_name = "sls-byok"

  # Without ram:PassRole on the role, SLS refuses a RAM user's configuration with it.
  pass_role = {
    users = [var.operator]
  }

  # Without the role, a Logstore that is encrypted through it can be neither read nor written.
  lifecycle {
    prevent_destroy = true
  }
}

resource "alicloud_log_store_encryption" "this" {
  provider = alicloud-encryption

  project_name  = var.project_name
  logstore_name = var.logstore_name

  user_cmk_info = {
    cmk_key_id = var.cmk_key_id
    arn        = alicloud_ram_byok_role.sls.arn
    region_id  = var.region
  }
}

output "role_arn" {
  value = alicloud_ram_byok_role.sls.arn
}
