"""Projects, by both SDKs of SLS."""

import os

from clients import ACCOUNT, EMULATOR, LOG_ENDPOINT, REGION, ROOT, log_client, sls_client
from refusals import refused


def life_cycle_with_log_sdk():
    client = log_client()
    client.create_project("audit-project", "of the auditors")
    project = client.get_project("audit-project").get_body()
    assert project["projectName"] == "audit-project"
    assert project["description"] == "of the auditors"
    assert project["region"] == REGION
    assert project["owner"] == ACCOUNT
    assert project["status"] == "Normal"

    client.update_project("audit-project", "of everyone")
    assert client.get_project("audit-project").get_body()["description"] == "of everyone"
    with refused("ProjectAlreadyExist", 400):
        client.create_project("audit-project", "once more")

    client.create_project("other-project", "")
    every = client.list_project()
    assert (every.get_count(), every.get_total()) == (2, 2)
    found = client.list_project(project_name_pattern="audit")
    assert [project["projectName"] for project in found.get_projects()] == ["audit-project"]
    page = client.list_project(offset=1, size=1)
    assert (page.get_count(), page.get_total()) == (1, 2)

    client.delete_project("audit-project")
    with refused("ProjectNotExist", 404):
        client.get_project("audit-project")
    with refused("ProjectNotExist", 404):
        client.list_logstore("audit-project")


def life_cycle_with_sls_sdk():
    from alibabacloud_sls20201230 import models

    client = sls_client()
    # Sent to the bare endpoint: only the body names the project.
    client.create_project(
        models.CreateProjectRequest(project_name="audit-project", description="of the auditors")
    )
    project = client.get_project("audit-project", models.GetProjectRequest()).body
    assert (project.project_name, project.description) == ("audit-project", "of the auditors")
    assert (project.region, project.owner, project.status) == (REGION, ACCOUNT, "Normal")

    client.update_project("audit-project", models.UpdateProjectRequest(description="of everyone"))
    found = client.list_project(models.ListProjectRequest(project_name="audit")).body
    assert (found.count, found.total) == (1, 1)
    assert found.projects[0].description == "of everyone"
    with refused("ProjectAlreadyExist", 400):
        client.create_project(models.CreateProjectRequest(project_name="audit-project", description=""))

    client.delete_project("audit-project", models.DeleteProjectRequest())
    with refused("ProjectNotExist", 404):
        client.get_project("audit-project", models.GetProjectRequest())


def bad_names_are_refused():
    client = log_client()
    for name in ["ab", "Audit", "audit_project", "-audit"]:
        with refused("ParameterInvalid", 400):
            client.create_project(name, "")


def the_proxy_of_the_environment_is_enough():
    from aliyun.log import LogClient

    os.environ["http_proxy"] = "http://" + EMULATOR
    client = LogClient("http://" + LOG_ENDPOINT, ROOT.id, ROOT.secret)
    client.create_project("audit-project", "")
    assert client.list_project().get_total() == 1
