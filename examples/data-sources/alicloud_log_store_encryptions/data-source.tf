# Every Logstore and metric store of two regions.
data "alicloud_log_store_encryptions" "all" {
  provider = alicloud-encryption

  regions = ["cn-hangzhou", "cn-beijing"]
}

# Those of some projects.
data "alicloud_log_store_encryptions" "firewalls" {
  provider = alicloud-encryption

  project_name_pattern  = "cloudfirewall-project-*"
  logstore_name_pattern = "*-logstore"

  # Stops the run if one of them cannot be read.
  fail_on_unreadable = true
}

output "written_in_clear" {
  value = [
    for logstore in data.alicloud_log_store_encryptions.all.logstores :
    "${logstore.region} ${logstore.id}" if !logstore.encrypted
  ]
}

# What the audit does not know.
output "unreadable" {
  value = data.alicloud_log_store_encryptions.all.unreadable
}
