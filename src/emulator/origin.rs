//! Who may call: clients on the hosts that the emulator answers for, and no page of somebody else's in a browser.
//!
//! A browser connects to this machine on behalf of any page it shows. It says so, in `Sec-Fetch-Site`
//! (<https://www.w3.org/TR/fetch-metadata/>) and `Origin` (RFC 6454), and it says in `Host` under which name the
//! page has found us: a name in the DNS can be anybody's. The keys of a seed protect from no page: they are often the
//! default ones.

use std::borrow::Cow;
use std::net::IpAddr;

use hyper::header::{HOST, ORIGIN, USER_AGENT};
use hyper::http::uri::Authority;
use hyper::{HeaderMap, Method, Request};

use super::error::Error;
use super::hosts::Hosts;
use super::http::Call;

/// What every browser's `User-Agent` begins with, and no SDK's. A page cannot change it in what it sends without the
/// server's consent, and it is all that an image in it, of an address that is not this machine's, is known by: a
/// browser marks what it sends to such an address in clear text with no `Sec-Fetch-Site`.
const BROWSER: &str = "Mozilla/";

/// Why a request is not answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It comes from another machine.
    #[error("the control API answers this machine only")]
    Remote,
    /// It is for a host of somebody else.
    #[error(
        "The emulator does not answer for the host {0:?}. If clients reach it by this name, start it with --allow-host \
         and the name, without a project in front of it."
    )]
    Host(String),
    /// A page of another site has the browser send it.
    #[error("The control API does not answer pages of other sites.")]
    Page,
    /// A browser sends it.
    #[error(
        "The emulator's services do not answer web browsers, which may act for any web page. Its own page is at \
         /_emulator/."
    )]
    Browser,
}

impl Refusal {
    /// The error of a service. No service has such codes: it is the emulator that refuses the call.
    pub fn to_error(&self) -> Error {
        let code = match self {
            Self::Host(_) => "HostNotAllowed",
            Self::Remote | Self::Page | Self::Browser => "BrowserNotAllowed",
        };
        Error::new(403, code, self.to_string())
    }
}

/// Whether a request may use the control API: one from this machine, by a program, by our own page or by a link.
///
/// # Errors
///
/// Why not.
pub fn validate_control<B>(hosts: &Hosts, peer: IpAddr, request: &Request<B>) -> Result<(), Refusal> {
    let headers = request.headers();
    if !peer.to_canonical().is_loopback() {
        return Err(Refusal::Remote);
    }
    validate_hosts(hosts, headers, request.uri().authority().map(Authority::as_str))?;
    if !is_own_page(headers) && !is_visit(request) {
        return Err(Refusal::Page);
    }
    Ok(())
}

/// Whether a call may be given to a service: one by a program. Not even our own page calls services, and a link to
/// one would carry out what is in it.
///
/// # Errors
///
/// Why not.
pub fn validate_call(hosts: &Hosts, call: &Call) -> Result<(), Refusal> {
    validate_hosts(hosts, &call.headers, call.authority.as_deref())?;
    let is_marked = [ORIGIN.as_str(), "sec-fetch-site"].iter().any(|name| call.headers.contains_key(*name));
    if is_marked || values(&call.headers, USER_AGENT.as_str()).any(|agent| agent.starts_with(BROWSER)) {
        return Err(Refusal::Browser);
    }
    Ok(())
}

/// Refuses what is for a host of somebody else, by the header `Host` or by an absolute-form target. A request without
/// either, which HTTP/1.0 allows, comes from no browser.
fn validate_hosts(hosts: &Hosts, headers: &HeaderMap, authority: Option<&str>) -> Result<(), Refusal> {
    let mut named = values(headers, HOST.as_str()).chain(authority.map(Cow::from));
    match named.find(|host| !hosts.is_served(host)) {
        Some(host) => Err(Refusal::Host(host.into_owned())),
        None => Ok(()),
    }
}

/// The values of all headers of a name.
fn values<'a>(headers: &'a HeaderMap, name: &str) -> impl Iterator<Item = Cow<'a, str>> {
    headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()))
}

/// Whether a request comes from our own page, or from no page at all.
fn is_own_page(headers: &HeaderMap) -> bool {
    let host = values(headers, HOST.as_str()).next().unwrap_or_default();
    let is_own =
        |origin: Cow<'_, str>| origin.split_once("://").is_some_and(|(_, authority)| authority == host);
    values(headers, "sec-fetch-site").all(|site| site == "same-origin" || site == "none")
        && values(headers, ORIGIN.as_str()).all(is_own)
}

/// Whether somebody follows a link to us: the page it is on does not see what it leads to.
fn is_visit<B>(request: &Request<B>) -> bool {
    let is = |name: &str, expected: &str| values(request.headers(), name).eq([expected]);
    request.method() == Method::GET && is("sec-fetch-mode", "navigate") && is("sec-fetch-dest", "document")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::captured::call;

    fn hosts() -> Hosts {
        Hosts::new(["127.0.0.1", "emulator.test"])
    }

    #[track_caller]
    fn expect(may: bool, peer: &str, method: &str, headers: &[(&str, &str)]) {
        let mut request = Request::builder().method(method).uri("/_emulator/state");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let outcome = validate_control(&hosts(), peer.parse().unwrap(), &request.body(()).unwrap());
        assert_eq!(outcome.is_ok(), may, "{outcome:?}");
    }

    #[test]
    fn this_machine_may_and_others_may_not() {
        expect(true, "127.0.0.1", "POST", &[]);
        expect(true, "::ffff:127.0.0.1", "POST", &[("host", "127.0.0.1:8700")]);
        expect(false, "10.0.0.1", "GET", &[("host", "127.0.0.1:8700")]);
    }

    #[test]
    fn a_name_in_the_dns_is_not_ours() {
        for ours in ["localhost", "localhost:8700", "p.localhost:8700", "[::1]:8700", "10.0.0.1", "emulator"]
        {
            expect(true, "127.0.0.1", "GET", &[("host", ours)]);
        }
        for anybodys in ["example.com", "example.com:8700", "127.0.0.1.example.com", "localhost.example.com"]
        {
            expect(false, "127.0.0.1", "GET", &[("host", anybodys)]);
        }
    }

    #[test]
    fn pages_of_other_sites_may_not_and_ours_may() {
        let host = ("host", "127.0.0.1:8700");
        expect(true, "::1", "GET", &[host, ("sec-fetch-site", "same-origin"), ("sec-fetch-mode", "cors")]);
        expect(true, "::1", "GET", &[host, ("sec-fetch-site", "none"), ("sec-fetch-mode", "navigate")]);
        expect(true, "::1", "POST", &[host, ("origin", "http://127.0.0.1:8700")]);
        expect(false, "::1", "POST", &[host, ("origin", "http://example.com")]);
        expect(false, "::1", "POST", &[host, ("origin", "null")]);
        expect(
            false,
            "::1",
            "POST",
            &[host, ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors")],
        );
        // Another port of this machine is another site's.
        expect(false, "::1", "POST", &[host, ("sec-fetch-site", "same-site"), ("sec-fetch-mode", "cors")]);
    }

    #[test]
    fn links_lead_here_and_forms_do_not() {
        let visit = [
            ("host", "127.0.0.1:8700"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "document"),
        ];
        expect(true, "::1", "GET", &visit);
        expect(false, "::1", "POST", &visit);
        let framed =
            [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")];
        expect(false, "::1", "GET", &framed);
    }

    #[test]
    fn a_host_is_refused_by_header_and_by_target() {
        for (target, host, is_refused) in [
            ("/_emulator/state", "emulator.test", false),
            ("http://emulator.test/_emulator/state", "emulator.test", false),
            ("http://example.com/_emulator/state", "emulator.test", true),
            ("http://emulator.test/_emulator/state", "example.com", true),
        ] {
            let request = Request::builder().uri(target).header("host", host).body(()).unwrap();
            let outcome = validate_control(&hosts(), "127.0.0.1".parse().unwrap(), &request);
            let refused = is_refused.then(|| Refusal::Host("example.com".to_owned()));
            assert_eq!(outcome.err(), refused, "{target} {host}");
        }
        let garbled = Request::builder().header("host", &b"\xff.example"[..]).body(()).unwrap();
        let outcome = validate_control(&hosts(), "127.0.0.1".parse().unwrap(), &garbled);
        assert!(matches!(outcome, Err(Refusal::Host(_))));
    }

    #[test]
    fn the_second_of_two_headers_counts_too() {
        let host = ("host", "127.0.0.1:8700");
        for (name, own, foreign) in [
            ("origin", "http://127.0.0.1:8700", "http://example.com"),
            ("sec-fetch-site", "same-origin", "cross-site"),
        ] {
            expect(true, "::1", "POST", &[host, (name, own), (name, own)]);
            expect(false, "::1", "POST", &[host, (name, own), (name, foreign)]);
        }
    }

    /// No SDK sends what a browser cannot help sending.
    #[test]
    fn services_answer_programs_and_no_browser() {
        let may = |headers: &[(&str, &str)]| {
            let host = [("host", "emulator.test")];
            let call = call("GET", "/?Action=GetRole", host.into_iter().chain(headers.iter().copied()), "");
            validate_call(&hosts(), &call).map_err(|refusal| assert_eq!(refusal, Refusal::Browser)).is_ok()
        };
        assert!(may(&[]));
        assert!(may(&[("user-agent", "AlibabaCloud (Linux; x86_64) Python/3.12 Core/2.16 TeaDSL/1")]));
        // The HTTP client of Node.js.
        assert!(may(&[("sec-fetch-mode", "cors"), ("user-agent", "node")]));
        for origin in ["null", "http://emulator.test", "http://example.com"] {
            assert!(!may(&[("origin", origin)]), "{origin}");
        }
        for site in ["none", "same-origin", "same-site", "cross-site"] {
            assert!(!may(&[("sec-fetch-site", site)]), "{site}");
        }
        assert!(!may(&[("user-agent", "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/128.0")]));
    }
}
