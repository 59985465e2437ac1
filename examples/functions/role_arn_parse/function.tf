variable "role_arn" {
  type    = string
  default = "acs:ram::1234567890123456:role/sls-byok"
}

# Say before anything is applied that the role is not of the account it should be.
check "role_of_this_account" {
  assert {
    condition     = provider::alicloud-encryption::role_arn_parse(var.role_arn).account_id == "1234567890123456"
    error_message = "${var.role_arn} is a role of another account."
  }
}
