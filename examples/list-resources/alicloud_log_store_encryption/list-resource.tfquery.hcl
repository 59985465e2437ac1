# Everything that is encrypted in the provider's region.
list "alicloud_log_store_encryption" "all" {
  provider = alicloud-encryption
  limit    = 1000
}

# What depends on a key, in a project of another region.
list "alicloud_log_store_encryption" "key" {
  provider         = alicloud-encryption
  include_resource = true

  config {
    region       = "cn-beijing"
    project_name = "waf-project-1234567890123456-cn-beijing"
    mechanism    = "byok"
    cmk_key_id   = "f5136b95-2420-ab31-1234-0123456789ab"
  }
}
