# What is encrypted: for each account and region the KMS key, and the Logstores of each project. The key is permanent.

locals {
  # Every project of the shop has these Logstores.
  shop = [
    "access", "audit", "cart", "catalog", "checkout", "delivery",
    "gateway", "inventory", "login", "orders", "payment", "search",
  ]

  production = {
    cn-hangzhou = {
      cmk_key_id = "f5136b95-2420-ab31-1234-0123456789ab"
      projects = {
        "cloudfirewall-project-1234567890123456-cn-hangzhou" = ["cloudfirewall-logstore"]
        "waf-project-1234567890123456-cn-hangzhou"           = ["waf-logstore"]
        "shop-production-hangzhou"                           = local.shop
      }
    }
    cn-shanghai = {
      cmk_key_id = "0b1a2c3d-1111-4222-8333-444455556666"
      projects = {
        "waf-project-1234567890123456-cn-shanghai" = ["waf-logstore"]
        "shop-production-shanghai"                 = local.shop
      }
    }
  }

  staging = {
    cn-beijing = {
      cmk_key_id = "7c6d5e4f-aaaa-4bbb-8ccc-ddddeeeeffff"
      projects = {
        "waf-project-2222222222222222-cn-beijing" = ["waf-logstore"]
        "shop-staging-beijing"                    = local.shop
      }
    }
  }
}
