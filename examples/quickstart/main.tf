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
  description = "RAM role that trusts log.aliyuncs.com and may use the key."
  type        = string
  default     = "sls-byok"
}

variable "enable" {
  description = "Whether new logs are encrypted: the only thing that can change later."
  type        = bool
  default     = true
}

resource "alicloud_log_store_encryption" "cloud_firewall" {
  provider = alicloud-encryption

  project_name  = "cloudfirewall-project-${var.account_id}-${var.region}"
  logstore_name = "cloudfirewall-logstore"
  enable        = var.enable
  encrypt_type  = "aes_gcm"

  user_cmk_info = {
    cmk_key_id = var.cmk_key_id
    arn        = "acs:ram::${var.account_id}:role/${var.role_name}"
    region_id  = var.region
  }
}

output "encryption" {
  value = {
    logstore  = alicloud_log_store_encryption.cloud_firewall.id
    mechanism = alicloud_log_store_encryption.cloud_firewall.mechanism
    enabled   = alicloud_log_store_encryption.cloud_firewall.enable
  }
}
