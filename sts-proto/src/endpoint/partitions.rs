//! The AWS partitions and what STS does differently in each, as one table.
//!
//! Source: the partitions file and the STS endpoint rule set that AWS publishes with its service models. To
//! add a partition, or a region name that no pattern covers, add a line here; `tests/endpoint_vectors.rs`
//! compares the table with the published files.
//!
//! All partitions support FIPS and dual stack, so the table has no columns for them. The same test fails if
//! that changes.

use crate::text::split_once;

/// A group of regions with its own domain names.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Partition {
    /// Its name, as in the second field of an ARN.
    pub(super) id: &'static str,
    /// Prefixes of its region names, each followed by a word and a number: `us` covers `us-east-1`.
    region_heads: &'static [&'static str],
    /// The pseudo region that stands for the whole partition.
    global_region: Option<&'static str>,
    /// The real region that requests are signed for when the pseudo region is given.
    implicit_global_region: &'static str,
    /// The domain of its endpoints.
    pub(super) dns_suffix: &'static str,
    /// The domain of its endpoints that have both IPv4 and IPv6 addresses.
    pub(super) dual_stack_dns_suffix: &'static str,
    /// The domain of the sign-in service, which is not that of other endpoints.
    #[cfg_attr(not(feature = "credentials"), allow(dead_code))]
    pub(super) sign_in_suffix: &'static str,
    /// The host of the console, where it is published.
    #[cfg_attr(not(feature = "credentials"), allow(dead_code))]
    pub(super) console_host: Option<&'static str>,
    /// First label of a FIPS endpoint without dual stack. In GovCloud the ordinary endpoint is the FIPS one.
    pub(super) fips_label: &'static str,
}

/// First label of an ordinary endpoint, and the name that requests are signed with.
pub(super) const SERVICE: &str = "sts";

/// First label of a FIPS endpoint.
pub(super) const SERVICE_FIPS: &str = "sts-fips";

/// The host that served every region before there were regional endpoints.
pub(super) const GLOBAL_HOST: &str = "sts.amazonaws.com";

/// The region that requests to [`GLOBAL_HOST`] are signed for.
pub(super) const GLOBAL_SIGNING_REGION: &str = "us-east-1";

/// The pseudo region that always means [`GLOBAL_HOST`].
pub(super) const GLOBAL_REGION: &str = "aws-global";

/// The regions that can use [`GLOBAL_HOST`]: those that existed before regional endpoints became the default.
pub(super) const LEGACY_GLOBAL_REGIONS: [&str; 15] = [
    "ap-northeast-1",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// The partition of a region that matches no other.
const AWS: Partition = Partition {
    id: "aws",
    region_heads: &["us", "eu", "ap", "sa", "ca", "me", "af", "il", "mx"],
    global_region: Some(GLOBAL_REGION),
    implicit_global_region: GLOBAL_SIGNING_REGION,
    dns_suffix: "amazonaws.com",
    dual_stack_dns_suffix: "api.aws",
    sign_in_suffix: "signin.aws.amazon.com",
    console_host: Some("console.aws.amazon.com"),
    fips_label: SERVICE_FIPS,
};

static DEFAULT: Partition = AWS;

pub(super) static PARTITIONS: [Partition; 8] = [
    AWS,
    Partition {
        id: "aws-cn",
        region_heads: &["cn"],
        global_region: Some("aws-cn-global"),
        implicit_global_region: "cn-northwest-1",
        dns_suffix: "amazonaws.com.cn",
        dual_stack_dns_suffix: "api.amazonwebservices.com.cn",
        sign_in_suffix: "signin.amazonaws.cn",
        console_host: Some("console.amazonaws.cn"),
        fips_label: SERVICE_FIPS,
    },
    Partition {
        id: "aws-eusc",
        region_heads: &["eusc-de"],
        global_region: None,
        implicit_global_region: "eusc-de-east-1",
        dns_suffix: "amazonaws.eu",
        dual_stack_dns_suffix: "api.amazonwebservices.eu",
        sign_in_suffix: "signin.amazonaws-eusc.eu",
        console_host: Some("console.amazonaws-eusc.eu"),
        fips_label: SERVICE_FIPS,
    },
    Partition {
        id: "aws-iso",
        region_heads: &["us-iso"],
        global_region: Some("aws-iso-global"),
        implicit_global_region: "us-iso-east-1",
        dns_suffix: "c2s.ic.gov",
        dual_stack_dns_suffix: "api.aws.ic.gov",
        sign_in_suffix: "signin.c2shome.ic.gov",
        console_host: None,
        fips_label: SERVICE_FIPS,
    },
    Partition {
        id: "aws-iso-b",
        region_heads: &["us-isob"],
        global_region: Some("aws-iso-b-global"),
        implicit_global_region: "us-isob-east-1",
        dns_suffix: "sc2s.sgov.gov",
        dual_stack_dns_suffix: "api.aws.scloud",
        sign_in_suffix: "signin.sc2shome.sgov.gov",
        console_host: None,
        fips_label: SERVICE_FIPS,
    },
    Partition {
        id: "aws-iso-e",
        region_heads: &["eu-isoe"],
        global_region: Some("aws-iso-e-global"),
        implicit_global_region: "eu-isoe-west-1",
        dns_suffix: "cloud.adc-e.uk",
        dual_stack_dns_suffix: "api.cloud-aws.adc-e.uk",
        sign_in_suffix: "signin.csphome.adc-e.uk",
        console_host: None,
        fips_label: SERVICE_FIPS,
    },
    Partition {
        id: "aws-iso-f",
        region_heads: &["us-isof"],
        global_region: Some("aws-iso-f-global"),
        implicit_global_region: "us-isof-south-1",
        dns_suffix: "csp.hci.ic.gov",
        dual_stack_dns_suffix: "api.aws.hci.ic.gov",
        sign_in_suffix: "signin.csphome.hci.ic.gov",
        console_host: None,
        fips_label: SERVICE_FIPS,
    },
    Partition {
        id: "aws-us-gov",
        region_heads: &["us-gov"],
        global_region: Some("aws-us-gov-global"),
        implicit_global_region: "us-gov-west-1",
        dns_suffix: "amazonaws.com",
        dual_stack_dns_suffix: "api.aws",
        sign_in_suffix: "signin.amazonaws-us-gov.com",
        console_host: Some("console.amazonaws-us-gov.com"),
        fips_label: SERVICE,
    },
];

impl Partition {
    /// The partition that `region` belongs to, by pseudo region or pattern, else `aws`.
    pub(super) fn of(region: &str) -> &'static Partition {
        PARTITIONS.iter().find(|partition| partition.covers(region)).unwrap_or(&DEFAULT)
    }

    /// The region to sign for: `region`, unless it is the partition's pseudo region, which no service accepts
    /// in a credential scope.
    pub(super) fn signing_region<'a>(&self, region: &'a str) -> &'a str {
        if self.global_region == Some(region) { self.implicit_global_region } else { region }
    }

    fn covers(&self, region: &str) -> bool {
        self.global_region == Some(region) || self.has_region(region)
    }

    /// Whether `region` matches its pattern, which a pseudo region does not.
    pub(super) fn has_region(&self, region: &str) -> bool {
        self.region_heads.iter().any(|head| {
            region.strip_prefix(head).and_then(|rest| rest.strip_prefix('-')).is_some_and(is_word_and_number)
        })
    }
}

/// Whether `text` is `\w+-\d+`, as the published patterns end.
fn is_word_and_number(text: &str) -> bool {
    let is_word = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    split_once(text, '-').is_some_and(|(word, number)| {
        !word.is_empty() && is_word(word) && !number.is_empty() && is_number(number)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_belongs_to_the_partition_that_it_matches() {
        for (region, id) in [
            ("us-east-1", "aws"),
            ("us-fake-99", "aws"),
            ("aws-global", "aws"),
            ("us-gov-west-1", "aws-us-gov"),
            ("us-gov-north-9", "aws-us-gov"),
            ("aws-us-gov-global", "aws-us-gov"),
            ("us-iso-east-1", "aws-iso"),
            ("us-isob-east-1", "aws-iso-b"),
            ("us-isof-south-1", "aws-iso-f"),
            ("eu-isoe-west-1", "aws-iso-e"),
            ("eusc-de-east-1", "aws-eusc"),
            ("cn-south-3", "aws-cn"),
            // A region that no pattern covers belongs to the default partition.
            ("moon-1", "aws"),
            ("cn-north", "aws"),
            ("cn-north-", "aws"),
            ("cn--1", "aws"),
            ("cn-north-1a", "aws"),
            ("cn-north-1-1", "aws"),
            ("CN-north-1", "aws"),
            ("eusc-fr-east-1", "aws"),
            ("xcn-north-1", "aws"),
            ("", "aws"),
        ] {
            assert_eq!(Partition::of(region).id, id, "{region}");
        }
    }

    #[test]
    fn a_pseudo_region_signs_for_a_real_one() {
        for partition in &PARTITIONS {
            if let Some(global) = partition.global_region {
                assert_eq!(Partition::of(global), partition);
                assert_eq!(partition.signing_region(global), partition.implicit_global_region);
            }
            assert_eq!(Partition::of(partition.implicit_global_region), partition);
        }
        assert_eq!(Partition::of("moon-1").signing_region("moon-1"), "moon-1");
    }
}
