# Encrypts Logstores that already exist: all with the same algorithm and the same key, in one region of one account.

locals {
  # The keys of `for_each`. A Logstore has the same key in every call of this module, so that no change of the lists
  # needs a `moved` block, and two projects may each have a Logstore of the same name.
  logstores = merge([
    for project, names in var.projects : {
      for name in names : "${project}:${name}" => { project = project, name = name }
    }
  ]...)

  unknown_disabled = setsubtract(var.disabled, keys(local.logstores))
}

resource "alicloud_log_store_encryption" "this" {
  for_each = local.logstores

  region        = var.region
  project_name  = each.value.project
  logstore_name = each.value.name
  enable        = !contains(var.disabled, each.key)
  encrypt_type  = var.encrypt_type

  # Passed on as it is. If a plan makes the role, only its ARN is not known yet, and the plan shows key and mechanism,
  # which are permanent. `try(coalesce(...), null)` here would hide both.
  user_cmk_info = var.user_cmk_info

  # A Logstore that leaves the configuration stays encrypted: nothing is sent. To store new logs in clear, add the
  # Logstore to `disabled` and apply.
  on_destroy = "keep"
}
