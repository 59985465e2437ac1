list "alicloud_ram_byok_role" "all" {
  provider = alicloud-encryption

  config {
    name_prefix = "sls-"
    tags = {
      team = "audit"
    }
  }
}
