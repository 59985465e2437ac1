//! Where a service is reached: scheme, host and port, and how a project is addressed there.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use url::{Host, ParseError};

use crate::names::{ProjectName, Region};
use crate::regions;

/// The address of a service.
///
/// Plain HTTP exists only towards this machine; see [`Endpoint::parse`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Endpoint {
    scheme: Scheme,
    host: Host,
    /// `None` when the scheme's own port is meant.
    port: Option<u16>,
}

/// How the connection is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Without TLS; loopback only.
    Http,
    /// With TLS.
    Https,
}

/// Where to connect and which host to name there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    /// `scheme://host[:port]` to connect to.
    pub url: String,
    /// The value of the header `Host`, which is signed in some schemes.
    pub host_header: String,
    /// Whether TLS is used.
    pub scheme: Scheme,
    /// Whether the connection stays on this machine: no proxy is used then.
    pub loopback: bool,
}

/// An endpoint that cannot be used; the text says why, for a person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// Nothing was given.
    #[error("The endpoint is empty; give a host such as cn-hangzhou.log.aliyuncs.com, or a URL.")]
    Empty,
    /// A scheme other than `http` and `https`.
    #[error("The endpoint {} has the scheme {}; only https, and http on this machine, can be used.", text::quote(.0), text::quote(.1))]
    Scheme(String, String),
    /// `http://` to another machine.
    #[error(
        "The endpoint {0:?} would send signed requests without TLS to another machine; http:// is accepted \
         for 127.0.0.0/8, [::1] and localhost only."
    )]
    PlainHttp(String),
    /// A user name, a path, a query or a fragment.
    #[error("The endpoint {} must be a host with an optional scheme and port, without {}.", text::quote(.0), .1)]
    Extra(String, &'static str),
    /// Not a host name and not an IP address.
    #[error("The endpoint {} has no valid host: {}.", text::quote(.0), .1)]
    Host(String, &'static str),
    /// Not a port number.
    #[error("The endpoint {} has the port {}; a port is a number from 1 to 65535.", text::quote(.0), text::quote(.1))]
    Port(String, String),
}

impl Endpoint {
    /// Reads a host or a URL, each with an optional port; IPv6 addresses stand in brackets.
    ///
    /// Without a scheme it is HTTPS, also on this machine: which transport is used never depends on what a
    /// name looks like. `http://` is accepted for 127.0.0.0/8, `[::1]` and `localhost` only. Letter case of
    /// the host does not matter.
    ///
    /// # Errors
    /// An [`EndpointError`] that quotes the text, but for a user name and password, and says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, EndpointError> {
        let quoted = || without_user(text);
        if text.is_empty() {
            return Err(EndpointError::Empty);
        }
        let (scheme, rest) = match text.split_once("://") {
            None => (Scheme::Https, text),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (Scheme::Https, rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (Scheme::Http, rest),
            Some((scheme, _)) => return Err(EndpointError::Scheme(quoted(), scheme.to_owned())),
        };
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        let extras = [('@', "a user name"), ('/', "a path"), ('?', "a query"), ('#', "a fragment")];
        if let Some((_, what)) = extras.iter().find(|(sign, _)| authority.contains(*sign)) {
            return Err(EndpointError::Extra(quoted(), what));
        }
        if authority.parse::<Ipv6Addr>().is_ok() {
            return Err(EndpointError::Host(
                quoted(),
                "an IPv6 address stands in brackets, as in [2001:db8::7]",
            ));
        }
        let (host, port) = split_port(authority);
        let host = parse_host(host).map_err(|why| EndpointError::Host(quoted(), why))?;
        let number =
            |digits: &str| parse_port(digits).ok_or_else(|| EndpointError::Port(quoted(), digits.to_owned()));
        let port = port.map(number).transpose()?.filter(|port| *port != scheme.default_port());
        let endpoint = Self { scheme, host, port };
        if scheme == Scheme::Http && !endpoint.is_loopback() {
            return Err(EndpointError::PlainHttp(quoted()));
        }
        Ok(endpoint)
    }

    /// How the connection is made.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Whether this is an address of this machine.
    pub fn is_loopback(&self) -> bool {
        match &self.host {
            Host::Domain(name) => name == "localhost",
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.is_loopback(),
        }
    }

    /// Where to send a call that belongs to no project.
    pub fn origin(&self) -> Origin {
        let authority = self.authority();
        self.origin_of(&authority, authority.clone())
    }

    /// Where to send a call to a project of SLS.
    ///
    /// The project is a host prefix (SLS documentation, "Request method"); SLS has no form with the project
    /// in the path. An IP address has no names below it, and names below `localhost` do not resolve
    /// everywhere: there the connection goes to the endpoint itself and only the header `Host` names the
    /// project, port included, as the official Python SDK does for IPv4 addresses. For IPv6 this form is a
    /// convention of ours.
    pub fn project_origin(&self, project: &ProjectName) -> Origin {
        let named = format!("{project}.{}", self.authority());
        let connect = if self.is_prefixable() { named.clone() } else { self.authority() };
        self.origin_of(&connect, named)
    }

    /// The region an SLS host belongs to: `<region>`, `<region>-intranet`, `<region>-share` or
    /// `<region>-vpc`, below `log.aliyuncs.com` or `sls.aliyuncs.com`; `None` for any other host.
    ///
    /// Source: `alibabacloud-gateway-sls`, which strips the same suffixes to find the region that is signed.
    pub fn region_of_sls_host(&self) -> Option<Region> {
        let Host::Domain(name) = &self.host else { return None };
        let label =
            name.strip_suffix(".log.aliyuncs.com").or_else(|| name.strip_suffix(".sls.aliyuncs.com"))?;
        let region = ["-intranet", "-share", "-vpc"]
            .iter()
            .find_map(|network| label.strip_suffix(network))
            .unwrap_or(label);
        Region::parse(region).ok()
    }

    /// The endpoint of SLS for a region, where this one is configured for all of them.
    ///
    /// A host that names a known region, as [`Endpoint::region_of_sls_host`] reads it, serves no other: for another
    /// region that one stands in its place. Any other host serves every region.
    #[must_use]
    pub fn of_sls_region(&self, region: &Region) -> Self {
        let mut endpoint = self.clone();
        if let (Some(named), Host::Domain(name)) = (self.region_of_sls_host(), &mut endpoint.host)
            && regions::is_known(named.as_str())
            && let Some(rest) = name.strip_prefix(named.as_str())
        {
            *name = format!("{region}{rest}");
        }
        endpoint
    }

    /// A host name of a service, over HTTPS; nothing is checked.
    pub(crate) fn of_service(name: String) -> Self {
        Self { scheme: Scheme::Https, host: Host::Domain(name), port: None }
    }

    /// An address that is spoken to without TLS, also on another machine.
    pub(crate) fn plain(address: Ipv4Addr) -> Self {
        Self { scheme: Scheme::Http, host: Host::Ipv4(address), port: None }
    }

    fn origin_of(&self, connect: &str, host_header: String) -> Origin {
        Origin {
            url: format!("{}://{connect}", self.scheme),
            host_header,
            scheme: self.scheme,
            loopback: self.is_loopback(),
        }
    }

    fn authority(&self) -> String {
        match self.port {
            Some(port) => format!("{}:{port}", self.host),
            None => self.host.to_string(),
        }
    }

    fn is_prefixable(&self) -> bool {
        matches!(&self.host, Host::Domain(name) if name != "localhost")
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.authority())
    }
}

impl Scheme {
    fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http => "http",
            Self::Https => "https",
        })
    }
}

/// Parses a host with the parser of the HTTP client. A host that this parser changes is refused, because the host that
/// is checked must be the one that is called.
fn parse_host(text: &str) -> Result<Host, &'static str> {
    if text.is_empty() {
        return Err("it is empty");
    }
    if text.starts_with('[') {
        if !text.ends_with(']') {
            return Err("the bracket is not closed");
        }
        return Host::parse(text).map_err(|_| "the brackets do not hold an IPv6 address");
    }
    check_labels(text)?;
    match Host::parse(text) {
        Ok(host) if host.to_string().eq_ignore_ascii_case(text) => Ok(host),
        Err(ParseError::IdnaError) => Err("a part of it starts with xn-- and is not an encoded name"),
        // URL parsers read `127.1` and `0x7f.1` as addresses.
        _ => Err("it looks like an IPv4 address and is not one in the form 192.0.2.1"),
    }
}

/// Splits at the colon of a port, which is the one after the brackets of an IPv6 address.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    }
}

/// The text without a user name and password.
fn without_user(text: &str) -> String {
    let begins = text.find("://").map_or(0, |at| at + "://".len());
    match text.rfind('@').filter(|at| begins <= *at) {
        Some(at) => format!("{}…{}", &text[..begins], &text[at..]),
        None => text.to_owned(),
    }
}

fn parse_port(digits: &str) -> Option<u16> {
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|port| plain && *port != 0)
}

/// Letters, digits and hyphens in labels (RFC 1123 section 2.1), of which URL parsers ask less.
fn check_labels(name: &str) -> Result<(), &'static str> {
    if name.len() > 253 {
        return Err("a host name has 253 characters at most");
    }
    for label in name.split('.') {
        if label.is_empty() || label.len() > 63 {
            return Err("each part between dots must have 1 to 63 characters");
        }
        if !label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return Err("only letters, digits, hyphens and dots may occur in it");
        }
        if label.starts_with('-') || label.ends_with('-') {
            return Err("no part between dots may start or end with a hyphen");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project() -> ProjectName {
        ProjectName::parse("demo-proj").unwrap()
    }

    /// (endpoint text, where a project call connects, its Host header)
    #[track_caller]
    fn check(text: &str, url: &str, host_header: &str) {
        let origin = Endpoint::parse(text).unwrap().project_origin(&project());
        assert_eq!((origin.url.as_str(), origin.host_header.as_str()), (url, host_header), "{text}");
    }

    #[track_caller]
    fn refused(text: &str, part: &str) {
        let sentence = Endpoint::parse(text).unwrap_err().to_string();
        assert!(sentence.contains(part), "{text}: {sentence}");
    }

    #[test]
    fn a_project_is_a_prefix_of_a_host_name() {
        let host = "demo-proj.cn-hangzhou.log.aliyuncs.com";
        for text in [
            "cn-hangzhou.log.aliyuncs.com",
            "https://cn-hangzhou.log.aliyuncs.com",
            "HTTPS://CN-Hangzhou.log.aliyuncs.com:443/",
        ] {
            check(text, &format!("https://{host}"), host);
        }
        check(
            "log.example.com:8443",
            "https://demo-proj.log.example.com:8443",
            "demo-proj.log.example.com:8443",
        );
    }

    #[test]
    fn addresses_and_localhost_are_dialled_and_the_project_is_only_named() {
        check("http://127.0.0.1:8700", "http://127.0.0.1:8700", "demo-proj.127.0.0.1:8700");
        check("http://127.8.9.1", "http://127.8.9.1", "demo-proj.127.8.9.1");
        check("http://localhost:80", "http://localhost", "demo-proj.localhost");
        check("http://[::1]:8700/", "http://[::1]:8700", "demo-proj.[::1]:8700");
        check("https://[2001:db8::7]", "https://[2001:db8::7]", "demo-proj.[2001:db8::7]");
        check("192.0.2.10", "https://192.0.2.10", "demo-proj.192.0.2.10");
    }

    #[test]
    fn without_a_scheme_it_is_https_on_this_machine_too() {
        check("127.0.0.1:8700", "https://127.0.0.1:8700", "demo-proj.127.0.0.1:8700");
        assert_eq!(Endpoint::parse("localhost").unwrap().scheme(), Scheme::Https);
    }

    #[test]
    fn a_call_without_a_project_goes_to_the_endpoint_itself() {
        let origin = Endpoint::parse("http://127.0.0.1:8700").unwrap().origin();
        assert_eq!(
            (origin.url.as_str(), origin.host_header.as_str()),
            ("http://127.0.0.1:8700", "127.0.0.1:8700")
        );
        assert!(origin.loopback);
        assert!(!Endpoint::parse("192.0.2.1").unwrap().origin().loopback);
    }

    #[test]
    fn plain_http_leaves_this_machine_for_no_spelling() {
        for text in [
            "http://cn-hangzhou.log.aliyuncs.com",
            "http://10.0.0.1",
            "http://0.0.0.0:80",
            "http://[::]",
            "http://[::ffff:127.0.0.1]",
            "http://localhost.example.com",
            "http://127.0.0.1.example.com",
            "http://evil.localhost",
        ] {
            refused(text, "without TLS");
        }
    }

    #[test]
    fn what_is_not_a_host_is_refused_with_the_reason() {
        refused("", "is empty");
        refused("ftp://a.example", "scheme \"ftp\"");
        refused("https://user@a.example", "without a user name");
        refused("http://127.0.0.1@evil.example", "without a user name");
        let error = Endpoint::parse("https://user:canary@canary@a.example").unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(text.contains("https://…@a.example") && !text.contains("canary"), "{text}");
        refused("https://a.example/path", "without a path");
        refused("https://a.example?x=1", "without a query");
        refused("https://a.example#x", "without a fragment");
        refused("https://", "it is empty");
        refused("https://:80", "it is empty");
        refused(&format!("{}example", "a.".repeat(124)), "253 characters");
        refused("a..example", "between dots");
        refused("-a.example", "hyphen");
        refused("a_b.example", "only letters");
        refused("a b.example", "only letters");
        refused("http://127.1", "looks like an IPv4");
        refused("0x7f.0x1", "looks like an IPv4");
        refused("http://2130706433", "looks like an IPv4");
        refused("xn--a.example", "starts with xn--");
        refused("[::1", "not closed");
        refused("[fe80::1%eth0]", "IPv6");
        refused("[::1]x", "not closed");
        refused("::1", "stands in brackets");
        refused("https://2001:db8::7", "stands in brackets");
        refused("a.example.", "between dots");
        for port in ["0", "65536", "", "+80", "8a"] {
            refused(&format!("a.example:{port}"), "a port is a number");
        }
    }

    #[test]
    fn the_region_of_an_sls_host_is_found_in_every_network_form() {
        let region = Region::parse("cn-hangzhou").unwrap();
        for network in ["", "-intranet", "-share", "-vpc"] {
            let endpoint = Endpoint::parse(&format!("cn-hangzhou{network}.log.aliyuncs.com")).unwrap();
            assert_eq!(endpoint.region_of_sls_host().as_ref(), Some(&region));
        }
        assert_eq!(
            Endpoint::parse("cn-shanghai-corp.sls.aliyuncs.com")
                .unwrap()
                .region_of_sls_host()
                .unwrap()
                .as_str(),
            "cn-shanghai-corp"
        );
        for host in
            ["log-global.aliyuncs.com", "log.aliyuncs.com", "a.b.log.aliyuncs.com", "http://127.0.0.1"]
        {
            assert_eq!(Endpoint::parse(host).unwrap().region_of_sls_host(), None, "{host}");
        }
    }

    #[test]
    fn a_host_of_one_region_is_formed_for_another_and_any_other_serves_all() {
        for (configured, region, reached) in [
            ("cn-hangzhou.log.aliyuncs.com", "cn-hangzhou", "https://cn-hangzhou.log.aliyuncs.com"),
            ("cn-hangzhou.log.aliyuncs.com", "cn-beijing", "https://cn-beijing.log.aliyuncs.com"),
            (
                "cn-hangzhou-intranet.log.aliyuncs.com",
                "ap-southeast-1",
                "https://ap-southeast-1-intranet.log.aliyuncs.com",
            ),
            (
                "cn-hangzhou-share.sls.aliyuncs.com:8443",
                "cn-beijing",
                "https://cn-beijing-share.sls.aliyuncs.com:8443",
            ),
            ("cn-shanghai-own.sls.aliyuncs.com", "cn-shanghai", "https://cn-shanghai-own.sls.aliyuncs.com"),
            ("log-global.aliyuncs.com", "cn-beijing", "https://log-global.aliyuncs.com"),
            ("sls.example.com", "cn-beijing", "https://sls.example.com"),
            ("http://127.0.0.1:8700", "cn-beijing", "http://127.0.0.1:8700"),
        ] {
            let endpoint = Endpoint::parse(configured).unwrap();
            let region = Region::parse(region).unwrap();
            assert_eq!(endpoint.of_sls_region(&region).to_string(), reached, "{configured}");
        }
    }

    proptest::proptest! {
        /// What is checked here is what is dialled: the URL parser of the HTTP client sees the same host.
        #[test]
        fn the_http_client_reads_the_same_host(
            text in r"((https?|HTTP)://)?([a-z0-9.@\-]{0,12}|127\.[0-9.]{0,8}|0x[0-9a-f.]{0,8}|\[[0-9a-f:.]{0,12}\])(:[0-9]{0,6})?/?"
        ) {
            if let Ok(endpoint) = Endpoint::parse(&text) {
                let url = url::Url::parse(&endpoint.origin().url).unwrap();
                proptest::prop_assert_eq!(url.host_str().unwrap(), endpoint.host.to_string());
                proptest::prop_assert_eq!(url.port(), endpoint.port);
                proptest::prop_assert!(url.scheme() == "https" || endpoint.is_loopback());
                proptest::prop_assert_eq!(Endpoint::parse(&endpoint.to_string()), Ok(endpoint));
            }
        }
    }
}
