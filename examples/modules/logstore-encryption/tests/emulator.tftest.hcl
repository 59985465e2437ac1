# The module against the emulator, which has the rules of SLS, RAM and KMS:
#
#   alicloud-emulator serve --listen 127.0.0.1:8700 --seed tests/emulator/emulator.json
#   terraform init
#   terraform test -filter=tests/emulator.tftest.hcl
#
# It can reach no account: see tests/emulator/main.tf. README.md says what a test does that can.

run "a_plan_shows_what_is_permanent" {
  command = plan

  module {
    source = "./tests/emulator"
  }

  assert {
    condition = alltrue([
      for logstore in output.logstores : (
        logstore.mechanism == "byok" && logstore.encrypt_type == "default" &&
        logstore.cmk_key_id == "f5136b95-2420-ab31-1234-0123456789ab"
      )
    ])
    error_message = "The mechanism, the algorithm or the key of a Logstore is not the one that was given."
  }
}

run "an_apply_encrypts" {
  module {
    source = "./tests/emulator"
  }

  assert {
    condition     = length(output.logstores) == 3 && length(output.not_encrypting) == 0
    error_message = "A Logstore is missing, or new logs are stored in clear."
  }
}

run "a_second_plan_has_nothing_to_do" {
  command = plan

  module {
    source = "./tests/emulator"
  }

  assert {
    condition     = output.logstores == run.an_apply_encrypts.logstores
    error_message = "A second plan changes something."
  }
}

run "enable_can_change" {
  module {
    source = "./tests/emulator"
  }

  variables {
    disabled = ["waf-project:app-log"]
  }

  assert {
    condition     = output.not_encrypting == tolist(["waf-project:app-log"])
    error_message = "The Logstore that is written in clear is not the one that was named."
  }
}
