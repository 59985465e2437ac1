# For CI: fails if the check of the configuration fails. Reads the cloud, and changes nothing.
run "nothing_is_in_clear" {
  command = plan
}
