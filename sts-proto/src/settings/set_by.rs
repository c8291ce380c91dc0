//! What sets the values that no endpoint can be made of: [`crate::endpoint`] knows no origins.

use super::error::Named;
use super::{Origin, Settings};
use crate::endpoint::EndpointError;

impl Settings {
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
            EndpointError::MissingRegion if !self.looked => EndpointError::RegionNotGiven,
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
            error => error,
        }
    }
}
