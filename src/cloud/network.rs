//! The network the services are reached over: each has a public name and one for callers inside a VPC.

use crate::endpoint::Endpoint;
use crate::names::Region;

/// Where the caller is, which decides the host names of the services.
///
/// The values are those of `network` in the configuration of the official SDKs made from the service models.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Network {
    /// Anywhere with a way to the internet.
    #[default]
    Public,
    /// In a VPC of Alibaba Cloud, in the region of the call, without a way to the internet.
    Vpc,
}

impl Network {
    /// Every network with its name in a configuration.
    pub const NAMES: [(&'static str, Self); 2] = [("public", Self::Public), ("vpc", Self::Vpc)];

    /// The endpoint of SLS in a region.
    ///
    /// Source of the VPC form: SLS documentation, "Endpoints", column of the internal network, one name for VPCs
    /// and the classic network: `<region>-intranet.log.aliyuncs.com`.
    pub fn sls(self, region: &Region) -> Endpoint {
        match self {
            Self::Public => Endpoint::sls(region),
            Self::Vpc => Endpoint::public(format!("{region}-intranet.log.aliyuncs.com")),
        }
    }

    /// The endpoint of RAM, one for all regions.
    ///
    /// Source of the VPC form: the command line tool `ack-ram-tool` of the vendor; no page of the documentation
    /// names it.
    pub fn ram(self) -> Endpoint {
        match self {
            Self::Public => Endpoint::ram(),
            Self::Vpc => Endpoint::public("ram.vpc-proxy.aliyuncs.com".to_owned()),
        }
    }

    /// The endpoint of KMS in a region.
    ///
    /// Source of the VPC form: KMS documentation, "Endpoints", column "VPC": `kms-vpc.<region>.aliyuncs.com`.
    pub fn kms(self, region: &Region) -> Endpoint {
        match self {
            Self::Public => Endpoint::kms(region),
            Self::Vpc => Endpoint::public(format!("kms-vpc.{region}.aliyuncs.com")),
        }
    }

    /// The endpoint of STS for a region.
    ///
    /// Source of the VPC form: STS documentation, "Endpoints": `sts-vpc.<region>.aliyuncs.com`. It is formed for
    /// every region, as the official credential libraries do: there is no global one inside a VPC.
    pub fn sts(self, region: &Region) -> Endpoint {
        match self {
            Self::Public => Endpoint::sts(region),
            Self::Vpc => Endpoint::public(format!("sts-vpc.{region}.aliyuncs.com")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(endpoint: &Endpoint, host: &str) {
        assert_eq!(endpoint, &Endpoint::parse(host).unwrap());
    }

    #[test]
    fn services_have_another_name_inside_a_vpc() {
        let region = Region::parse("cn-hangzhou").unwrap();
        check(&Network::Vpc.sls(&region), "cn-hangzhou-intranet.log.aliyuncs.com");
        check(&Network::Vpc.ram(), "ram.vpc-proxy.aliyuncs.com");
        check(&Network::Vpc.kms(&region), "kms-vpc.cn-hangzhou.aliyuncs.com");
        check(&Network::Vpc.sts(&region), "sts-vpc.cn-hangzhou.aliyuncs.com");
        assert_eq!(Network::Vpc.sls(&region).region_of_sls_host(), Some(region));
    }

    #[test]
    fn by_default_names_are_public() {
        let region = Region::parse("cn-nanjing").unwrap();
        let network = Network::default();
        check(&network.sls(&region), "cn-nanjing.log.aliyuncs.com");
        check(&network.ram(), "ram.aliyuncs.com");
        check(&network.kms(&region), "kms.cn-nanjing.aliyuncs.com");
        check(&network.sts(&region), "sts.aliyuncs.com");
    }
}
