# A key of the service: nothing else is needed.
resource "alicloud_log_store_encryption" "waf" {
  provider = alicloud-encryption

  project_name  = "waf-project-1234567890123456-cn-hangzhou"
  logstore_name = "waf-logstore"
  encrypt_type  = "sm4_gcm"
}

# A KMS key of your own (BYOK), used by the service through a RAM role.
resource "alicloud_log_store_encryption" "cloud_firewall" {
  provider = alicloud-encryption

  project_name  = "cloudfirewall-project-1234567890123456-cn-hangzhou"
  logstore_name = "cloudfirewall-logstore"

  user_cmk_info = {
    cmk_key_id = "f5136b95-2420-ab31-1234-0123456789ab"
    arn        = "acs:ram::1234567890123456:role/sls-byok"
    region_id  = "cn-hangzhou"
  }

  # Switch encryption off when this resource is destroyed. Left out, SLS keeps encrypting what is written.
  on_destroy = "disable"
}

# A Logstore of another region than the provider's.
resource "alicloud_log_store_encryption" "waf_beijing" {
  provider = alicloud-encryption

  project_name  = "waf-project-1234567890123456-cn-beijing"
  logstore_name = "waf-logstore"
  region        = "cn-beijing"
}
