# Finds every Logstore that is written in clear, writes a report about it, fails CI, and encrypts.
#
#   terraform apply                                    looks and reports, and changes nothing in the cloud
#   terraform output -raw report_html > report.html    the report as a page that needs no network
#   terraform output -raw report_markdown              the report as a table for a pull request
#   terraform test                                     fails if the check below fails: for CI
#   terraform apply -var encrypt=true                  encrypts what is written in clear

terraform {
  required_version = ">= 1.5"

  required_providers {
    alicloud-encryption = {
      source = "sls-encryption/alicloud-encryption"
    }
  }
}

# Keys come from the environment: ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET.
provider "alicloud-encryption" {
  region = "cn-hangzhou"
}

variable "regions" {
  description = "The regions to audit."
  type        = set(string)
  default     = ["cn-hangzhou", "cn-beijing"]
}

variable "encrypt" {
  description = "Whether to encrypt what is written in clear. The first configuration of a Logstore is permanent."
  type        = bool
  default     = false
}

data "alicloud_log_store_encryptions" "all" {
  provider = alicloud-encryption

  regions = var.regions
}

locals {
  audit    = data.alicloud_log_store_encryptions.all
  in_clear = [for logstore in local.audit.logstores : logstore if !logstore.encrypted]

  # What makes a table of Markdown out of a text, or a link or a tag, loses its meaning.
  markdown = {
    for row, cells in concat(
      [for l in local.audit.logstores : [
        l.encrypted ? "encrypted" : l.enable == null ? "IN CLEAR, never configured" : "IN CLEAR, disabled",
        l.region, l.project_name, l.logstore_name, l.mechanism, l.encrypt_type, l.cmk_key_id,
      ]],
      [for u in local.audit.unreadable : [
        "NOT READ: ${u.message}", u.region, u.project_name, u.logstore_name, null, null, null,
      ]],
    ) :
    row => [for cell in cells : replace(replace(cell == null ? "" : cell, "/\\s+/", " "), "/([^\\pL\\pN .,:;/@()+-])/", "\\$1")]
  }
}

# Never stops a run: a check that fails is a warning. In terraform test it is a failure.
check "nothing_is_in_clear" {
  assert {
    condition = length(local.in_clear) == 0
    error_message = join("\n", concat(
      ["${length(local.in_clear)} of ${local.audit.total} Logstores are written in clear:"],
      [for logstore in slice(local.in_clear, 0, min(20, length(local.in_clear))) : "  ${logstore.region} ${logstore.id}"],
    ))
  }

  # What could not be read may be in clear.
  assert {
    condition     = local.audit.unreadable_total == 0
    error_message = "${local.audit.unreadable_total} things could not be read."
  }
}

# All Logstores, and not only those in clear: a Logstore that has just been encrypted is no longer in clear, and its
# resource would leave the configuration again. What a Logstore has is permanent, so that it is configured as it is; that
# sends nothing. Where encryption is disabled it is enabled.
resource "alicloud_log_store_encryption" "all" {
  provider = alicloud-encryption
  for_each = {
    for logstore in local.audit.logstores : "${logstore.region}/${logstore.id}" => logstore
    if var.encrypt
  }

  region        = each.value.region
  project_name  = each.value.project_name
  logstore_name = each.value.logstore_name
  encrypt_type  = coalesce(each.value.encrypt_type, "default")
  user_cmk_info = each.value.cmk_key_id == null ? null : {
    cmk_key_id = each.value.cmk_key_id
    arn        = each.value.arn
    region_id  = each.value.cmk_region_id
  }
}

output "in_clear" {
  value = [for logstore in local.in_clear : "${logstore.region} ${logstore.id}"]
}

output "report_html" {
  value = templatefile("${path.module}/report.html.tftpl", { audit = local.audit })
}

output "report_markdown" {
  value = templatefile("${path.module}/report.md.tftpl", { audit = local.audit, rows = local.markdown })
}
