//! Names what sets the values that errors are about: the arguments of a program, and the origin of a region or a URL that
//! [`crate::endpoint`] refuses, since that module knows no origins.

use super::error::Named;
use super::{Origin, Settings};
use crate::endpoint::EndpointError;

impl Settings {
    /// Says which arguments of this program set what code has set so far: `argument` gives the name of one for the name of a
    /// setting, as `explain` lists it; all three time-outs are `call time-out`. People who use a program know its arguments and not
    /// its code, so errors and `explain` name these. Credentials, certificates and proxies stay as they are.
    ///
    /// ```
    /// use sts_proto::Settings;
    ///
    /// let settings = Settings::new().region("eu west 1");
    /// let settings = settings.of_program(|setting| match setting {
    ///     "region" => "--region",
    ///     _ => "set by this program",
    /// });
    /// let error = settings.endpoint().unwrap_err();
    /// assert!(error.to_string().contains("of --region is not valid"));
    /// ```
    pub fn of_program(mut self, argument: impl Fn(&str) -> &'static str) -> Self {
        for (name, origin) in [
            ("region", &mut self.region.origin),
            ("endpoint url", &mut self.endpoint_url.origin),
            ("fips endpoint", &mut self.use_fips_endpoint.origin),
            ("dual-stack endpoint", &mut self.use_dualstack_endpoint.origin),
            ("global endpoint", &mut self.use_global_endpoint.origin),
            ("retry mode", &mut self.retry_mode_origin),
            ("max attempts", &mut self.max_attempts_origin),
            ("call time-out", &mut self.timeouts.origin),
            ("app id", &mut self.app_id.origin),
            ("sigv4a", &mut self.use_sigv4a.origin),
            ("sigv4a signing region set", &mut self.signing_region_set.origin),
        ] {
            origin.name_argument(|| argument(name));
        }
        self
    }

    /// The error of an endpoint in this region, with what sets the values that are wrong.
    pub(super) fn set_by(&self, error: EndpointError, region: Option<&str>) -> EndpointError {
        // A region that these settings do not have was found.
        let of_region = match self.region.value {
            Some(_) => &self.region.origin,
            None => &Origin::InstanceMetadata,
        };
        let named = |origin| Some(Named(origin).to_string().into());
        let url = named(&self.endpoint_url.origin);
        match error {
            EndpointError::InvalidRegion { region, .. } => {
                EndpointError::InvalidRegion { region, set_by: named(of_region) }
            }
            EndpointError::InvalidUrl { problem, .. } => EndpointError::InvalidUrl { problem, set_by: url },
            EndpointError::FipsWithUrl { .. } => {
                let fips = match (self.use_fips_endpoint.value, region) {
                    (false, Some(region)) => Some(format!("region {region} of {}", Named(of_region)).into()),
                    _ => named(&self.use_fips_endpoint.origin),
                };
                EndpointError::FipsWithUrl { fips, url }
            }
            EndpointError::DualStackWithUrl { .. } => EndpointError::DualStackWithUrl {
                dual_stack: named(&self.use_dualstack_endpoint.origin),
                url,
            },
            error => error.of_search(self.looked),
        }
    }
}
