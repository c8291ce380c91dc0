use super::partitions::{Partition, SERVICE};
use super::url::Target;
use super::{EndpointError, Region};

/// The endpoint that renews the keys of `aws login` in a region, by the endpoint rules that AWS publishes for the sign-in
/// service. Its ordinary hosts, and those of FIPS in GovCloud, have a domain of their own in each partition.
pub(crate) fn sign_in(region: &str, fips: bool, dual_stack: bool) -> Result<Target, EndpointError> {
    let region = Region::parse(region)?;
    let partition = Partition::of(&region.name);
    let (name, fips) = (&*region.name, fips || region.fips);
    let host = match (fips, dual_stack) {
        (false, false) => format!("{name}.{}", partition.sign_in_suffix),
        (false, true) => format!("signin.{name}.{}", partition.dual_stack_dns_suffix),
        (true, true) => format!("signin-fips.{name}.{}", partition.dual_stack_dns_suffix),
        (true, false) if name == "us-gov-west-1" => GOV_CLOUD_FIPS.to_owned(),
        (true, false) if partition.fips_label == SERVICE => format!("{name}.{GOV_CLOUD_FIPS}"),
        (true, false) => format!("signin-fips.{name}.{}", partition.dns_suffix),
    };
    Target::parse(&format!("https://{host}"))
        .map_err(|problem| EndpointError::InvalidUrl { problem, set_by: None })
}

const GOV_CLOUD_FIPS: &str = "signin-fips.amazonaws-us-gov.com";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts() {
        for (region, fips, dual_stack, expected) in [
            ("us-east-1", false, false, "us-east-1.signin.aws.amazon.com"),
            ("mars-1", false, false, "mars-1.signin.aws.amazon.com"),
            ("cn-north-1", false, false, "cn-north-1.signin.amazonaws.cn"),
            ("us-gov-east-1", false, false, "us-gov-east-1.signin.amazonaws-us-gov.com"),
            ("eusc-de-east-1", false, false, "eusc-de-east-1.signin.amazonaws-eusc.eu"),
            ("us-iso-west-1", false, false, "us-iso-west-1.signin.c2shome.ic.gov"),
            ("us-isob-east-1", false, false, "us-isob-east-1.signin.sc2shome.sgov.gov"),
            ("eu-isoe-west-1", false, false, "eu-isoe-west-1.signin.csphome.adc-e.uk"),
            ("us-isof-south-1", false, false, "us-isof-south-1.signin.csphome.hci.ic.gov"),
            ("EU-WEST-1", false, false, "eu-west-1.signin.aws.amazon.com"),
            ("eu-west-1", true, false, "signin-fips.eu-west-1.amazonaws.com"),
            ("fips-eu-west-1", false, false, "signin-fips.eu-west-1.amazonaws.com"),
            ("cn-north-1", true, false, "signin-fips.cn-north-1.amazonaws.com.cn"),
            ("us-gov-west-1", true, false, "signin-fips.amazonaws-us-gov.com"),
            ("us-gov-east-1", true, false, "us-gov-east-1.signin-fips.amazonaws-us-gov.com"),
            ("eu-west-1", false, true, "signin.eu-west-1.api.aws"),
            ("us-gov-west-1", true, true, "signin-fips.us-gov-west-1.api.aws"),
            ("cn-north-1", false, true, "signin.cn-north-1.api.amazonwebservices.com.cn"),
        ] {
            let uri = sign_in(region, fips, dual_stack).unwrap().uri;
            assert_eq!(uri.to_string(), format!("https://{expected}/"), "{region}");
        }
        for region in ["", "us east 1", "evil.example/"] {
            assert!(sign_in(region, false, false).is_err(), "{region}");
        }
    }
}
