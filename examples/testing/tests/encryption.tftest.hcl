# Run with `terraform test`. No call is made and no keys are needed.

mock_provider "alicloud-encryption" {
  source = "./mocks"
}

run "the_logstore_is_encrypted_through_the_role" {
  command = apply

  assert {
    condition     = alicloud_log_store_encryption.this.user_cmk_info.arn == alicloud_ram_byok_role.sls.arn
    error_message = "The Logstore is not encrypted through the role of this module."
  }

  assert {
    condition     = alicloud_log_store_encryption.this.enable
    error_message = "The Logstore is not encrypted."
  }
}
