locals {
  logstore = provider::alicloud-encryption::log_store_id_parse("audit-project:app-log")
}

output "project" {
  value = local.logstore.project_name # "audit-project"
}

output "logstore" {
  value = local.logstore.logstore_name # "app-log"
}
