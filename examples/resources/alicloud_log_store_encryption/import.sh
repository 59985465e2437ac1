# By <project_name>:<logstore_name>
terraform import alicloud_log_store_encryption.waf waf-project-1234567890123456-cn-hangzhou:waf-logstore

# By <project_name>:<logstore_name>@<region>, for a project of another region than the provider's
terraform import alicloud_log_store_encryption.waf_beijing waf-project-1234567890123456-cn-beijing:waf-logstore@cn-beijing
