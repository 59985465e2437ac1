//! Lists of projects and stores, and the actions on metric stores.

use super::*;

fn page(member: &str, total: usize, names: std::ops::Range<usize>) -> Reply {
    let names: Vec<Value> = names
        .map(|number| format!("name-{number}"))
        .map(|name| if member == "projects" { json!({ "projectName": name }) } else { name.into() })
        .collect();
    Reply::answer(200, &json!({ "count": names.len(), "total": total, member: names }).to_string())
}

fn urls(harness: &Harness) -> Vec<String> {
    let at = |url: String| url.replace("http://127.0.0.1:8700", "");
    harness.transport.requests().iter().map(|request| at(request.url())).collect()
}

#[tokio::test]
async fn a_page_of_names_is_read() {
    let body = r#"{"count":2,"total":7,"logstores":["app","internal-operation_log"]}"#;
    let harness = Harness::new([Reply::answer(200, body)]);
    let list = ListLogStores {
        size: Some(2),
        logstore_name: Some("a b".into()),
        telemetry_type: Some(TelemetryType::Logs),
        ..ListLogStores::default()
    };
    let page = harness.client.list_log_stores(&harness.context, &project(), &list).await.unwrap();
    let logstores = vec!["app".into(), "internal-operation_log".into()];
    assert_eq!(page, LogStorePage { total: 7, logstores });
    assert_eq!(urls(&harness), ["/logstores?logstoreName=a%20b&offset=0&size=2&telemetryType=None"]);
}

#[tokio::test]
async fn projects_are_listed_at_the_endpoint_itself() {
    let body = r#"{"count":1,"total":1,"projects":[{"projectName":"audit","region":"cn-hangzhou","new":1}]}"#;
    let harness = Harness::new([Reply::answer(200, body)]);
    let list = ListProject { offset: 3, size: Some(2), project_name: Some("aud".into()) };
    let page = harness.client.list_project(&harness.context, &list).await.unwrap();
    assert_eq!(page, ProjectPage { total: 1, projects: vec!["audit".into()] });
    assert_eq!(urls(&harness), ["/?offset=3&projectName=aud&size=2"]);
    assert_eq!(harness.transport.requests()[0].headers.get("host"), Some("127.0.0.1:8700"));

    let harness = Harness::new([Reply::refusal(401, "Unauthorized", "denied")]);
    let error = harness.client.all_projects(&harness.context).await.unwrap_err();
    assert!(
        error.to_string().starts_with("SLS ListProject on the projects of cn-hangzhou was refused"),
        "{error}"
    );
}

#[tokio::test]
async fn an_answer_without_names_or_total_is_malformed() {
    for (body, problem) in [
        (r#"{"projects":[]}"#, "`total` should be a whole number; found nothing"),
        (r#"{"total":1}"#, "`projects` should be a list of objects; found nothing"),
        (r#"{"total":1,"projects":["a"]}"#, "`projects` should be a list of objects; found a list"),
        (r#"{"total":1,"projects":[{}]}"#, "`projects[0].projectName` should be a text; found nothing"),
    ] {
        let harness = Harness::new([Reply::answer(200, body)]);
        let error = harness.client.all_projects(&harness.context).await.unwrap_err();
        assert_eq!((error.kind(), error.message()), (ErrorKind::Malformed, problem));
    }
}

#[tokio::test]
async fn whole_lists_are_read_in_the_largest_pages() {
    let harness = Harness::new([page("projects", 501, 0..500), page("projects", 501, 500..501)]);
    assert_eq!(harness.client.all_projects(&harness.context).await.unwrap().len(), 501);
    assert_eq!(urls(&harness), ["/?offset=0&size=500", "/?offset=500&size=500"]);

    let harness = Harness::new([page("logstores", 501, 0..500), busy(), page("logstores", 501, 500..501)]);
    let project = project();
    let wanted = ListLogStores { telemetry_type: Some(TelemetryType::Metrics), ..ListLogStores::default() };
    let list = harness.client.all_log_stores(&harness.context, &project, &wanted);
    assert_eq!(harness.clock.run(list).await.unwrap().len(), 501, "a page that fails is asked for again");
    assert_eq!(urls(&harness)[0], "/logstores?offset=0&size=500&telemetryType=Metrics");

    let harness = Harness::new([page("metricstores", 2, 0..2)]);
    let wanted = ListMetricStores { name: Some("name".to_owned()), ..ListMetricStores::default() };
    let list = harness.client.all_metric_stores(&harness.context, &project, &wanted).await.unwrap();
    assert_eq!(
        (list, urls(&harness)),
        (vec!["name-0".into(), "name-1".into()], vec!["/metricstores?name=name&offset=0&size=500".into()])
    );
}

#[tokio::test]
async fn cancellation_ends_a_list_between_its_pages() {
    let harness = Harness::new([page("projects", 501, 0..500), Reply::Hang]);
    let list = harness.client.all_projects(&harness.context);
    let (list, ()) = tokio::join!(list, async { harness.context.cancel.cancel() });
    assert_eq!(list.unwrap_err().kind(), ErrorKind::Cancelled);
    assert_eq!(harness.transport.unused(), 0);
}

#[tokio::test]
async fn a_metric_store_has_paths_and_members_of_its_own() {
    let conf = json!({ "enable": true, "encryptType": "sm4_gcm" });
    let store = json!({ "name": "app", "createTime": 1, "encryptConf": conf });
    let harness = Harness::new([Reply::answer(200, &store.to_string()), Reply::answer(200, "")]);
    let (client, context) = (&harness.client, &harness.context);
    let found = client.get_metric_store(context, &project(), &logstore()).await.unwrap();
    assert_eq!(found.encrypt_conf().unwrap().unwrap().encrypt_type, "sm4_gcm");

    let (project, name, body) = (project(), logstore(), json!({ "ttl": 7, "encryptConf": conf }));
    let in_time = Duration::from_hours(1);
    let update = client.update_metric_store(context, &project, &name, body.as_object().unwrap(), in_time);
    assert!(harness.clock.run(update).await.unwrap());
    let requests = harness.transport.requests();
    let said: Vec<_> = requests.iter().map(|request| (request.method, request.path.as_str())).collect();
    assert_eq!(said, [(Method::Get, "/metricstores/app"), (Method::Put, "/metricstores/app")]);
    assert_eq!(requests[1].body, body.to_string().into_bytes());

    let harness = Harness::new([Reply::refusal(404, "LogStoreNotExist", "none")]);
    let read = harness.client.get_metric_store(&harness.context, &project, &name);
    let error = read.await.unwrap_err();
    assert_eq!((error.kind(), error.action()), (ErrorKind::NotFound, "GetMetricStore"));
}
