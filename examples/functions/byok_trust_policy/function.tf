# Give it to assume_role_policy_document of the role that user_cmk_info.arn names.
output "trust_policy" {
  value = provider::alicloud-encryption::byok_trust_policy()
}
