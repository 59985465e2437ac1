//! Which project and region a host name addresses.
//!
//! SLS has no path-style addressing: the project is the first part of the host
//! (<https://www.alibabacloud.com/help/en/sls/developer-reference/endpoints>).

use std::net::{Ipv4Addr, Ipv6Addr};

/// What a host name says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endpoint {
    /// The project, when the host names one.
    pub project: Option<String>,
    /// The region, when the host is one of the service's own names.
    pub region: Option<String>,
}

/// Domains whose hosts read `[<project>.]<region>.<domain>`.
const REGIONAL_DOMAINS: [&str; 2] = [".log.aliyuncs.com", ".sls.aliyuncs.com"];

/// The acceleration endpoint, which has no region in it: `[<project>.]log-global.aliyuncs.com`.
const GLOBAL_ENDPOINT: &str = "log-global.aliyuncs.com";

/// Network kinds that are written behind the region.
const NETWORK_SUFFIXES: [&str; 3] = ["-intranet", "-share", "-vpc"];

impl Endpoint {
    /// Reads a `Host` header or the authority of an absolute-form target, with or without a port.
    ///
    /// The service's own names give project and region. Otherwise the project is what stands before
    /// `localhost`, before an IP literal, or before the first dot of any other name; a name of one
    /// label is an endpoint without a project.
    pub fn from_host(host: &str) -> Self {
        let host = without_port(host).to_ascii_lowercase();
        for domain in REGIONAL_DOMAINS {
            if let Some(rest) = host.strip_suffix(domain) {
                return Self::regional(rest);
            }
        }
        let project = before(&host, GLOBAL_ENDPOINT).unwrap_or_else(|| project_of(&host));
        Self { project: Some(project).filter(|name| !name.is_empty()).map(str::to_owned), region: None }
    }

    fn regional(rest: &str) -> Self {
        let (project, region) = match rest.rsplit_once('.') {
            Some((project, region)) => (Some(project.to_owned()), region),
            None => (None, rest),
        };
        let region = NETWORK_SUFFIXES.iter().find_map(|suffix| region.strip_suffix(suffix)).unwrap_or(region);
        Self { project, region: Some(region.to_owned()) }
    }
}

/// The host without its port. IPv6 literals keep their brackets.
pub fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.chars().all(|c| c.is_ascii_digit()) && !is_open_bracket(name) => name,
        _ => host,
    }
}

/// True for the left half of an IPv6 literal that was cut at one of its own colons.
fn is_open_bracket(name: &str) -> bool {
    name.contains('[') && !name.ends_with(']')
}

/// What stands before `.<base>`: nothing when `host` is `base` itself, `None` when it does not end so.
fn before<'a>(host: &'a str, base: &str) -> Option<&'a str> {
    let before = host.strip_suffix(base)?;
    if before.is_empty() { Some(before) } else { before.strip_suffix('.') }
}

/// The project in a host name; empty if it names none.
fn project_of(host: &str) -> &str {
    if let Some(project) = before(host, "localhost") {
        return project;
    }
    match address_at_end(host) {
        Some(address) => before(host, address).unwrap_or_default(),
        None => host.split_once('.').map_or("", |(project, _)| project),
    }
}

/// The IP address that a host is, or that follows on a dot at its end; one of version 6 in brackets.
pub fn address_at_end(host: &str) -> Option<&str> {
    let start = match host.find('[') {
        Some(bracket) => bracket,
        None => host.rmatch_indices('.').nth(3).map_or(0, |(dot, _)| dot + 1),
    };
    let address = host.get(start..)?;
    let is_address = match address.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(inside) => inside.parse::<Ipv6Addr>().is_ok(),
        None => address.parse::<Ipv4Addr>().is_ok(),
    };
    before(host, address).filter(|_| is_address).map(|_| address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(host: &str, project: Option<&str>, region: Option<&str>) {
        let expected = Endpoint { project: project.map(str::to_owned), region: region.map(str::to_owned) };
        assert_eq!(Endpoint::from_host(host), expected, "{host}");
    }

    #[test]
    fn service_names_give_project_and_region() {
        check("demo-proj.cn-hangzhou.log.aliyuncs.com", Some("demo-proj"), Some("cn-hangzhou"));
        check("demo-proj.cn-hangzhou.log.aliyuncs.com:80", Some("demo-proj"), Some("cn-hangzhou"));
        check("demo-proj.cn-hangzhou-intranet.log.aliyuncs.com", Some("demo-proj"), Some("cn-hangzhou"));
        check("demo-proj.cn-beijing-vpc.log.aliyuncs.com", Some("demo-proj"), Some("cn-beijing"));
        check("demo-proj.eu-west-1-share.log.aliyuncs.com", Some("demo-proj"), Some("eu-west-1"));
        check("demo-proj.cn-hangzhou-corp.sls.aliyuncs.com", Some("demo-proj"), Some("cn-hangzhou-corp"));
        check("demo-proj.log-global.aliyuncs.com", Some("demo-proj"), None);
        check("Demo-Proj.CN-Hangzhou.Log.Aliyuncs.Com", Some("demo-proj"), Some("cn-hangzhou"));
    }

    #[test]
    fn bare_endpoints_have_no_project() {
        check("cn-hangzhou.log.aliyuncs.com", None, Some("cn-hangzhou"));
        check("log-global.aliyuncs.com", None, None);
        check("localhost:8700", None, None);
        check("127.0.0.1:8700", None, None);
        check("[::1]:8700", None, None);
        check("[::1]", None, None);
        check("emulator:8700", None, None);
    }

    #[test]
    fn other_names_give_the_project_before_the_base() {
        check("demo-proj.localhost:18080", Some("demo-proj"), None);
        check("demo-proj.localhost", Some("demo-proj"), None);
        check("demo-proj.127.0.0.1", Some("demo-proj"), None);
        check("demo-proj.127.0.0.1:8700", Some("demo-proj"), None);
        check("demo-proj.[::1]:8700", Some("demo-proj"), None);
        check("demo-proj.sls.test:9999", Some("demo-proj"), None);
        check("demo-proj.emulator:8700", Some("demo-proj"), None);
    }
}
