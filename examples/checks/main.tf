# Looks before it leaps: a Logstore is encrypted only if its key and its role are ready, and what could not be found
# out about them is a warning.

terraform {
  required_providers {
    alicloud-encryption = {
      source = "sls-encryption/alicloud-encryption"
    }
  }
}

# Keys come from the environment: ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET.
provider "alicloud-encryption" {
  region = "cn-hangzhou"
}

locals {
  cmk = {
    cmk_key_id = "f5136b95-2420-ab31-1234-0123456789ab"
    arn        = "acs:ram::1234567890123456:role/sls-byok"
    region_id  = "cn-hangzhou"
  }
}

data "alicloud_byok_readiness" "this" {
  provider = alicloud-encryption

  cmk_key_id = local.cmk.cmk_key_id
  role_arn   = local.cmk.arn
  region_id  = local.cmk.region_id
}

resource "alicloud_log_store_encryption" "cloud_firewall" {
  provider = alicloud-encryption

  project_name  = "cloudfirewall-project-1234567890123456-cn-hangzhou"
  logstore_name = "cloudfirewall-logstore"
  user_cmk_info = local.cmk

  lifecycle {
    # Stops the run, with everything that has to be done. What could not be read does not stop it.
    precondition {
      condition = data.alicloud_byok_readiness.this.ready
      error_message = join("\n\n", [
        for check in data.alicloud_byok_readiness.this.checks :
        "${check.name}: ${check.detail} ${check.fix}" if check.ok == false
      ])
    }
  }
}

# Never stops a run, but says what is wrong and what could not be found out. A check without the precondition above
# serves where an existing configuration is only watched.
check "byok" {
  assert {
    condition = data.alicloud_byok_readiness.this.ready && data.alicloud_byok_readiness.this.complete
    error_message = join("\n\n", [
      for check in data.alicloud_byok_readiness.this.checks :
      "${check.name}: ${check.detail}" if check.ok != true
    ])
  }
}
