# Attach a policy with this document to the user or role that runs Terraform.
output "pass_role_policy" {
  value = provider::alicloud-encryption::pass_role_policy("acs:ram::1234567890123456:role/sls-byok")
}
