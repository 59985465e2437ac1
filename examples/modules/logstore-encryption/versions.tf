terraform {
  required_version = ">= 1.6"

  required_providers {
    # All resource types of the provider begin with `alicloud_`. With this local name Terraform finds the provider by
    # that prefix, and no block of this module needs a `provider` argument. The local name is the module's own: the
    # caller may use another one, and passes the provider in `providers`.
    alicloud = {
      source = "sls-encryption/alicloud-encryption"
    }
  }
}
