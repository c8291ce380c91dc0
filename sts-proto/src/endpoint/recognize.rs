//! The other way round: which partition and region a host name stands for.

use super::partitions::{GLOBAL_HOST, GLOBAL_SIGNING_REGION, PARTITIONS, SERVICE, SERVICE_FIPS};
use super::url::is_label;
use crate::text::split_once;

/// A host of STS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Recognized<'h> {
    /// The name of its partition.
    pub(crate) partition: &'static str,
    /// The region that requests to it are signed for.
    pub(crate) region: &'h str,
}

/// Recognizes exactly the hosts that [the rules](super#the-rules) make of regions that match the pattern of a partition, in
/// lower case, and no name that only looks like one.
pub(crate) fn recognize(host: &str) -> Option<Recognized<'_>> {
    if host == GLOBAL_HOST {
        return Some(Recognized { partition: "aws", region: GLOBAL_SIGNING_REGION });
    }
    let (service, rest) = split_once(host, '.')?;
    let (region, suffix) = split_once(rest, '.')?;
    if !is_label(region, |_| false) || region.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return None;
    }
    let partition = PARTITIONS.iter().find(|partition| partition.has_region(region))?;
    let fits = service == SERVICE
        && (suffix == partition.dns_suffix || suffix == partition.dual_stack_dns_suffix)
        || service == partition.fips_label && suffix == partition.dns_suffix
        || service == SERVICE_FIPS && suffix == partition.dual_stack_dns_suffix;
    fits.then_some(Recognized { partition: partition.id, region })
}

#[cfg(test)]
mod tests {
    use super::super::{Endpoint, EndpointParams};
    use super::*;

    #[test]
    fn every_endpoint_of_a_region_is_recognized() {
        for (region, partition) in [
            ("us-east-1", "aws"),
            ("mx-central-1", "aws"),
            ("us-moon-9", "aws"),
            ("cn-north-1", "aws-cn"),
            ("us-gov-west-1", "aws-us-gov"),
            ("us-iso-east-1", "aws-iso"),
            ("us-isob-east-1", "aws-iso-b"),
            ("eu-isoe-west-1", "aws-iso-e"),
            ("us-isof-south-1", "aws-iso-f"),
            ("eusc-de-east-1", "aws-eusc"),
        ] {
            for bits in 0..4 {
                let (use_fips, use_dual_stack) = (bits & 1 != 0, bits & 2 != 0);
                let params =
                    EndpointParams { region: Some(region), use_fips, use_dual_stack, ..Default::default() };
                let endpoint = Endpoint::resolve(&params).unwrap();
                let host = endpoint.host().to_str().unwrap();
                assert_eq!(recognize(host), Some(Recognized { partition, region }), "{host}");
            }
        }
        let global = Recognized { partition: "aws", region: "us-east-1" };
        assert_eq!(recognize("sts.amazonaws.com"), Some(global));
    }

    #[test]
    fn what_looks_like_a_host_of_sts_is_none() {
        for host in [
            "",
            "sts",
            "amazonaws.com",
            "sts.us-east-1",
            "sts..amazonaws.com",
            "sts.us-east-1.amazonaws.com.",
            ".sts.us-east-1.amazonaws.com",
            "STS.us-east-1.amazonaws.com",
            "sts.US-EAST-1.amazonaws.com",
            "sts.us-East-1.amazonaws.com",
            "evilsts.us-east-1.amazonaws.com",
            "sts.us-east-1.amazonaws.com.evil.example",
            "sts.us-east-1.amazonaws.com.s3.amazonaws.com",
            "s3.us-east-1.amazonaws.com",
            "sts-fips.amazonaws.com",
            "sts.cn-north-1.amazonaws.com",
            "sts.us-east-1.amazonaws.com.cn",
            "sts.not-a-region.amazonaws.com",
            "sts.aws-global.amazonaws.com",
            "sts.aws-cn-global.amazonaws.com.cn",
            "sts.us-a_b-1.amazonaws.com",
            "sts.us-east-1.api.aws.evil",
            "sts-fips.us-gov-west-1.amazonaws.com",
        ] {
            assert_eq!(recognize(host), None, "{host}");
        }
    }
}
