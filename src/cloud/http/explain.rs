//! Turns an error of reqwest into a [`TransportError`]: how far the request came, and why it failed, in words.

use std::error::Error as StdError;
use std::io;

use rustls::CertificateError;

use crate::http::{Proxy, TransportError, TransportErrorKind};

/// Classifies an error by how far the request came. `proxy` is the proxy for `host`, if there is one.
pub(super) fn explain(error: reqwest::Error, host: &str, proxy: Option<&Proxy>) -> TransportError {
    // The message has the address already, and reqwest's would show the query.
    let error = error.without_url();
    let (kind, message) =
        if error.is_connect() { connecting(&error, host, proxy) } else { exchanging(&error, host) };
    TransportError::new(kind, message).with_source(error)
}

/// The text of the innermost cause, which is about the machine or the network.
pub(super) fn innermost(error: &reqwest::Error) -> String {
    causes(error).last().map_or_else(|| error.to_string(), ToString::to_string)
}

fn connecting(error: &reqwest::Error, host: &str, proxy: Option<&Proxy>) -> (TransportErrorKind, String) {
    use TransportErrorKind::{Connect, ConnectTimeout, Resolve, Tls};
    let cause = innermost(error);
    if let Some(tunnel) = tunnel(error) {
        return tunnelling(&tunnel, &cause, host, proxy);
    }
    if error.is_timeout() {
        (ConnectTimeout, format!("{host} did not accept a connection in time"))
    } else if let Some(tls) = causes(error).find_map(tls_error) {
        (Tls, format!("no secure connection to {host}: {}", tls_words(tls, host)))
    } else if has_cause(error, "dns error") {
        (Resolve, format!("the name {host} cannot be resolved: {cause}"))
    } else {
        (Connect, format!("no connection to {host}: {cause}"))
    }
}

fn exchanging(error: &reqwest::Error, host: &str) -> (TransportErrorKind, String) {
    use TransportErrorKind::{Broken, Setup, Silent};
    let cause = innermost(error);
    if error.is_builder() {
        (Setup, format!("the request to {host} cannot be written: {cause}"))
    } else if error.is_timeout() {
        (Silent, format!("{host} did not answer in time"))
    } else {
        (Broken, format!("the connection to {host} broke before the answer was complete: {cause}"))
    }
}

/// The text of hyper-util's error about the tunnel through a proxy. Its type is private, so it is found by its text.
fn tunnel(error: &reqwest::Error) -> Option<String> {
    causes(error)
        .map(ToString::to_string)
        .find_map(|text| text.strip_prefix("tunnel error: ").map(str::to_owned))
}

fn tunnelling(tunnel: &str, cause: &str, host: &str, proxy: Option<&Proxy>) -> (TransportErrorKind, String) {
    use TransportErrorKind::{Proxy as ProxyFailed, ProxyAuthentication};
    let proxy = proxy.map_or_else(|| "of the system".to_owned(), |proxy| proxy.address().to_owned());
    match tunnel {
        "proxy authorization required" => (
            ProxyAuthentication,
            format!(
                "the proxy {proxy} asks for a user name and a password (407) before it connects to {host}"
            ),
        ),
        "failed to create underlying connection" => {
            (ProxyFailed, format!("no connection to the proxy {proxy} on the way to {host}: {cause}"))
        }
        "unsuccessful" => (ProxyFailed, format!("the proxy {proxy} refused to connect to {host}")),
        other => (ProxyFailed, format!("the proxy {proxy} failed to connect to {host}: {other}")),
    }
}

/// Why a handshake failed, and what to do, in words.
fn tls_words(error: &rustls::Error, host: &str) -> String {
    use rustls::Error::{InvalidCertificate, InvalidMessage};
    match error {
        InvalidCertificate(certificate) => certificate_words(certificate, host),
        InvalidMessage(_) => "the other side does not speak TLS".to_owned(),
        other => other.to_string(),
    }
}

fn certificate_words(error: &CertificateError, host: &str) -> String {
    use CertificateError::{
        Expired, ExpiredContext, NotValidForName, NotValidForNameContext, NotValidYet, NotValidYetContext,
        Other, Revoked, UnknownIssuer,
    };
    match error {
        UnknownIssuer => {
            "its certificate is signed by an authority that is not trusted here, or by itself".to_owned()
        }
        Expired | ExpiredContext { .. } => format!("its certificate has expired ({error})"),
        NotValidYet | NotValidYetContext { .. } => format!("its certificate is not valid yet ({error})"),
        NotValidForName | NotValidForNameContext { .. } => {
            format!("its certificate is for another name than {host} ({error})")
        }
        Revoked => "its certificate has been revoked".to_owned(),
        Other(other) if other.to_string().contains(CA_USED_AS_SERVER) => {
            format!(
                "its certificate is itself that of a certificate authority (CA:TRUE), which `openssl req -x509` makes unless told otherwise, and no server may use one. Give the server a certificate of its own, signed by the authority in ca_bundle; or, for a certificate that signs itself and stands in ca_bundle, make it anew with: openssl req -x509 -addext basicConstraints=critical,CA:FALSE -addext subjectAltName={}",
                subject_alternative_name(host)
            )
        }
        other => format!("its certificate is not accepted ({other})"),
    }
}

/// The name of the error of `rustls-webpki`, which is of no type that can be named here.
const CA_USED_AS_SERVER: &str = "CaUsedAsEndEntity";

/// The name of a server as OpenSSL writes it into a certificate. `host` may end with a port.
fn subject_alternative_name(host: &str) -> String {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name).trim_matches(['[', ']']);
    let kind = if name.parse::<std::net::IpAddr>().is_ok() { "IP" } else { "DNS" };
    format!("{kind}:{name}")
}

/// Searches I/O errors as well: they contain other errors, at several levels, and do not return them as their source.
fn tls_error<'a>(cause: &'a (dyn StdError + 'static)) -> Option<&'a rustls::Error> {
    let inner = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    cause.downcast_ref().or_else(|| inner.and_then(|inner| tls_error(inner)))
}

fn has_cause(error: &reqwest::Error, text: &str) -> bool {
    causes(error).any(|cause| cause.to_string() == text)
}

fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    std::iter::successors(error.source(), |&cause| cause.source())
}
