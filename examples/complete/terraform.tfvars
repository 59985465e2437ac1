role_arns = {
  production = "acs:ram::1234567890123456:role/sls-byok"
  staging    = "acs:ram::2222222222222222:role/sls-byok"
}
