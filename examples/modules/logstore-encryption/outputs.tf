output "logstores" {
  description = <<-EOT
    How each Logstore is encrypted, by `project:logstore`. A plan shows what an apply changes in it.

    - `region`: the region of the project
    - `mechanism`: `byok` or `service_key`
    - `encrypt_type`: the algorithm
    - `cmk_key_id`: the id of the KMS key, null with a key of SLS
    - `enable`: whether new logs are encrypted
  EOT
  value = {
    for id, encryption in alicloud_log_store_encryption.this : id => {
      region       = encryption.region
      mechanism    = encryption.mechanism
      encrypt_type = encryption.encrypt_type
      cmk_key_id   = encryption.user_cmk_info == null ? null : encryption.user_cmk_info.cmk_key_id
      enable       = encryption.enable
    }
  }

  # Here, and not in a validation of the variable: before Terraform 1.9 that could not look at another variable.
  precondition {
    condition     = length(local.unknown_disabled) == 0
    error_message = "These elements of disabled are not in projects: ${join(", ", local.unknown_disabled)}."
  }
}

output "not_encrypting" {
  description = "The Logstores whose new logs are stored in clear, each as `project:logstore`."
  value       = sort([for id, encryption in alicloud_log_store_encryption.this : id if !encryption.enable])
}
