use super::partitions::{GLOBAL_SIGNING_REGION, PARTITIONS, Partition};

/// The hosts of the sign-in service and of the console.
pub(crate) struct ConsoleHosts {
    pub(crate) sign_in: String,
    /// `None` where it is not published.
    pub(crate) console: Option<&'static str>,
}

impl ConsoleHosts {
    /// For the sessions of a region. Only the partition `aws` has a host for each region; its first one is without a name.
    pub(crate) fn of(region: &str) -> Self {
        let partition = Partition::of(region);
        let suffix = partition.sign_in_suffix;
        let is_named = region != GLOBAL_SIGNING_REGION
            && partition.has_region(region)
            && PARTITIONS.first() == Some(partition);
        let sign_in = if is_named { format!("{region}.{suffix}") } else { suffix.to_owned() };
        Self { sign_in, console: partition.console_host }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts() {
        for (region, sign_in, console) in [
            ("us-east-1", "signin.aws.amazon.com", Some("console.aws.amazon.com")),
            ("eu-west-1", "eu-west-1.signin.aws.amazon.com", Some("console.aws.amazon.com")),
            // Another vendor's name for a region.
            ("default", "signin.aws.amazon.com", Some("console.aws.amazon.com")),
            ("cn-north-1", "signin.amazonaws.cn", Some("console.amazonaws.cn")),
            ("us-gov-east-1", "signin.amazonaws-us-gov.com", Some("console.amazonaws-us-gov.com")),
            ("eusc-de-east-1", "signin.amazonaws-eusc.eu", Some("console.amazonaws-eusc.eu")),
            ("us-iso-east-1", "signin.c2shome.ic.gov", None),
        ] {
            let hosts = ConsoleHosts::of(region);
            assert_eq!((&*hosts.sign_in, hosts.console), (sign_in, console), "{region}");
        }
    }
}
