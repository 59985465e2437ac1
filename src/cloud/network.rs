//! The host names of the services. Each service has a public one and one for callers inside a VPC.

use std::net::Ipv4Addr;

use crate::endpoint::Endpoint;
use crate::names::Region;

/// The network of the caller, which decides the host names of the services.
///
/// The values are those of `network` in the configuration of the official SDKs that are generated from the service
/// models.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Network {
    /// Any network with access to the internet.
    #[default]
    Public,
    /// A VPC of Alibaba Cloud in the region of the call, without access to the internet.
    Vpc,
}

/// The address of the metadata service of an ECS instance, on the instance's own link.
///
/// Source: ECS documentation, "Instance metadata".
pub(crate) const ECS_METADATA: Ipv4Addr = Ipv4Addr::new(100, 100, 100, 200);

/// The regions that have an endpoint of STS (STS documentation, "Endpoints").
const STS_REGIONS: [&str; 22] = [
    "cn-hangzhou",
    "cn-shanghai",
    "cn-shenzhen",
    "cn-heyuan",
    "cn-qingdao",
    "cn-beijing",
    "cn-zhangjiakou",
    "cn-huhehaote",
    "cn-wulanchabu",
    "cn-chengdu",
    "cn-hongkong",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-5",
    "ap-northeast-1",
    "ap-south-1",
    "us-west-1",
    "us-east-1",
    "eu-central-1",
    "eu-west-1",
    "me-east-1",
];

impl Network {
    /// Every network, with its name in a configuration.
    pub const NAMES: [(&'static str, Self); 2] = [("public", Self::Public), ("vpc", Self::Vpc)];

    /// The endpoint of SLS in a region.
    ///
    /// Source: SLS documentation, "Endpoints". The VPC form is that of the internal network: VPCs and the classic
    /// network have the same host name.
    pub fn sls(self, region: &Region) -> Endpoint {
        self.host(format!("{region}.log.aliyuncs.com"), format!("{region}-intranet.log.aliyuncs.com"))
    }

    /// The endpoint of RAM, one for all regions.
    ///
    /// Source: RAM documentation, "Endpoints". The VPC form is not documented; it is that of the vendor's command
    /// line tool `ack-ram-tool`.
    pub fn ram(self) -> Endpoint {
        self.host("ram.aliyuncs.com".to_owned(), "ram.vpc-proxy.aliyuncs.com".to_owned())
    }

    /// The endpoint of KMS in a region.
    ///
    /// Source: KMS documentation, "Endpoints", columns "Public" and "VPC".
    pub fn kms(self, region: &Region) -> Endpoint {
        self.host(format!("kms.{region}.aliyuncs.com"), format!("kms-vpc.{region}.aliyuncs.com"))
    }

    /// The endpoint of STS for a region: the global one where STS has none in the region.
    ///
    /// Inside a VPC there is no global endpoint: the host name is formed for every region, as in the official
    /// credential libraries.
    pub fn sts(self, region: &Region) -> Endpoint {
        match self {
            Self::Public if !STS_REGIONS.contains(&region.as_str()) => Endpoint::global_sts(),
            _ => self.sts_in(region),
        }
    }

    /// The endpoint of STS in a region, also if the documentation names none there.
    ///
    /// Source: STS documentation, "Endpoints".
    pub fn sts_in(self, region: &Region) -> Endpoint {
        self.host(format!("sts.{region}.aliyuncs.com"), format!("sts-vpc.{region}.aliyuncs.com"))
    }

    fn host(self, public: String, vpc: String) -> Endpoint {
        Endpoint::of_service(match self {
            Self::Public => public,
            Self::Vpc => vpc,
        })
    }
}

impl Endpoint {
    /// The global public endpoint of STS.
    pub fn global_sts() -> Self {
        Self::of_service("sts.aliyuncs.com".to_owned())
    }

    /// The metadata service of an ECS instance. It is the only service outside of this machine that is called without
    /// TLS, because it does not support TLS.
    pub fn ecs_metadata() -> Self {
        Self::plain(ECS_METADATA)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(endpoint: &Endpoint, host: &str) {
        assert_eq!(endpoint, &Endpoint::parse(host).unwrap());
        assert_eq!(endpoint.to_string(), format!("https://{host}"));
    }

    #[test]
    fn vpc_has_the_host_names_of_the_internal_network() {
        let region = Region::parse("cn-hangzhou").unwrap();
        check(&Network::Vpc.sls(&region), "cn-hangzhou-intranet.log.aliyuncs.com");
        check(&Network::Vpc.ram(), "ram.vpc-proxy.aliyuncs.com");
        check(&Network::Vpc.kms(&region), "kms-vpc.cn-hangzhou.aliyuncs.com");
        check(&Network::Vpc.sts(&region), "sts-vpc.cn-hangzhou.aliyuncs.com");
        assert_eq!(Network::Vpc.sls(&region).region_of_sls_host(), Some(region));
    }

    #[test]
    fn the_default_network_has_the_public_host_names() {
        let region = Region::parse("cn-nanjing").unwrap();
        let network = Network::default();
        check(&network.sls(&region), "cn-nanjing.log.aliyuncs.com");
        check(&network.ram(), "ram.aliyuncs.com");
        check(&network.kms(&region), "kms.cn-nanjing.aliyuncs.com");
        check(&network.sts(&region), "sts.aliyuncs.com");
        check(&network.sts_in(&region), "sts.cn-nanjing.aliyuncs.com");
        check(&network.sts(&Region::parse("cn-hangzhou").unwrap()), "sts.cn-hangzhou.aliyuncs.com");
    }
}
