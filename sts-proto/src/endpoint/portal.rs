use super::partitions::{Partition, SERVICE};
use super::url::Target;
use super::{EndpointError, Region};

/// The endpoint of the IAM Identity Center portal in a region, by the endpoint rules that AWS publishes for
/// it. They are the STS rules with another service name, including GovCloud's FIPS endpoints, but without a
/// global endpoint.
pub(crate) fn portal(region: &str, fips: bool, dual_stack: bool) -> Result<Target, EndpointError> {
    let region = Region::parse(region)?;
    let partition = Partition::of(&region.name);
    let label = match (fips || region.fips, dual_stack) {
        (true, false) if partition.fips_label == SERVICE => PORTAL,
        (true, _) => PORTAL_FIPS,
        (false, _) => PORTAL,
    };
    let suffix = if dual_stack { partition.dual_stack_dns_suffix } else { partition.dns_suffix };
    Target::parse(&format!("https://{label}.{}.{suffix}", region.name))
        .map_err(|problem| EndpointError::InvalidUrl { problem })
}

const PORTAL: &str = "portal.sso";
const PORTAL_FIPS: &str = "portal.sso-fips";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts() {
        for (region, fips, dual_stack, expected) in [
            ("us-east-1", false, false, "https://portal.sso.us-east-1.amazonaws.com/"),
            ("us-east-1", true, false, "https://portal.sso-fips.us-east-1.amazonaws.com/"),
            ("us-east-1-fips", false, false, "https://portal.sso-fips.us-east-1.amazonaws.com/"),
            ("us-east-1", false, true, "https://portal.sso.us-east-1.api.aws/"),
            ("us-east-1", true, true, "https://portal.sso-fips.us-east-1.api.aws/"),
            ("us-gov-west-1", true, false, "https://portal.sso.us-gov-west-1.amazonaws.com/"),
            ("us-gov-west-1", true, true, "https://portal.sso-fips.us-gov-west-1.api.aws/"),
            ("CN-NORTH-1", false, false, "https://portal.sso.cn-north-1.amazonaws.com.cn/"),
            ("FIPS-US-EAST-1", false, false, "https://portal.sso-fips.us-east-1.amazonaws.com/"),
            ("cn-north-1", false, false, "https://portal.sso.cn-north-1.amazonaws.com.cn/"),
        ] {
            assert_eq!(portal(region, fips, dual_stack).unwrap().uri, expected);
        }
        for region in ["", "us east 1", "evil.example/"] {
            assert!(portal(region, false, false).is_err(), "{region}");
        }
    }
}
