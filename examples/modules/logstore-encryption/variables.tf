variable "region" {
  description = "The region of the projects and of the KMS key, such as `cn-hangzhou`."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{0,61}[a-z0-9]$", var.region))
    error_message = "The region must be a region id such as cn-hangzhou."
  }
}

variable "projects" {
  description = <<-EOT
    The Logstores to encrypt: for each project the names of its Logstores. They must exist.

    - key: the name of the project
    - value: the names of its Logstores and metric stores
  EOT
  type        = map(set(string))
  nullable    = false

  validation {
    condition = alltrue([
      for project in keys(var.projects) : can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", project))
    ])
    error_message = <<-EOT
      A project name must have 3 to 63 characters: lower-case letters, digits and hyphens, with a letter or digit at
      each end.
    EOT
  }

  validation {
    condition = alltrue([
      for logstore in flatten([for names in var.projects : tolist(names)]) :
      can(regex("^[a-z0-9][a-z0-9_-]{0,61}[a-z0-9]$", logstore))
    ])
    error_message = <<-EOT
      A Logstore name must have 2 to 63 characters: lower-case letters, digits, hyphens and underscores, with a letter
      or digit at each end.
    EOT
  }
}

variable "user_cmk_info" {
  description = <<-EOT
    The KMS key of your own (customer master key, CMK) that encrypts the Logstores (BYOK). Left out, they are
    encrypted with a key of SLS. Permanent: you can neither change the key nor switch between the two later.

    - `cmk_key_id`: the id of a symmetric KMS key of the same region. Neither its ARN nor an alias.
    - `arn`: the ARN of the RAM role that SLS assumes to use the key. The module does not make the role: a role is for a
      whole account, and a call of the module is for one region of it.
  EOT
  type = object({
    cmk_key_id = string
    arn        = string
  })
  default = null

  validation {
    condition     = var.user_cmk_info == null || can(regex("^[^:/\\s]+$", var.user_cmk_info.cmk_key_id))
    error_message = "The cmk_key_id must be the id of a KMS key, neither its ARN nor an alias."
  }

  validation {
    condition = (
      var.user_cmk_info == null ||
      can(regex("^acs:ram::[0-9]+:role/[A-Za-z0-9._@-]{1,64}$", var.user_cmk_info.arn))
    )
    error_message = "The arn must be the ARN of a RAM role: acs:ram::<account id>:role/<name>."
  }
}

variable "encrypt_type" {
  description = "The algorithm. Permanent. The page of `alicloud_log_store_encryption` says what the values are."
  type        = string
  nullable    = false
  default     = "default"

  validation {
    condition = contains([
      "default", "m4", "sm4", "sm4_ecb", "sm4_cbc", "sm4_gcm", "aes_ecb", "aes_cbc", "aes_cfb", "aes_ofb", "aes_gcm",
    ], var.encrypt_type)
    error_message = <<-EOT
      The encrypt_type must be one of default, m4, sm4, sm4_ecb, sm4_cbc, sm4_gcm, aes_ecb, aes_cbc, aes_cfb, aes_ofb,
      aes_gcm.
    EOT
  }
}

variable "disabled" {
  description = "The Logstores of `projects` whose new logs are stored in clear, each as `project:logstore`."
  type        = set(string)
  nullable    = false
  default     = []

  validation {
    condition     = alltrue([for id in var.disabled : can(regex("^[^:]+:[^:]+$", id))])
    error_message = "Each element of disabled must have the form project:logstore."
  }
}
