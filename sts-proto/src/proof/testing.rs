//! What the tests of this module begin with.

use std::time::{Duration, SystemTime};

use crate::endpoint::{Endpoint, EndpointParams};
use crate::keys::Credentials;

/// 2024-05-17T09:08:07Z
pub(super) fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_715_936_887)
}

pub(super) fn endpoint() -> Endpoint {
    Endpoint::resolve(&EndpointParams { region: Some("eu-west-1"), ..Default::default() }).unwrap()
}

pub(super) fn keys() -> Credentials {
    Credentials::new("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
}
