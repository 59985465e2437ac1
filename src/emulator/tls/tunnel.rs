//! CONNECT (RFC 9110, section 9.3.6): the tunnels of clients that take the emulator for their HTTPS proxy.
//!
//! A tunnel ends here. Nothing is ever dialled: the client meets the emulator under the name of the service
//! it asked for. A name that is not emulated is refused.

use std::sync::Arc;

use hyper::Request;

use super::acceptance::CertResolver;
use super::authority::Authority;
use crate::endpoint::without_port;
use crate::http::Reply;

/// Why a tunnel is not opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TunnelError {
    /// TLS is not served.
    #[error("CONNECT is served only where the emulator was started with --tls and --ca-out FILE")]
    NoTls,
    /// The target is not a host and a port.
    #[error("the target of CONNECT has to be a host and a port")]
    Malformed,
    /// The host is not emulated.
    #[error(
        "{0} is not a host of an emulated service: the emulator is not a proxy to other hosts. Set no_proxy for \
         other hosts"
    )]
    NotServed(String),
    /// The request itself came through a tunnel.
    #[error("a tunnel does not lead into another one")]
    Nested,
}

impl TunnelError {
    /// The answer, with a text for the person who configured the proxy.
    pub fn to_reply(&self) -> Reply {
        let status = match self {
            Self::NoTls => 501,
            Self::Malformed => 400,
            Self::NotServed(_) | Self::Nested => 403,
        };
        Reply::raw(status, "text/plain; charset=utf-8", format!("{self}\n").into_bytes())
    }
}

/// A tunnel that may be opened.
#[derive(Debug)]
pub struct Tunnel {
    authority: Arc<Authority>,
    host: String,
}

impl Tunnel {
    /// The tunnel a request asks for. It may lead to any port of an emulated host.
    ///
    /// # Errors
    ///
    /// [`TunnelError`]
    pub fn asked_for<B>(
        request: &Request<B>,
        authority: Option<&Arc<Authority>>,
        is_nested: bool,
    ) -> Result<Self, TunnelError> {
        let authority = authority.ok_or(TunnelError::NoTls)?;
        if is_nested {
            return Err(TunnelError::Nested);
        }
        let target = request.uri().authority().ok_or(TunnelError::Malformed)?;
        if target.port_u16().is_none() || target.as_str().contains('@') {
            return Err(TunnelError::Malformed);
        }
        let host = without_port(target.as_str()).trim_matches(['[', ']']).to_owned();
        if !authority.is_for(&host) {
            return Err(TunnelError::NotServed(host));
        }
        Ok(Self { authority: Arc::clone(authority), host })
    }

    /// The certificates of what is at the end of the tunnel.
    pub fn certified(self) -> CertResolver {
        CertResolver::new(self.authority, self.host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hosts::Hosts;
    use std::time::SystemTime;

    fn asked_for(target: &str, is_nested: bool) -> Result<String, TunnelError> {
        let authority =
            Arc::new(Authority::new(&Arc::new(Hosts::new(["127.0.0.1"])), SystemTime::now()).unwrap());
        let request = Request::connect(target).body(()).unwrap();
        Tunnel::asked_for(&request, Some(&authority), is_nested).map(|tunnel| tunnel.host)
    }

    #[test]
    fn a_tunnel_leads_to_emulated_hosts_only() {
        assert_eq!(asked_for("ram.aliyuncs.com:443", false), Ok("ram.aliyuncs.com".to_owned()));
        assert_eq!(asked_for("[::1]:8700", false), Ok("::1".to_owned()));
        let refused = Err(TunnelError::NotServed("example.com".to_owned()));
        assert_eq!(asked_for("example.com:443", false), refused);
    }

    #[test]
    fn a_tunnel_needs_host_and_port_and_is_not_inside_of_another() {
        assert_eq!(asked_for("ram.aliyuncs.com", false), Err(TunnelError::Malformed));
        assert_eq!(asked_for("ram.aliyuncs.com@example.com:443", false), Err(TunnelError::Malformed));
        assert_eq!(asked_for("ram.aliyuncs.com:443", true), Err(TunnelError::Nested));
    }

    #[test]
    fn without_tls_the_option_is_named() {
        let request = Request::connect("ram.aliyuncs.com:443").body(()).unwrap();
        let refused = Tunnel::asked_for(&request, None, false).unwrap_err();
        let reply = refused.to_reply();
        assert_eq!(reply.status, 501);
        assert!(String::from_utf8(reply.body).unwrap().contains("--tls"));
    }
}
