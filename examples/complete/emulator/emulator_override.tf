# For a rehearsal: copied beside main.tf of ../complete and of ../roles, it leads each account to an emulator of this
# machine. Terraform merges a file with this ending into the blocks of the other files.

provider "alicloud-encryption" {
  alias = "production"

  endpoints {
    log = "http://127.0.0.1:8701"
    ram = "http://127.0.0.1:8701"
    kms = "http://127.0.0.1:8701"
    sts = "http://127.0.0.1:8701"
  }
}

provider "alicloud-encryption" {
  alias = "staging"

  endpoints {
    log = "http://127.0.0.1:8702"
    ram = "http://127.0.0.1:8702"
    kms = "http://127.0.0.1:8702"
    sts = "http://127.0.0.1:8702"
  }
}
