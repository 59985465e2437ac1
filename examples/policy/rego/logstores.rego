# Rules for a plan, as `terraform show -json PLANFILE` prints it. What is allowed is in data.json.
#
# `deny` holds what must not be applied. `warn` holds what could not be checked and is allowed all the same.
# A value that is missing or null is denied as a wrong one is: each rule names what is right.
package main

import rego.v1

# What data.json says.
default settings := {}

settings := data.logstore_encryption if is_object(data.logstore_encryption)

setting_types := {
	"allow_disable": "boolean",
	"allow_service_key": "boolean",
	"allow_unknown": "array",
	"allowed_algorithms": "array",
	"allowed_keys": "array",
}

# Why nothing can be said about this plan. Without these rules a wrong file would have no violations.
unusable contains msg if {
	some name, wanted in setting_types
	type_name(object.get(settings, name, null)) != wanted
	msg := concat("", ["data.json: logstore_encryption.", name, " is missing or is not of type ", wanted, "."])
}

unusable contains msg if {
	not is_plan
	msg := "The input is not a plan: it must be what `terraform show -json PLANFILE` prints, of format version 1."
}

unusable contains msg if {
	input.errored
	msg := "Terraform could not finish the plan (`errored` is true): it does not hold all changes."
}

is_plan if {
	startswith(input.format_version, "1.")
	is_object(input.planned_values)
}

deny contains msg if some msg in unusable

encryptions contains resource if {
	some resource in input.resource_changes
	resource.type == "alicloud_log_store_encryption"
}

# The plan gives an attribute its value by a create (a replacement has one), by an import, and by an update that changes
# it. What was there before and stays is not judged: nobody could mend it, since most values are permanent. So a
# resource that Terraform leaves as it is, moves, forgets or deletes is given nothing.
gives(resource, _) if "create" in resource.change.actions

gives(resource, _) if is_object(resource.change.importing)

gives(resource, path) if {
	"update" in resource.change.actions
	object.get(resource.change.before, path, null) != value(resource, path)
}

given(resource, path) if {
	gives(resource, path)
	not marked(resource.change.after_unknown, path)
}

# Not `sprintf`: regorus 0.2.8 drops a blank after `%s`.
sentence(resource, words) := concat(" ", array.concat([concat("", [resource.address, ":"])], words))

value(resource, path) := object.get(resource.change.after, path, null)

# A value is unknown, or sensitive, if it or an object that holds it is marked so.
marked(marks, path) if {
	some length in numbers.range(1, count(path))
	object.get(marks, array.slice(path, 0, length), false) == true
}

shown(resource, path) := "a sensitive value" if marked(resource.change.after_sensitive, path)

shown(resource, path) := json.marshal(value(resource, path)) if not marked(resource.change.after_sensitive, path)

is_wrong(resource, path, reason) := sentence(resource, [concat(".", path), "is", found, reason]) if {
	found := concat("", [shown(resource, path), ":"])
}

key_id := ["user_cmk_info", "cmk_key_id"]

# Bring your own key.
deny contains msg if {
	some resource in encryptions
	not settings.allow_service_key
	given(resource, ["user_cmk_info"])
	value(resource, ["user_cmk_info"]) == null
	msg := sentence(resource, ["user_cmk_info is not set: SLS would encrypt with a key of the service."])
}

deny contains msg if {
	some resource in encryptions
	given(resource, key_id)
	value(resource, ["user_cmk_info"]) != null
	not value(resource, key_id) in settings.allowed_keys
	msg := is_wrong(resource, key_id, "it is not in allowed_keys.")
}

deny contains msg if {
	some resource in encryptions
	given(resource, ["encrypt_type"])
	not value(resource, ["encrypt_type"]) in settings.allowed_algorithms
	msg := is_wrong(resource, ["encrypt_type"], "it is not in allowed_algorithms.")
}

# Encryption stays on.
deny contains msg if {
	some resource in encryptions
	not settings.allow_disable
	given(resource, ["enable"])
	value(resource, ["enable"]) != true
	msg := is_wrong(resource, ["enable"], "SLS would store new logs in clear.")
}

deny contains msg if {
	some resource in encryptions
	not settings.allow_disable
	given(resource, ["on_destroy"])
	value(resource, ["on_destroy"]) != "keep"
	msg := is_wrong(resource, ["on_destroy"], "it must be \"keep\", so that a destroy leaves encryption on.")
}

# `after` is null here; the provider acts on `on_destroy` of the state. A replacement and the destroy of a deposed
# object send nothing to SLS.
deny contains msg if {
	some resource in encryptions
	resource.change.actions == ["delete"]
	not resource.deposed
	not settings.allow_disable
	object.get(resource.change.before, "on_destroy", null) != "keep"
	reason := "on_destroy is not \"keep\" in the state: the destroy would disable encryption."
	msg := sentence(resource, [reason])
}

# A replacement deletes the role too.
deny contains msg if {
	some resource in input.resource_changes
	resource.type == "alicloud_ram_byok_role"
	"delete" in resource.change.actions
	reason := "Logstores that are encrypted through it could be neither read nor written."
	msg := sentence(resource, ["the plan deletes the role:", reason])
}

# Values that only the apply will show. They are denied, unless allow_unknown names the attribute.
checked contains path if some path in [["encrypt_type"], ["user_cmk_info"], key_id]

checked contains path if {
	not settings.allow_disable
	some path in [["enable"], ["on_destroy"]]
}

undecided contains finding if {
	some resource in encryptions
	some path in checked
	object.get(resource.change.after_unknown, path, false) == true
	attribute := concat(".", path)
	msg := sentence(resource, [attribute, "is unknown: it is not known until apply, so it cannot be checked."])
	finding := {"attribute": attribute, "msg": msg}
}

deny contains finding.msg if {
	some finding in undecided
	not finding.attribute in settings.allow_unknown
}

warn contains finding.msg if {
	some finding in undecided
	finding.attribute in settings.allow_unknown
}
