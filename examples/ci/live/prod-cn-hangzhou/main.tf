# The Logstores of the account "prod" in cn-hangzhou. A directory is a state of its own: what goes wrong here goes wrong here only.

terraform {
  required_version = ">= 1.6"

  # TF_HTTP_ADDRESS, TF_HTTP_USERNAME and TF_HTTP_PASSWORD say where the state is. Put your own backend here.
  backend "http" {}

  required_providers {
    alicloud-encryption = {
      source = "sls-encryption/alicloud-encryption"
    }
  }
}

# Which role this is comes from the environment of the job: ALIBABA_CLOUD_ROLE_ARN.
provider "alicloud-encryption" {
  region              = "cn-hangzhou"
  allowed_account_ids = ["1234567890123456"]
}

module "logstores" {
  source    = "../../../modules/logstore-encryption"
  providers = { alicloud = alicloud-encryption }

  region = "cn-hangzhou"
  projects = {
    "cloudfirewall-project-1234567890123456-cn-hangzhou" = ["cloudfirewall-logstore"]
    "waf-project-1234567890123456-cn-hangzhou"           = ["waf-logstore"]
  }

  user_cmk_info = {
    cmk_key_id = "f5136b95-2420-ab31-1234-0123456789ab"
    arn        = "acs:ram::1234567890123456:role/sls-byok"
  }
}
