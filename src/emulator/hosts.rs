//! The hosts that the emulator answers for: those of the emulated services
//! (<https://www.alibabacloud.com/help/en/sls/developer-reference/endpoints>,
//! <https://api.aliyun.com/product/Kms>, <https://api.aliyun.com/product/Sts>), this machine, and those it was told.

use std::net::IpAddr;

use super::endpoint::{address_at_end, without_port};

/// What all services' names end in.
const CLOUD: &str = ".aliyuncs.com";

/// What names of Simple Log Service end in, behind region and project.
const SLS: [&str; 2] = [".log", ".sls"];

/// The acceleration endpoint of Simple Log Service.
const SLS_GLOBAL: &str = "log-global";

/// What names of the other services begin with, before the region where there is one. That those of RAM are
/// written like the others' inside of a VPC is a guess.
const RPC: [&str; 9] =
    ["ram", "ram-vpc", "kms", "kms-vpc", "sts", "sts-vpc", "location", "location-readonly", "business"];

/// The hosts that the emulator answers for.
#[derive(Clone, Debug, Default)]
pub struct Hosts {
    /// Host names in lower case and addresses without brackets.
    named: Vec<String>,
}

impl Hosts {
    /// The hosts of the services and of this machine, and those that are named: that of `--listen`, and those of
    /// `--allow-host`.
    pub fn new<'a>(named: impl IntoIterator<Item = &'a str>) -> Self {
        let plain = |host: &str| host.trim_matches(['[', ']']).to_ascii_lowercase();
        Self { named: named.into_iter().filter(|host| !host.is_empty()).map(plain).collect() }
    }

    /// The hosts that were named, in lower case and without brackets.
    pub fn named(&self) -> &[String] {
        &self.named
    }

    /// Whether a host, with or without a port, is a name that was given: an endpoint without a project.
    pub fn is_named(&self, host: &str) -> bool {
        let host = without_port(host);
        self.named.iter().any(|named| named.eq_ignore_ascii_case(host))
    }

    /// Whether a host, without its port, is one that certificates are made for and tunnels lead to: a host of an
    /// emulated service, this machine by `localhost` or a loopback address, a host that was named, or one below it.
    pub fn is_certified(&self, host: &str) -> bool {
        let host = host.trim_matches(['[', ']']).to_ascii_lowercase();
        if self.named.iter().any(|named| is_or_is_below(&host, named)) {
            return true;
        }
        match host.parse::<IpAddr>() {
            Ok(address) => address.to_canonical().is_loopback(),
            Err(_) => is_or_is_below(&host, "localhost") || is_of_a_service(&host),
        }
    }

    /// Whether requests for a host, with or without a port, are answered: besides those that certificates are made
    /// for, any address, also with a project in front of it, and any name without a dot.
    ///
    /// A page in a browser reaches the emulator under every name whose owner lets it resolve to this machine (DNS
    /// rebinding). Nobody can own an address. A name without a dot is not in the public DNS: it is one of the local
    /// network, such as that of a container.
    pub fn is_served(&self, host: &str) -> bool {
        let host = without_port(host);
        self.is_certified(host)
            || host.parse::<IpAddr>().is_ok()
            || address_at_end(host).is_some()
            || !(host.is_empty() || host.contains('.'))
    }
}

/// Whether a text is an address, one of version 6 with or without brackets, or a name as the DNS has them.
pub fn is_host(text: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    text.parse::<IpAddr>().is_ok() || address_at_end(text) == Some(text) || text.split('.').all(is_label)
}

/// Whether a host is `base`, or a name that ends in it. An address has none below it.
fn is_or_is_below(host: &str, base: &str) -> bool {
    let Some(before) = host.strip_suffix(base) else { return false };
    before.is_empty() || (base.parse::<IpAddr>().is_err() && before.strip_suffix('.').is_some_and(is_labels))
}

/// Whether a host in lower case is one of an emulated service.
fn is_of_a_service(host: &str) -> bool {
    host.strip_suffix(CLOUD).is_some_and(|name| is_sls(name) || is_rpc(name))
}

/// Whether a host is one of SLS: `[<project>.]<region>.log` or `[<project>.]log-global`.
fn is_sls(name: &str) -> bool {
    let is_regional = SLS.iter().any(|end| name.strip_suffix(end).is_some_and(is_labels));
    let is_global = name
        .strip_suffix(SLS_GLOBAL)
        .is_some_and(|rest| rest.is_empty() || rest.strip_suffix('.').is_some_and(is_labels));
    is_regional || is_global
}

/// Whether a host is one of RAM, KMS, STS, Location or the billing service: `<service>[-vpc][.<region>]`.
fn is_rpc(name: &str) -> bool {
    match name.split_once('.') {
        None => RPC.contains(&name),
        Some((service, region)) => RPC.contains(&service) && !region.contains('.') && is_labels(region),
    }
}

fn is_labels(name: &str) -> bool {
    name.split('.').all(|label| !label.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hosts that certificates are made for, whatever was named.
    const CERTIFIED: [&str; 21] = [
        "cn-hangzhou.log.aliyuncs.com",
        "demo-proj.cn-hangzhou.log.aliyuncs.com",
        "demo-proj.cn-hangzhou-intranet.log.aliyuncs.com",
        "demo-proj.cn-hangzhou-corp.sls.aliyuncs.com",
        "log-global.aliyuncs.com",
        "Demo-Proj.Log-Global.Aliyuncs.Com",
        "ram.aliyuncs.com",
        "kms.cn-hangzhou.aliyuncs.com",
        "kms-vpc.cn-hangzhou.aliyuncs.com",
        "sts.aliyuncs.com",
        "sts.cn-hangzhou.aliyuncs.com",
        "sts-vpc.cn-hangzhou.aliyuncs.com",
        "location.aliyuncs.com",
        "location-readonly.aliyuncs.com",
        "business.aliyuncs.com",
        "localhost",
        "proj.localhost",
        "127.0.0.1",
        "127.1.2.3",
        "[::1]",
        "::ffff:127.0.0.1",
    ];

    /// Hosts that are served and cannot be anybody's.
    const SERVED_ONLY: [&str; 10] = [
        "10.0.0.1",
        "169.254.169.254",
        "fe80::1",
        "[fe80::1]",
        "::ffff:10.0.0.1",
        "proj.127.0.0.1",
        "proj.10.0.0.1",
        "proj.[::1]",
        "emulator",
        "EMULATOR",
    ];

    /// Hosts of others.
    const FOREIGN: [&str; 24] = [
        "",
        "example.com",
        "proj.example.com",
        "aliyuncs.com",
        "log.aliyuncs.com",
        ".log.aliyuncs.com",
        "a..log.aliyuncs.com",
        "alog-global.aliyuncs.com",
        ".log-global.aliyuncs.com",
        "oss-cn-hangzhou.aliyuncs.com",
        "kms.cn-hangzhou.aliyuncs.com.example.com",
        "kms.cn-hangzhou.example.com",
        "instance.cryptoservice.kms.aliyuncs.com",
        "kms.a.b.aliyuncs.com",
        "kms..aliyuncs.com",
        "kmsx.cn-hangzhou.aliyuncs.com",
        "notlocalhost.",
        "localhost.example.com",
        "127.0.0.1.example.com",
        "example.com[::1]",
        "proj.[evil.example]",
        "user@127.0.0.1",
        "example.com:80:80",
        "emulator.internal",
    ];

    #[test]
    fn hosts_of_services_and_of_this_machine_are_certified_and_served_and_those_of_others_are_neither() {
        let hosts = Hosts::new(["127.0.0.1"]);
        for (list, certified, served) in
            [(&CERTIFIED[..], true, true), (&SERVED_ONLY, false, true), (&FOREIGN, false, false)]
        {
            for host in list {
                assert_eq!(hosts.is_certified(host), certified, "{host}");
                assert_eq!(hosts.is_served(host), served, "{host}");
                let is_plain_ipv6 = host.contains(':') && !host.contains('[');
                if !(is_plain_ipv6 || host.is_empty()) {
                    assert_eq!(hosts.is_served(&format!("{host}:8700")), served, "{host}");
                }
            }
        }
    }

    #[test]
    fn names_and_addresses_are_hosts() {
        for host in ["emulator", "a.b.example", "xn--bcher-kva.example", "a_b", "10.0.0.1", "::1", "[::1]"] {
            assert!(is_host(host), "{host}");
        }
        for text in
            ["", ".", ".b", "a.", "a..b", "*.b", "a:80", "[::1]:80", "http://a", "a/b", "b\u{fc}cher", "a b"]
        {
            assert!(!is_host(text), "{text}");
        }
    }

    #[test]
    fn a_host_that_was_named_is_certified_with_those_below_it() {
        let hosts = Hosts::new(["[FD00::1]", "Emulator", "emulator.svc.example", "10.1.2.3"]);
        for host in [
            "emulator",
            "proj.emulator",
            "EMULATOR",
            "emulator.svc.example",
            "proj.Emulator.svc.example",
            "10.1.2.3",
            "fd00::1",
            "[fd00::1]",
        ] {
            assert!(hosts.is_certified(host) && hosts.is_served(host), "{host}");
        }
        assert!(hosts.is_named("Emulator.svc.example:8700") && !hosts.is_named("proj.emulator.svc.example"));
        for host in ["proj.10.1.2.3", "fd00::2", "10.1.2.4", "otheremulator"] {
            assert!(!hosts.is_certified(host) && hosts.is_served(host), "{host}");
        }
        assert!(!Hosts::new([""]).is_served("example."));
        for host in
            ["otheremulator.svc.example", "svc.example", "emulator.example", ".emulator", "p..emulator"]
        {
            assert!(!hosts.is_certified(host) && !hosts.is_served(host), "{host}");
        }
    }
}
