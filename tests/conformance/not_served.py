"""Every operation that the official SDKs of SLS, RAM, KMS and STS know is either served, or the guide says that it is not.

`UPDATE_EXPECT=1 cargo test --test conformance not_served` writes the list in the guide anew."""

import inspect
import os
import re
import textwrap

from clients import kms_client, ram_client, sls_client, sts_client
from refusals import code_of

GUIDE = os.path.join(os.path.dirname(__file__), "..", "..", "docs", "guides", "emulator-reference.md")
BEGIN = "<!-- The list is written by `UPDATE_EXPECT=1 cargo test --test conformance not_served`. -->"
END = "<!-- The list ends. -->"

# What the services answer an operation with that is not emulated, or that has a path without a method.
NOT_SERVED = {"NotSupported", "InvalidMethod", "InvalidAction.NotFound"}


def the_guide_lists_every_operation_that_is_not_served():
    refused = {}
    for name, client in [("SLS", sls_client()), ("RAM", ram_client()), ("KMS", kms_client()), ("STS", sts_client())]:
        operations = list(_operations(client))
        # A method that is written in another way would be passed over.
        named = set(re.findall(r"\baction ?= ?'(\w+)'", inspect.getsource(inspect.getmodule(type(client)))))
        assert named and named == {operation["action"] for operation in operations}, name
        refused[name] = [operation for operation in operations if not _is_served(client, operation)]
        assert len(refused[name]) < len(operations), name
        refused[name + " in part"] = {
            _family(operation) for operation in operations if operation not in refused[name]
        }
    expected = _as_list(refused)
    with open(GUIDE, encoding="utf-8") as guide:
        text = guide.read()
    before, _, rest = text.partition(BEGIN + "\n")
    listed, _, after = rest.partition(END)
    assert after, f"the guide has no list between {BEGIN!r} and {END!r}"
    if listed != expected and os.environ.get("UPDATE_EXPECT"):
        with open(GUIDE, "w", encoding="utf-8") as guide:
            guide.write(before + BEGIN + "\n" + expected + END + after)
        return
    assert listed == expected, f"the guide says\n{listed}\nand the emulator\n{expected}"


def _operations(client):
    """What a client can do, by the parameters that it calls the service with."""
    for name, method in inspect.getmembers(type(client), inspect.isfunction):
        if not name.endswith("with_options"):
            continue
        source = inspect.getsource(method)
        found = {
            member: re.search(rf"\b{member} ?= ?f?'([^']*)'", source)
            for member in ["action", "version", "pathname", "method", "style", "req_body_type"]
        }
        if found["action"]:
            operation = {member: value.group(1) for member, value in found.items() if value}
            operation["names_project"] = "host_map['project']" in source
            yield operation


def _is_served(client, operation):
    """Calls an operation with nothing in it, and names of what does not exist."""
    from alibabacloud_tea_openapi.utils_models import OpenApiRequest, Params
    from darabonba.runtime import RuntimeOptions

    path = re.sub(r"\{(\w+)\}", lambda name: "0" if "shard" in name[1] else "no-such-thing", operation["pathname"])
    path, _, query = path.partition("?")
    host_map = {"project": "no-such-project"} if operation["names_project"] else {}
    request = OpenApiRequest(host_map=host_map, query=dict(part.split("=") for part in query.split("&") if part))
    params = Params(
        action=operation["action"],
        version=operation["version"],
        protocol="HTTP",
        pathname=path,
        method=operation["method"],
        auth_type="AK",
        style=operation["style"],
        req_body_type=operation["req_body_type"],
        body_type="json",
    )
    call = client.execute if operation["style"] == "ROA" else client.call_api
    try:
        call(params, request, RuntimeOptions(autoretry=False, max_attempts=1))
    except Exception as error:
        return code_of(error) not in NOT_SERVED
    return True


def _family(operation):
    """The first part of the path, where there are paths."""
    return operation["pathname"].split("?")[0].split("/")[1]


def _as_list(refused):
    """The list in the guide: families of paths of which nothing is served, and names."""
    served_families = refused["SLS in part"]
    families = {_family(operation) for operation in refused["SLS"]} - served_families
    others = [operation["action"] for operation in refused["SLS"] if _family(operation) not in families]
    items = [
        ("SLS, everything under", [f"/{family}" for family in families]),
        ("SLS besides", others),
    ]
    items += [(name, [operation["action"] for operation in refused[name]]) for name in ["RAM", "KMS", "STS"]]
    lines = []
    for title, names in items:
        item = f"- **{title}** ({len(names)}): " + ", ".join(f"`{name}`" for name in sorted(names)) + "."
        lines += textwrap.wrap(item, 120, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
    return "\n".join(["", *lines, "", ""])
