import {
  to       = alicloud_ram_byok_role.sls
  provider = alicloud-encryption

  identity = {
    role_name = "sls-byok"
  }
}
