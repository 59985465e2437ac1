# Encrypts 40 Logstores in three regions of two accounts.
#
# There is one provider block for each account. A block serves every region, because each Logstore names its own. So
# the regions of an account are the `for_each` of one module call, and a new region is a new entry in logstores.tf. A
# provider cannot be chosen in `for_each`, so each account has a module call of its own.
#
# A provider block for each account and region would work too. But Terraform starts a provider for each block. Each of
# them would read the role and the permissions again, and none would know which Logstores the others configure.

terraform {
  required_version = ">= 1.6"

  required_providers {
    alicloud-encryption = {
      source = "sls-encryption/alicloud-encryption"
    }
  }
}

# Keys come from the environment: ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET. They assume a role
# of each account. With keys that lead to another account, `allowed_account_ids` stops the run before anything is
# read.
provider "alicloud-encryption" {
  alias               = "production"
  region              = "cn-hangzhou"
  allowed_account_ids = ["1234567890123456"]

  assume_role {
    role_arn = "acs:ram::1234567890123456:role/terraform"
  }
}

provider "alicloud-encryption" {
  alias               = "staging"
  region              = "cn-beijing"
  allowed_account_ids = ["2222222222222222"]

  assume_role {
    role_arn = "acs:ram::2222222222222222:role/terraform"
  }
}

# A variable, and not the data source `terraform_remote_state`: whoever plans here needs no access to the state of the
# roles, and a review shows the ARN. It stays the same for as long as there are Logstores that need the role.
variable "role_arns" {
  description = "The ARN of the role of each account: the output `role_arns` of ../roles."
  type = object({
    production = string
    staging    = string
  })
}

module "production" {
  source   = "../modules/logstore-encryption"
  for_each = local.production

  providers = {
    alicloud = alicloud-encryption.production
  }

  region   = each.key
  projects = each.value.projects
  user_cmk_info = {
    cmk_key_id = each.value.cmk_key_id
    arn        = var.role_arns.production
  }
}

module "staging" {
  source   = "../modules/logstore-encryption"
  for_each = local.staging

  providers = {
    alicloud = alicloud-encryption.staging
  }

  region   = each.key
  projects = each.value.projects
  user_cmk_info = {
    cmk_key_id = each.value.cmk_key_id
    arn        = var.role_arns.staging
  }
}

locals {
  encryptions = concat(values(module.production), values(module.staging))
}

# For reviews: one line for each Logstore, in the plan that changes it.
output "logstores" {
  description = "Mechanism, algorithm and key of each Logstore, by its region and `project:logstore`."
  value = merge([
    for encryption in local.encryptions : {
      for id, logstore in encryption.logstores : "${logstore.region} ${id}" =>
      join(" ", compact([logstore.mechanism, logstore.encrypt_type, logstore.cmk_key_id]))
    }
  ]...)
}

# For audits: `terraform output -json not_encrypting` is `[]` as long as all are encrypted.
output "not_encrypting" {
  description = "The Logstores whose new logs are stored in clear, each as `project:logstore`."
  value       = flatten(local.encryptions[*].not_encrypting)
}
