# By <role_name>
terraform import alicloud_ram_byok_role.sls sls-byok
