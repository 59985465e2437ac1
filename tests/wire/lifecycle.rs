//! Stop, shutdown, and what hosts ask of the process itself.

use std::future::Future;

use futures_util::StreamExt as _;
use tokio::time::timeout;
use tonic::{Code, transport::Channel};

use crate::{
    client::{
        self,
        pb::{
            health::{HealthCheckRequest, health_check_response::ServingStatus},
            plugin::Empty,
            tfplugin6::{self as pb, read_resource},
        },
    },
    served::{COOKIE, PATIENCE, Served, serve_refused},
    thing::{HANGS, TYPE_NAME, WAITS, encode, named},
};

fn read_request(name: &str) -> read_resource::Request {
    read_resource::Request {
        type_name: TYPE_NAME.to_owned(),
        current_state: encode(&named(name)),
        ..Default::default()
    }
}

/// Begins to read a thing, and returns when the provider has the call.
async fn begin_read(
    served: &Served,
    channel: &Channel,
    name: &str,
) -> impl Future<Output = Result<read_resource::Response, tonic::Status>> + use<> {
    let mut provider = client::provider(channel);
    let request = read_request(name);
    let call = tokio::spawn(async move { provider.read_resource(request).await });
    timeout(PATIENCE, served.watch.waiting.notified()).await.expect("the call never began");
    async move { call.await.unwrap().map(tonic::Response::into_inner) }
}

#[tokio::test]
async fn stop_cancels_what_runs_and_serves_what_follows() {
    let served = Served::start().await;
    let (channel, mut provider) = served.connect().await;
    for _ in 0..2 {
        let running = begin_read(&served, &channel, WAITS).await;
        let stopped = provider.stop_provider(pb::stop_provider::Request {}).await.unwrap().into_inner();
        assert_eq!(stopped.error, "");
        let read = timeout(PATIENCE, running).await.expect("the call was not cancelled").unwrap();
        assert_eq!(read.diagnostics[0].summary, "Cancelled");
        assert_eq!(read.new_state, encode(&named(WAITS)));
        let read = provider.read_resource(read_request("a")).await.unwrap().into_inner();
        assert_eq!(read.diagnostics, []);
    }
}

#[tokio::test]
async fn shutdown_answers_ends_open_streams_and_removes_the_socket() {
    let served = Served::start().await;
    let directory = served.directory();
    let (channel, _) = served.connect().await;
    let mut stdio = client::stdio(&channel).stream_stdio(()).await.unwrap().into_inner();
    let mut broker =
        client::broker(&channel).start_stream(futures_util::stream::pending()).await.unwrap().into_inner();
    let mut watch = client::health(&channel).watch(HealthCheckRequest::default()).await.unwrap().into_inner();
    assert_eq!(watch.next().await.unwrap().unwrap().status(), ServingStatus::Serving);
    assert!(directory.exists());

    client::controller(&channel).shutdown(Empty {}).await.unwrap();
    let all_end = async { (stdio.next().await, broker.next().await, watch.next().await) };
    let ends = timeout(PATIENCE, all_end).await.expect("a stream stays open");
    assert!(matches!(ends, (None, None, None)), "{ends:?}");
    served.ended().await.unwrap();
    assert!(!directory.exists());
}

#[tokio::test]
async fn shutdown_lets_a_cancelled_call_answer() {
    let served = Served::start().await;
    let (channel, _) = served.connect().await;
    let running = begin_read(&served, &channel, WAITS).await;
    client::controller(&channel).shutdown(Empty {}).await.unwrap();
    let read = timeout(PATIENCE, running).await.expect("the call was not cancelled").unwrap();
    assert_eq!(read.diagnostics[0].summary, "Cancelled");
    served.ended().await.unwrap();
}

#[tokio::test]
async fn shutdown_does_not_wait_for_a_call_that_hangs() {
    let served = Served::start().await;
    let directory = served.directory();
    let (channel, _) = served.connect().await;
    let running = begin_read(&served, &channel, HANGS).await;
    client::controller(&channel).shutdown(Empty {}).await.unwrap();
    served.ended().await.unwrap();
    assert!(!directory.exists());
    drop(running);
}

#[tokio::test]
async fn health_is_known_for_the_plugin_and_the_process() {
    let served = Served::start().await;
    let (channel, _) = served.connect().await;
    let mut health = client::health(&channel);
    for service in ["plugin", ""] {
        let request = HealthCheckRequest { service: service.to_owned() };
        assert_eq!(health.check(request).await.unwrap().into_inner().status(), ServingStatus::Serving);
    }
    let other = HealthCheckRequest { service: "other".to_owned() };
    assert_eq!(health.check(other.clone()).await.unwrap_err().code(), Code::NotFound);
    let mut watch = health.watch(other).await.unwrap().into_inner();
    assert_eq!(watch.next().await.unwrap().unwrap().status(), ServingStatus::ServiceUnknown);
}

#[tokio::test]
async fn a_host_of_another_protocol_is_refused() {
    let error = serve_refused(&[COOKIE, ("PLUGIN_PROTOCOL_VERSIONS", "4,5")]).await;
    assert!(error.to_string().contains("plugin protocol 4,5"), "{error}");
    let error = serve_refused(&[]).await;
    assert!(error.to_string().contains("Terraform provider"), "{error}");
}
