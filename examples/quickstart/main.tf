# Encrypts the Logstore that Cloud Firewall created, with a KMS key of your own (BYOK).
# The Logstore, its retention and everything else about it stay Cloud Firewall's.

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

variable "account_id" {
  description = "Alibaba Cloud account that Cloud Firewall writes to."
  type        = string
  default     = "1234567890123456"
}

variable "cmk_key_id" {
  description = "Symmetric KMS key that protects the logs."
  type        = string
  default     = "f5136b95-2420-ab31-1234-0123456789ab"
}

variable "role_name" {
  description = "RAM role through which SLS uses the key. It is made here."
  type        = string
  default     = "sls-byok"
}

variable "byok" {
  description = "Whether the key is your own (BYOK) or one of the service: fixed by the first apply."
  type        = bool
  default     = true
}

variable "enable" {
  description = "Whether new logs are encrypted: the only thing that can change later."
  type        = bool
  default     = true
}

# The role, with its trust policy and both system policies for KMS. Where logs matter, keep it in a state of its own with
# `prevent_destroy`, as ../roles does: without the role, what is encrypted through it cannot be read.
resource "alicloud_ram_byok_role" "sls" {
  provider = alicloud-encryption

  role_name = var.role_name
}

resource "alicloud_log_store_encryption" "cloud_firewall" {
  provider = alicloud-encryption

  project_name  = "cloudfirewall-project-${var.account_id}-${var.region}"
  logstore_name = "cloudfirewall-logstore"
  enable        = var.enable

  user_cmk_info = var.byok ? {
    cmk_key_id = var.cmk_key_id
    arn        = alicloud_ram_byok_role.sls.arn
    region_id  = var.region
  } : null

  # Destroying this configuration removes the role as well, and without it nobody can write to a Logstore that goes on
  # encrypting with it.
  on_destroy = "disable"
}

output "encryption" {
  value = {
    logstore  = alicloud_log_store_encryption.cloud_firewall.id
    mechanism = alicloud_log_store_encryption.cloud_firewall.mechanism
    enabled   = alicloud_log_store_encryption.cloud_firewall.enable
  }
}
