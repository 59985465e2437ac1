//! The transport over reqwest: rustls on ring, HTTP/1.1.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;

use crate::endpoint::Scheme;
use crate::http::{
    CaBundle, Headers, HttpRequest, HttpResponse, HttpTransport, Method, Proxy, TransportError,
    TransportErrorKind, encoding,
    explain::{explain, innermost},
};
use crate::network::ECS_METADATA;

/// The settings of connections.
#[derive(Clone, Debug)]
pub struct TransportConfig {
    /// The header `User-Agent`.
    pub user_agent: String,
    /// How long connecting may take, including TLS.
    pub connect_timeout: Duration,
    /// How long the server may be silent before and within an answer. The time to connect counts as silence, so a limit
    /// below `connect_timeout` reports a slow connection as silence.
    pub read_timeout: Duration,
    /// How many idle connections to a host are kept open. It should be the number of concurrent requests: with fewer,
    /// connections are opened and closed again and again.
    pub max_idle_connections: usize,
    /// How long an idle connection may be used again.
    pub idle_timeout: Duration,
    /// The largest body of an answer, in bytes, both compressed and decompressed.
    pub max_body_bytes: usize,
    /// Certificate authorities that are trusted in addition to those of the system.
    pub ca_bundle: Option<CaBundle>,
    /// The proxy to every host but this machine; `None` for the one the system is set to use, if any.
    pub proxy: Option<Proxy>,
}

impl TransportConfig {
    /// A page of `ListLogStores` is the largest answer there is: 500 names of 63 bytes. 4 MiB leaves room for
    /// what nobody has thought of and still bounds the memory of ten calls at once.
    const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;

    /// Gateways of the services close connections after some seconds without a request, and a request that is sent
    /// just then is lost (aliyun/terraform-provider-alicloud#10635: about 10 s).
    const IDLE_TIMEOUT: Duration = Duration::from_secs(5);

    /// The usual limits: 5 s to connect, 30 s of silence, 20 idle connections for 5 s, bodies of 4 MiB.
    pub fn new(user_agent: impl Into<String>) -> Self {
        Self {
            user_agent: user_agent.into(),
            connect_timeout: Duration::from_secs(5),
            read_timeout: Duration::from_secs(30),
            max_idle_connections: 20,
            idle_timeout: Self::IDLE_TIMEOUT,
            max_body_bytes: Self::MAX_BODY_BYTES,
            ca_bundle: None,
            proxy: None,
        }
    }
}

/// Sends requests with reqwest.
///
/// It loads nothing before the first call, because reading the system's certificates takes longer than the rest of a
/// start. Connections are kept and reused; a request that finds no idle connection opens one. The dispatcher limits the
/// concurrent requests. An endpoint on this machine is never reached through a proxy.
///
/// After a connection has broken, each request to that host opens a new connection, until all older ones have been idle
/// for too long. A server that closes one connection while a request is sent probably does the same to the next one.
pub struct ReqwestTransport {
    config: TransportConfig,
    clients: Mutex<Clients>,
    /// Held while a client is built, so that each is built once.
    building: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Clients {
    built: BTreeMap<(Route, Reuse), reqwest::Client>,
    broken: Broken,
}

/// When a connection last broke, by address.
#[derive(Default)]
struct Broken(BTreeMap<String, Instant>);

/// Whether a request may use a connection that was used before.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reuse {
    Allowed,
    Never,
}

/// The ways to connect, each of which needs a separate client.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Route {
    /// No proxy and no TLS, so certificates are not read. For this machine, and for the metadata service of an ECS
    /// instance, which is on the instance's own link.
    Plain,
    /// No proxy.
    TlsLoopback,
    /// Through the proxy, if there is one.
    Remote,
}

impl ReqwestTransport {
    /// A transport with these settings. This is cheap and cannot fail; what does not work on this machine is an error
    /// of the first call.
    pub fn new(config: TransportConfig) -> Self {
        Self { config, clients: Mutex::default(), building: tokio::sync::Mutex::default() }
    }

    /// The client for a request. It is built when it is first needed, on a thread that may be blocked: building it
    /// reads the certificates of the machine.
    async fn client(&self, request: &HttpRequest) -> Result<reqwest::Client, TransportError> {
        let reuse =
            self.clients().broken.reuse(&request.origin.url, Instant::now(), self.config.idle_timeout);
        let way = (Route::of(request), reuse);
        let built = || self.clients().built.get(&way).cloned();
        if let Some(client) = built() {
            return Ok(client);
        }
        let _building = self.building.lock().await;
        if let Some(client) = built() {
            return Ok(client);
        }
        let config = self.config.clone();
        let client = tokio::task::spawn_blocking(move || build(&config, way)).await.map_err(|error| {
            let message = format!("the HTTPS client cannot be set up: {error}");
            TransportError::new(TransportErrorKind::Setup, message)
        })??;
        self.clients().built.insert(way, client.clone());
        Ok(client)
    }

    fn clients(&self) -> MutexGuard<'_, Clients> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn exchange(&self, request: &HttpRequest) -> Result<HttpResponse, TransportError> {
        let client = self.client(request).await?;
        let url = request.url();
        let mut builder = client.request(method(request.method), &url);
        for (name, value) in request.headers.iter() {
            builder = builder.header(name, value);
        }
        if !request.body.is_empty() {
            builder = builder.body(request.body.clone());
        }
        let response = builder.send().await.map_err(|error| self.explain(error, request))?;
        self.read(response, request).await
    }

    async fn read(
        &self,
        mut response: reqwest::Response,
        request: &HttpRequest,
    ) -> Result<HttpResponse, TransportError> {
        let status = response.status().as_u16();
        let mut headers = Headers::default();
        for (name, value) in response.headers() {
            if let Ok(value) = value.to_str() {
                headers.set(name.as_str(), value);
            }
        }
        let limit = self.config.max_body_bytes;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.explain(error, request))? {
            if body.len().saturating_add(chunk.len()) > limit {
                return Err(encoding::too_large(&request.origin.host_header, limit));
            }
            body.extend_from_slice(&chunk);
        }
        let body = encoding::decode(&headers, body, limit, &request.origin.host_header)?;
        Ok(HttpResponse { status, headers, body })
    }

    fn explain(&self, error: reqwest::Error, request: &HttpRequest) -> TransportError {
        let error = explain(error, &request.origin.host_header, self.config.proxy.as_ref());
        if error.kind() == TransportErrorKind::Broken {
            self.clients().broken.note(&request.origin.url, Instant::now());
        }
        error
    }
}

impl fmt::Debug for ReqwestTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReqwestTransport").field("config", &self.config).finish_non_exhaustive()
    }
}

impl HttpTransport for ReqwestTransport {
    fn send<'a>(&'a self, request: &'a HttpRequest) -> BoxFuture<'a, Result<HttpResponse, TransportError>> {
        Box::pin(self.exchange(request))
    }
}

impl Broken {
    fn note(&mut self, url: &str, now: Instant) {
        self.0.insert(url.to_owned(), now);
    }

    /// Idle connections are closed meanwhile, and none becomes idle: after twice that time all connections are new.
    fn reuse(&self, url: &str, now: Instant, idle_timeout: Duration) -> Reuse {
        let since = self.0.get(url).map(|broken| now.saturating_duration_since(*broken));
        if since.is_some_and(|since| since < idle_timeout.saturating_mul(2)) {
            Reuse::Never
        } else {
            Reuse::Allowed
        }
    }
}

impl Route {
    fn of(request: &HttpRequest) -> Self {
        match (request.origin.loopback, request.origin.scheme) {
            (true, Scheme::Http) => Self::Plain,
            (false, Scheme::Http) if request.origin.host_header == ECS_METADATA.to_string() => Self::Plain,
            (true, Scheme::Https) => Self::TlsLoopback,
            (false, _) => Self::Remote,
        }
    }
}

/// The message of `rustls-platform-verifier` if the machine trusts no authority. The error has no type of its own.
const NO_AUTHORITIES: &str = "No CA certificates were loaded from the system";

fn build(
    config: &TransportConfig,
    (route, reuse): (Route, Reuse),
) -> Result<reqwest::Client, TransportError> {
    let setup = |what: &str, error: reqwest::Error| {
        let cause = innermost(&error);
        let (kind, message) = if cause.contains(NO_AUTHORITIES) {
            let message = "this machine has no certificate authorities to trust, so HTTPS cannot be used";
            (TransportErrorKind::NoAuthorities, message.to_owned())
        } else {
            (TransportErrorKind::Setup, format!("{what}: {cause}"))
        };
        TransportError::new(kind, message).with_source(error)
    };
    // reqwest takes the provider of the process. An error only says that there is one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = reqwest::Client::builder()
        .user_agent(&config.user_agent)
        .connect_timeout(config.connect_timeout)
        .read_timeout(config.read_timeout)
        .pool_max_idle_per_host(if reuse == Reuse::Never { 0 } else { config.max_idle_connections })
        .pool_idle_timeout(config.idle_timeout)
        .redirect(reqwest::redirect::Policy::none())
        // The dispatcher decides about retries, because it knows whether they are safe.
        .retry(reqwest::retry::never())
        .referer(false)
        .tcp_nodelay(true);
    builder = match route {
        Route::Plain => builder.no_proxy().tls_certs_only([]),
        Route::TlsLoopback => builder.no_proxy(),
        Route::Remote => builder.https_only(true),
    };
    if let (Some(bundle), Route::TlsLoopback | Route::Remote) = (&config.ca_bundle, route) {
        let certificates: Result<Vec<_>, _> =
            bundle.certificates().map(reqwest::Certificate::from_der).collect();
        let certificates = certificates.map_err(|error| setup("the CA bundle cannot be used", error))?;
        builder = builder.tls_certs_merge(certificates);
    }
    if let (Some(proxy), Route::Remote) = (&config.proxy, route) {
        let proxy = proxy.to_reqwest().map_err(|error| setup("the proxy cannot be used", error))?;
        builder = builder.proxy(proxy);
    }
    builder.build().map_err(|error| setup("the HTTPS client cannot be set up", error))
}

fn method(method: Method) -> reqwest::Method {
    match method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Delete => reqwest::Method::DELETE,
    }
}

#[cfg(test)]
mod tests;
