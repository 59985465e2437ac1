# The caller of the module that `tests/emulator.tftest.hcl` runs. It cannot reach the cloud: the provider block names
# this machine, and keys that only the emulator knows. What a provider block names wins over the environment.

terraform {
  required_providers {
    alicloud = {
      source = "sls-encryption/alicloud-encryption"
    }
  }
}

provider "alicloud" {
  region              = "cn-hangzhou"
  access_key          = "ak-root"
  secret_key          = "sk-root"
  allowed_account_ids = ["1234567890123456"]

  endpoints {
    log = "http://127.0.0.1:8700"
    ram = "http://127.0.0.1:8700"
    kms = "http://127.0.0.1:8700"
    sts = "http://127.0.0.1:8700"
  }
}

variable "disabled" {
  type    = set(string)
  default = []
}

# The ARN is known only after it is applied, as that of a role of the same plan.
resource "terraform_data" "role_arn" {
  input = "acs:ram::1234567890123456:role/sls-byok"
}

module "encryption" {
  source = "../.."

  region = "cn-hangzhou"
  projects = {
    "audit-project" = ["app-log", "web-log"]
    "waf-project"   = ["app-log"]
  }
  user_cmk_info = {
    cmk_key_id = "f5136b95-2420-ab31-1234-0123456789ab"
    arn        = terraform_data.role_arn.output
  }
  disabled = var.disabled
}

output "logstores" {
  value = module.encryption.logstores
}

output "not_encrypting" {
  value = module.encryption.not_encrypting
}
