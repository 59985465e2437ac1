resource "alicloud_log_store_encryption" "app" {
  project_name  = "audit-project"
  logstore_name = "app-log"

  lifecycle {
    action_trigger {
      events  = [after_create, after_update]
      actions = [action.alicloud_log_store_encryption_verify.app]
    }
  }
}

# The apply fails if new logs would not be stored encrypted.
action "alicloud_log_store_encryption_verify" "app" {
  config {
    logstores = [alicloud_log_store_encryption.app]
  }
}

# Without a change of anything, for a pipeline that runs each night:
#   terraform apply -invoke=action.alicloud_log_store_encryption_verify.firewall
action "alicloud_log_store_encryption_verify" "firewall" {
  config {
    logstores = [
      { project_name = "cloudfirewall-project", logstore_name = "cloudfirewall-logstore" },
      { project_name = "audit-project", logstore_name = "cpu", region = "cn-shanghai" },
    ]
  }
}
