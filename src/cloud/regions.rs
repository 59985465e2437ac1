//! The known regions, to find a typing error before it becomes part of a host name.

/// The region ids of the official provider, and those that only the endpoint table of the official SDK of SLS has
/// (`sa-east-1`, `cn-heyuan-acdr-1` and the `-corp` regions).
///
/// New regions are opened, so the user must be able to switch off a check against this list.
const KNOWN: [&str; 50] = [
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ap-southeast-8",
    "cn-beijing",
    "cn-beijing-finance-1",
    "cn-beijing-finance-1-pub",
    "cn-chengdu",
    "cn-fuzhou",
    "cn-guangzhou",
    "cn-hangzhou",
    "cn-hangzhou-corp",
    "cn-hangzhou-finance",
    "cn-heyuan",
    "cn-heyuan-acdr-1",
    "cn-hongkong",
    "cn-huhehaote",
    "cn-hzfinance",
    "cn-hzjbp",
    "cn-nanjing",
    "cn-north-2-gov-1",
    "cn-qingdao",
    "cn-shanghai",
    "cn-shanghai-corp",
    "cn-shanghai-finance-1",
    "cn-shanghai-finance-1-pub",
    "cn-shenzhen",
    "cn-shenzhen-finance",
    "cn-shenzhen-finance-1",
    "cn-szfinance",
    "cn-wulanchabu",
    "cn-zhangbei-corp",
    "cn-zhangjiakou",
    "cn-zhongwei",
    "eu-central-1",
    "eu-west-1",
    "me-central-1",
    "me-east-1",
    "na-south-1",
    "rus-west-1",
    "sa-east-1",
    "us-east-1",
    "us-southeast-1",
    "us-west-1",
];

/// Whether the region id is known.
pub fn is_known(id: &str) -> bool {
    KNOWN.contains(&id)
}

/// The known region id that is most similar to this one; `None` if none is similar enough.
pub fn nearest(id: &str) -> Option<&'static str> {
    /// Below this similarity (0 to 1) a hint would mislead.
    const NEAR: f64 = 0.7;
    KNOWN
        .iter()
        .map(|known| (similarity(id, known), *known))
        .filter(|(similarity, _)| *similarity >= NEAR)
        // Of equally similar ids the first is kept.
        .reduce(|best, other| if other.0 > best.0 { other } else { best })
        .map(|(_, known)| known)
}

/// The similarity of two ids, by the number of letters to change. The city alone is compared as well.
fn similarity(given: &str, known: &str) -> f64 {
    let city = known.split_once('-').map_or(known, |(_, city)| city);
    strsim::normalized_damerau_levenshtein(given, known)
        .max(strsim::normalized_damerau_levenshtein(given, city))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_region_corrects_a_typing_error() {
        for (given, meant) in [
            ("cn-hangzou", Some("cn-hangzhou")),
            ("cn-shangai", Some("cn-shanghai")),
            ("hangzhou", Some("cn-hangzhou")),
            ("cn_hangzhou", Some("cn-hangzhou")),
            ("eu-central", Some("eu-central-1")),
            ("ap-southeast-9", Some("ap-southeast-1")),
            ("us-east1", Some("us-east-1")),
            ("westeurope", None),
            ("x", None),
        ] {
            assert_eq!(nearest(given), meant, "{given}");
        }
    }

    #[test]
    fn every_known_region_is_its_own_nearest() {
        for id in KNOWN {
            assert!(is_known(id));
            assert_eq!(nearest(id), Some(id));
            assert!(crate::names::Region::parse(id).is_ok(), "{id}");
        }
        assert!(!is_known("cn-hangzou"));
    }
}
