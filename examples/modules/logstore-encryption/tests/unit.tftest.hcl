# The module with a mocked provider: no call is made, and no keys are needed (Terraform 1.7).
#
#   terraform init
#   terraform test -filter=tests/unit.tftest.hcl

mock_provider "alicloud" {
  source = "../../testing/mocks"
}

variables {
  region = "cn-hangzhou"
  projects = {
    "audit-project" = ["app-log", "web-log"]
    "waf-project"   = ["app-log"]
  }
}

run "a_logstore_is_named_by_its_project_and_its_name" {
  command = plan

  assert {
    condition = toset(keys(alicloud_log_store_encryption.this)) == toset([
      "audit-project:app-log", "audit-project:web-log", "waf-project:app-log",
    ])
    error_message = "A Logstore has another key than project:logstore."
  }

  assert {
    condition = (
      alicloud_log_store_encryption.this["waf-project:app-log"].project_name == "waf-project" &&
      alicloud_log_store_encryption.this["waf-project:app-log"].logstore_name == "app-log"
    )
    error_message = "The key is not that of its Logstore."
  }
}

run "with_no_key_it_is_a_key_of_sls" {
  command = plan

  assert {
    condition     = alltrue([for e in alicloud_log_store_encryption.this : e.user_cmk_info == null])
    error_message = "There is a KMS key that nobody gave."
  }

  assert {
    condition     = alltrue([for e in alicloud_log_store_encryption.this : e.encrypt_type == "default" && e.enable])
    error_message = "The algorithm is not the default one, or a Logstore is not encrypted."
  }
}

run "what_is_given_is_passed_on" {
  command = plan

  variables {
    encrypt_type = "sm4"
    disabled     = ["audit-project:web-log"]
    user_cmk_info = {
      cmk_key_id = "f5136b95-2420-ab31-1234-0123456789ab"
      arn        = "acs:ram::1234567890123456:role/sls-byok"
    }
  }

  assert {
    condition = alltrue([
      for e in alicloud_log_store_encryption.this : (
        e.region == "cn-hangzhou" && e.encrypt_type == "sm4" &&
        e.user_cmk_info.cmk_key_id == "f5136b95-2420-ab31-1234-0123456789ab" &&
        e.user_cmk_info.arn == "acs:ram::1234567890123456:role/sls-byok"
      )
    ])
    error_message = "A Logstore has another region, algorithm, key or role than the one that was given."
  }

  assert {
    condition     = output.not_encrypting == tolist(["audit-project:web-log"])
    error_message = "The output does not say which Logstore is written in clear."
  }

  assert {
    condition = (
      output.logstores["audit-project:app-log"].enable && !output.logstores["audit-project:web-log"].enable
    )
    error_message = "Another Logstore is disabled than the one that was named."
  }

  assert {
    condition     = output.logstores["waf-project:app-log"].cmk_key_id == "f5136b95-2420-ab31-1234-0123456789ab"
    error_message = "A plan does not show the key."
  }
}

run "a_destroy_never_disables" {
  command = plan

  assert {
    condition     = alltrue([for e in alicloud_log_store_encryption.this : e.on_destroy == "keep"])
    error_message = "A destroy would store new logs in clear."
  }
}

run "an_apply_gives_outputs_for_audits" {
  command = apply

  assert {
    condition     = length(output.logstores) == 3 && length(output.not_encrypting) == 0
    error_message = "The outputs do not have every Logstore, or say that one is written in clear."
  }
}

run "no_project_is_no_logstore" {
  command = plan

  variables {
    projects = {}
  }

  assert {
    condition     = length(alicloud_log_store_encryption.this) == 0
    error_message = "There is a Logstore that nobody named."
  }
}

run "a_region_is_an_id" {
  command = plan

  variables {
    region = "Hangzhou"
  }

  expect_failures = [var.region]
}

run "a_project_has_a_name_of_sls" {
  command = plan

  variables {
    projects = { "Audit_Project" = ["app-log"] }
  }

  expect_failures = [var.projects]
}

run "a_logstore_has_a_name_of_sls" {
  command = plan

  variables {
    projects = { "audit-project" = ["app log"] }
  }

  expect_failures = [var.projects]
}

run "a_key_is_not_named_by_its_arn" {
  command = plan

  variables {
    user_cmk_info = {
      cmk_key_id = "acs:kms:cn-hangzhou:1234567890123456:key/f5136b95-2420-ab31-1234-0123456789ab"
      arn        = "acs:ram::1234567890123456:role/sls-byok"
    }
  }

  expect_failures = [var.user_cmk_info]
}

run "a_key_is_not_named_by_an_alias" {
  command = plan

  variables {
    user_cmk_info = {
      cmk_key_id = "alias/logs"
      arn        = "acs:ram::1234567890123456:role/sls-byok"
    }
  }

  expect_failures = [var.user_cmk_info]
}

run "a_role_is_named_by_its_arn" {
  command = plan

  variables {
    user_cmk_info = {
      cmk_key_id = "f5136b95-2420-ab31-1234-0123456789ab"
      arn        = "sls-byok"
    }
  }

  expect_failures = [var.user_cmk_info]
}

run "an_algorithm_is_one_of_sls" {
  command = plan

  variables {
    encrypt_type = "SM4"
  }

  expect_failures = [var.encrypt_type]
}

run "a_disabled_logstore_is_named_with_its_project" {
  command = plan

  variables {
    disabled = ["app-log"]
  }

  expect_failures = [var.disabled]
}

run "a_disabled_logstore_is_in_projects" {
  command = plan

  variables {
    disabled = ["audit-project:no-log"]
  }

  expect_failures = [output.logstores]
}
