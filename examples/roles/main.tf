# The RAM roles that Simple Log Service (SLS) assumes to use the KMS keys, one for each account, in a state of their
# own.
#
# Without its role, a Logstore can be neither read nor written. So nothing that is done to the Logstores may touch a
# role: with a state of their own, no destroy of ../complete deletes one, and `prevent_destroy` refuses a destroy
# here. The ARNs are known when the Logstores are planned, so that a plan can check the roles. And those who encrypt
# Logstores need not be allowed to make roles.

terraform {
  required_version = ">= 1.6"

  required_providers {
    alicloud-encryption = {
      source = "sls-encryption/alicloud-encryption"
    }
  }
}

provider "alicloud-encryption" {
  alias               = "production"
  region              = "cn-hangzhou"
  allowed_account_ids = ["1234567890123456"]

  assume_role {
    role_arn = "acs:ram::1234567890123456:role/role-admin"
  }
}

provider "alicloud-encryption" {
  alias               = "staging"
  region              = "cn-beijing"
  allowed_account_ids = ["2222222222222222"]

  assume_role {
    role_arn = "acs:ram::2222222222222222:role/role-admin"
  }
}

resource "alicloud_ram_byok_role" "production" {
  provider = alicloud-encryption.production

  role_name = "sls-byok"

  # The role that applies ../complete. SLS refuses an encryption configuration from a caller that may not pass the
  # role.
  pass_role = {
    roles = ["terraform"]
  }

  lifecycle {
    prevent_destroy = true
  }
}

resource "alicloud_ram_byok_role" "staging" {
  provider = alicloud-encryption.staging

  role_name = "sls-byok"

  pass_role = {
    roles = ["terraform"]
  }

  lifecycle {
    prevent_destroy = true
  }
}

output "role_arns" {
  description = "The ARN of the role of each account, for ../complete/terraform.tfvars."
  value = {
    production = alicloud_ram_byok_role.production.arn
    staging    = alicloud_ram_byok_role.staging.arn
  }
}
