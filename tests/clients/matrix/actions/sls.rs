//! The actions of SLS.

use cloud::names::{LogstoreName, ProjectName};
use cloud::sls::{EncryptConf, ListLogStores, ListMetricStores, ListProject};
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::super::cases::Service;
use super::{Action, Kind, Run};

pub fn actions() -> Vec<Action> {
    let read = |name, run: Run| Action::new(Service::Sls, name, Kind::Read, run);
    vec![
        read("GetLogStore", |on| {
            Box::pin(async { on.sls.get_log_store(&on.context, &audit(), &app()).await.map(drop) })
        }),
        read("ListLogStores", |on| {
            Box::pin(async {
                on.sls.list_log_stores(&on.context, &audit(), &ListLogStores::default()).await.map(drop)
            })
        }),
        read("ListProject", |on| {
            Box::pin(async { on.sls.list_project(&on.context, &ListProject::default()).await.map(drop) })
        }),
        read("ListMetricStores", |on| {
            Box::pin(async {
                on.sls.list_metric_stores(&on.context, &audit(), &ListMetricStores::default()).await.map(drop)
            })
        }),
        read("GetMetricStore", |on| {
            Box::pin(async { on.sls.get_metric_store(&on.context, &audit(), &cpu()).await.map(drop) })
        }),
        Action::new(
            Service::Sls,
            "UpdateMetricStore",
            Kind::WriteOnce(|on| {
                Box::pin(async {
                    let found = on.sls.get_metric_store(&on.context, &audit(), &cpu()).await.unwrap();
                    found.fields()["ttl"] == 7
                })
            }),
            |on| {
                Box::pin(async {
                    let (project, name, body) = (audit(), cpu(), update("name", "cpu"));
                    let in_time = Duration::from_hours(1000);
                    let sent = on.sls.update_metric_store(&on.context, &project, &name, &body, in_time);
                    sent.await.map(|sent| assert!(sent))
                })
            },
        ),
        Action::new(
            Service::Sls,
            "UpdateLogStore",
            Kind::WriteOnce(|on| {
                Box::pin(async {
                    let found = on.sls.get_log_store(&on.context, &audit(), &app()).await.unwrap();
                    found.fields()["ttl"] == 7
                })
            }),
            |on| {
                Box::pin(async {
                    let (project, logstore, body) = (audit(), app(), update("logstoreName", "app"));
                    let in_time = Duration::from_hours(1000);
                    let sent = on.sls.update_log_store(&on.context, &project, &logstore, &body, in_time);
                    sent.await.map(|sent| assert!(sent))
                })
            },
        ),
        Action::new(
            Service::Sls,
            "UpdateLogStoreEncryption",
            Kind::WriteOnce(|on| {
                Box::pin(async {
                    let found = on.sls.get_log_store(&on.context, &audit(), &app()).await.unwrap();
                    found.encrypt_conf().unwrap().is_some()
                })
            }),
            |on| {
                Box::pin(async {
                    let conf =
                        EncryptConf { enable: true, encrypt_type: "default".to_owned(), user_cmk_info: None };
                    on.sls.update_log_store_encryption(&on.context, &audit(), &app(), &conf).await
                })
            },
        ),
    ]
}

fn update(member: &str, name: &str) -> Map<String, Value> {
    let Value::Object(body) = json!({ member: name, "ttl": 7, "shardCount": 2 }) else { panic!("an object") };
    body
}

fn audit() -> ProjectName {
    ProjectName::parse("audit").unwrap()
}

fn app() -> LogstoreName {
    LogstoreName::parse("app").unwrap()
}

fn cpu() -> LogstoreName {
    LogstoreName::parse("cpu").unwrap()
}
