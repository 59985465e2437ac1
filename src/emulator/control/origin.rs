//! Who may use the control API: this machine, and not a page of somebody else's in a browser on it.
//!
//! A browser connects to this machine on behalf of any page it shows. It says so, in `Sec-Fetch-Site`
//! (<https://www.w3.org/TR/fetch-metadata/>) and `Origin` (RFC 6454), and it says in `Host` under which name the
//! page has found us: a name in the DNS can be anybody's.

use std::net::IpAddr;

use hyper::header::{HOST, ORIGIN};
use hyper::{HeaderMap, Method, Request};

use crate::endpoint::without_port;

/// Whether a request may use the control API.
///
/// # Errors
///
/// Why not.
pub fn validate<B>(peer: IpAddr, request: &Request<B>) -> Result<(), &'static str> {
    let headers = request.headers();
    if !peer.to_canonical().is_loopback() {
        return Err("the control API answers this machine only");
    }
    if !header(headers, HOST.as_str()).is_none_or(is_local_name) {
        return Err("the control API answers to localhost, names without a dot and IP addresses only");
    }
    if !is_own_page(headers) && !is_visit(request) {
        return Err("the control API does not answer pages of other sites");
    }
    Ok(())
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().unwrap_or_default())
}

/// Whether a name cannot be given to us by anybody else.
fn is_local_name(host: &str) -> bool {
    let name = without_port(host).to_ascii_lowercase();
    let is_address = name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
    is_address || name.ends_with(".localhost") || !name.contains('.')
}

/// Whether a request comes from our own page, or from no page at all.
fn is_own_page(headers: &HeaderMap) -> bool {
    let host = header(headers, HOST.as_str()).unwrap_or_default();
    let has_own_origin =
        |origin: &str| origin.split_once("://").is_some_and(|(_, authority)| authority == host);
    header(headers, "sec-fetch-site").is_none_or(|site| site == "same-origin" || site == "none")
        && header(headers, ORIGIN.as_str()).is_none_or(has_own_origin)
}

/// Whether somebody follows a link to us: the page it is on does not see what it leads to.
fn is_visit<B>(request: &Request<B>) -> bool {
    request.method() == Method::GET
        && header(request.headers(), "sec-fetch-mode") == Some("navigate")
        && header(request.headers(), "sec-fetch-dest") == Some("document")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn expect(may: bool, peer: &str, method: &str, headers: &[(&str, &str)]) {
        let mut request = Request::builder().method(method).uri("/_emulator/state");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let outcome = validate(peer.parse().unwrap(), &request.body(()).unwrap());
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
}
