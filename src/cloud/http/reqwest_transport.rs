//! The transport over reqwest: rustls on ring, HTTP/1.1.

use std::fmt;
use std::sync::Mutex;
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::cloud::endpoint::{ECS_METADATA, Scheme};
use crate::cloud::http::{
    CaBundle, Headers, HttpRequest, HttpResponse, HttpTransport, Method, Proxy, TransportError,
    TransportErrorKind,
    explain::{explain, innermost},
};

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
    /// The largest body of an answer, in bytes.
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

    /// The usual limits: 5 s to connect, 30 s of silence, 20 idle connections, bodies of 4 MiB.
    pub fn new(user_agent: impl Into<String>) -> Self {
        Self {
            user_agent: user_agent.into(),
            connect_timeout: Duration::from_secs(5),
            read_timeout: Duration::from_secs(30),
            max_idle_connections: 20,
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
pub struct ReqwestTransport {
    config: TransportConfig,
    clients: Mutex<Clients>,
}

#[derive(Default)]
struct Clients {
    plain: Option<reqwest::Client>,
    tls_loopback: Option<reqwest::Client>,
    remote: Option<reqwest::Client>,
}

/// The ways to connect that need settings of their own.
#[derive(Clone, Copy)]
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

    /// The client of a route, built when it is first needed.
    fn client(&self, route: Route) -> Result<reqwest::Client, TransportError> {
        let mut clients = self.clients.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let slot = match route {
            Route::Plain => &mut clients.plain,
            Route::TlsLoopback => &mut clients.tls_loopback,
            Route::Remote => &mut clients.remote,
        };
        if let Some(client) = slot {
            return Ok(client.clone());
        }
        let client = build(&self.config, route)?;
        Ok(slot.insert(client).clone())
    }

    async fn exchange(&self, request: &HttpRequest) -> Result<HttpResponse, TransportError> {
        let client = self.client(Route::of(request))?;
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
                let host = &request.origin.host_header;
                let message = format!("the answer of {host} is larger than {limit} bytes");
                return Err(TransportError::new(TransportErrorKind::TooLarge, message));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(HttpResponse { status, headers, body })
    }

    fn explain(&self, error: reqwest::Error, request: &HttpRequest) -> TransportError {
        explain(error, &request.origin.host_header, self.config.proxy.as_ref())
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

impl Route {
    fn of(request: &HttpRequest) -> Self {
        match (request.origin.loopback, request.origin.scheme) {
            (true, Scheme::Http) => Self::Plain,
            (false, Scheme::Http) if request.origin.host_header == ECS_METADATA => Self::Plain,
            (true, Scheme::Https) => Self::TlsLoopback,
            (false, _) => Self::Remote,
        }
    }
}

fn build(config: &TransportConfig, route: Route) -> Result<reqwest::Client, TransportError> {
    let setup = |what: &str, error: reqwest::Error| {
        let message = format!("{what}: {}", innermost(&error));
        TransportError::new(TransportErrorKind::Setup, message).with_source(error)
    };
    // reqwest takes the provider of the process. An error only says that there is one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = reqwest::Client::builder()
        .user_agent(&config.user_agent)
        .connect_timeout(config.connect_timeout)
        .read_timeout(config.read_timeout)
        .pool_max_idle_per_host(config.max_idle_connections)
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
