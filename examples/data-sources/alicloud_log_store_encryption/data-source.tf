data "alicloud_log_store_encryption" "waf" {
  provider = alicloud-encryption

  project_name  = "waf-project-1234567890123456-cn-hangzhou"
  logstore_name = "waf-logstore"
}

# False also where encryption is configured and disabled.
output "waf_is_encrypted" {
  value = data.alicloud_log_store_encryption.waf.encrypted
}
