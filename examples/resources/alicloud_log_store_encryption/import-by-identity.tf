import {
  to       = alicloud_log_store_encryption.waf
  provider = alicloud-encryption

  identity = {
    project_name  = "waf-project-1234567890123456-cn-hangzhou"
    logstore_name = "waf-logstore"
  }
}

# For a project of another region than the provider's.
import {
  to       = alicloud_log_store_encryption.waf_beijing
  provider = alicloud-encryption

  identity = {
    project_name  = "waf-project-1234567890123456-cn-beijing"
    logstore_name = "waf-logstore"
    region        = "cn-beijing"
  }
}
