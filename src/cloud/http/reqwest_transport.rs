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

/// How connections are made.
#[derive(Clone, Debug)]
pub struct TransportConfig {
    /// The header `User-Agent`.
    pub user_agent: String,
    /// How long a connection may take, TLS included.
    pub connect_timeout: Duration,
    /// How long the other side may stay silent before and within an answer. The time to connect counts
    /// before the answer, so a limit below `connect_timeout` reports a slow connection as silence.
    pub read_timeout: Duration,
    /// How many connections to a host are kept open for the next request. More than requests run at once are of
    /// no use; with fewer, some are opened and closed again and again.
    pub max_idle_connections: usize,
    /// How long a connection may be idle and still be used again.
    pub idle_timeout: Duration,
    /// The largest body of an answer, in bytes, as it is sent and as it is read.
    pub max_body_bytes: usize,
    /// Certificate authorities to trust besides the system's.
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

/// Carries requests with reqwest.
///
/// Nothing is loaded before the first call: reading the system's certificates takes longer than the rest of a
/// start. Connections are kept and reused, and a request that finds none opens one; how many requests run at once is
/// decided by the client above. An endpoint on this machine is never reached through a proxy.
///
/// After a connection has broken, each request to that host opens a connection of its own, until all the others have
/// been idle for too long: what closes one connection at the wrong moment closes the next one so, too.
pub struct ReqwestTransport {
    config: TransportConfig,
    clients: Mutex<Clients>,
}

#[derive(Default)]
struct Clients {
    built: BTreeMap<(Route, Reuse), reqwest::Client>,
    broken: Broken,
}

/// When an exchange broke last, by the address that was connected to.
#[derive(Default)]
struct Broken(BTreeMap<String, Instant>);

/// Whether a request may be sent on a connection that has carried another one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reuse {
    Allowed,
    Never,
}

/// The ways to connect that need settings of their own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Route {
    /// No proxy, no TLS: certificates are not even read. To this machine and to the metadata service of an ECS
    /// instance, which is on its own link.
    Plain,
    /// No proxy.
    TlsLoopback,
    /// Through the proxy, if there is one.
    Remote,
}

impl ReqwestTransport {
    /// A transport with these settings; cheap, and it cannot fail: what does not work on this machine is the error
    /// of the first call.
    pub fn new(config: TransportConfig) -> Self {
        Self { config, clients: Mutex::default() }
    }

    /// The client for a request, built when it is first needed.
    fn client(&self, request: &HttpRequest) -> Result<reqwest::Client, TransportError> {
        let mut clients = self.clients();
        let reuse = clients.broken.reuse(&request.origin.url, Instant::now(), self.config.idle_timeout);
        let way = (Route::of(request), reuse);
        if let Some(client) = clients.built.get(&way) {
            return Ok(client.clone());
        }
        let client = build(&self.config, way)?;
        clients.built.insert(way, client.clone());
        Ok(client)
    }

    fn clients(&self) -> MutexGuard<'_, Clients> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn exchange(&self, request: &HttpRequest) -> Result<HttpResponse, TransportError> {
        let client = self.client(request)?;
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

    /// Idle connections are dropped meanwhile, and none is left idle: after twice that time all are new.
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

/// What `rustls-platform-verifier` says where a machine trusts no authority at all. Its error has no type of its own.
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
        // Repeating is decided above, where it is known whether it is safe.
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
