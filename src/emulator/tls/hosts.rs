//! The hosts of the emulated services
//! (<https://www.alibabacloud.com/help/en/sls/developer-reference/endpoints>,
//! <https://api.aliyun.com/product/Kms>, <https://api.aliyun.com/product/Sts>).

use std::net::IpAddr;

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

/// Whether a host, without its port, is one that is emulated here, or this machine.
pub fn is_served(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    if let Ok(address) = host.trim_matches(['[', ']']).parse::<IpAddr>() {
        return address.to_canonical().is_loopback();
    }
    if host == "localhost" || host.ends_with(".localhost") {
        return true;
    }
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

    #[test]
    fn hosts_of_the_emulated_services_are_served() {
        for host in [
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
            "::1",
            "[::1]",
            "::ffff:127.0.0.1",
        ] {
            assert!(is_served(host), "{host}");
        }
    }

    #[test]
    fn no_others_are() {
        for host in [
            "",
            "example.com",
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
            "notlocalhost",
            "localhost.example.com",
            "10.0.0.1",
            "169.254.169.254",
            "fe80::1",
        ] {
            assert!(!is_served(host), "{host}");
        }
    }
}
