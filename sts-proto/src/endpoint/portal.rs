use super::partitions::{Partition, SERVICE};
use super::url::Target;
use super::{EndpointError, Region};

/// The endpoint of the IAM Identity Center portal in a region, by the endpoint rules that AWS publishes for
/// it. They are the STS rules with another service name, including GovCloud's FIPS endpoints, but without a
/// global endpoint.
pub(crate) fn portal(region: &str, fips: bool, dual_stack: bool) -> Result<Target, EndpointError> {
    named(["portal.sso", "portal.sso-fips"], region, fips, dual_stack).map(|(target, _)| target)
}

/// The endpoint that renews the tokens of IAM Identity Center. Its rules are the portal's.
pub(crate) fn oidc(region: &str, fips: bool, dual_stack: bool) -> Result<Target, EndpointError> {
    named(["oidc", "oidc-fips"], region, fips, dual_stack).map(|(target, _)| target)
}

/// The endpoint of IAM Roles Anywhere, and the region that requests are signed for. Its rules are the portal's.
#[cfg(feature = "roles-anywhere")]
pub(crate) fn roles_anywhere(
    region: &str,
    fips: bool,
    dual_stack: bool,
) -> Result<(Target, String), EndpointError> {
    named(["rolesanywhere", "rolesanywhere-fips"], region, fips, dual_stack)
}

fn named(
    [label, label_fips]: [&str; 2],
    region: &str,
    fips: bool,
    dual_stack: bool,
) -> Result<(Target, String), EndpointError> {
    let region = Region::parse(region)?;
    let partition = Partition::of(&region.name);
    let label = match (fips || region.fips, dual_stack) {
        (true, false) if partition.fips_label == SERVICE => label,
        (true, _) => label_fips,
        (false, _) => label,
    };
    let suffix = if dual_stack { partition.dual_stack_dns_suffix } else { partition.dns_suffix };
    let target = Target::parse(&format!("https://{label}.{}.{suffix}", region.name))
        .map_err(|problem| EndpointError::InvalidUrl { problem, set_by: None })?;
    Ok((target, region.name.into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts() {
        for (region, fips, dual_stack, expected) in [
            ("us-east-1", false, false, "us-east-1.amazonaws.com"),
            ("us-east-1", true, false, "-fips.us-east-1.amazonaws.com"),
            ("us-east-1-fips", false, false, "-fips.us-east-1.amazonaws.com"),
            ("us-east-1", false, true, "us-east-1.api.aws"),
            ("us-east-1", true, true, "-fips.us-east-1.api.aws"),
            ("us-gov-west-1", true, false, "us-gov-west-1.amazonaws.com"),
            ("us-gov-west-1", true, true, "-fips.us-gov-west-1.api.aws"),
            ("CN-NORTH-1", false, false, "cn-north-1.amazonaws.com.cn"),
            ("FIPS-US-EAST-1", false, false, "-fips.us-east-1.amazonaws.com"),
            ("cn-north-1", false, false, "cn-north-1.amazonaws.com.cn"),
        ] {
            let separator = if expected.starts_with('-') { "" } else { "." };
            let host = |label| format!("https://{label}{separator}{expected}/");
            assert_eq!(portal(region, fips, dual_stack).unwrap().uri, *host("portal.sso"));
            assert_eq!(oidc(region, fips, dual_stack).unwrap().uri, *host("oidc"));
        }
        for region in ["", "us east 1", "evil.example/"] {
            assert!(portal(region, false, false).is_err() && oidc(region, false, false).is_err(), "{region}");
        }
    }
}
