data "alicloud_byok_readiness" "this" {
  provider = alicloud-encryption

  cmk_key_id = "f5136b95-2420-ab31-1234-0123456789ab"
  role_arn   = "acs:ram::1234567890123456:role/sls-byok"

  # Who will configure encryption; left out, it is whoever reads this.
  principal = "acs:ram::1234567890123456:user/ci"
}

# What is wrong, each with what to do about it.
output "byok_problems" {
  value = {
    for check in data.alicloud_byok_readiness.this.checks :
    check.name => "${check.detail} ${check.fix}" if check.ok == false
  }
}

# What could not be found out, and why.
output "byok_open_questions" {
  value = {
    for check in data.alicloud_byok_readiness.this.checks :
    check.name => check.detail if check.ok == null
  }
}
