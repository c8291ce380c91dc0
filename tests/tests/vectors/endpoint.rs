//! The service team's endpoint tests.

use serde_json::Value;
use sts_proto::endpoint::{Endpoint, EndpointParams};

use crate::report::Case;

pub(crate) fn check(given: &Value, case: &mut Case) -> Result<(), String> {
    let params = &given["params"];
    let flag = |name: &str| params[name].as_bool().unwrap_or(false);
    let resolved = Endpoint::resolve(&EndpointParams {
        region: params["Region"].as_str(),
        use_fips: flag("UseFIPS"),
        use_dual_stack: flag("UseDualStack"),
        use_global_endpoint: flag("UseGlobalEndpoint"),
        endpoint_url: params["Endpoint"].as_str(),
    });
    let expected = &given["expect"]["endpoint"];
    let as_expected = match (&resolved, expected["url"].as_str()) {
        (Err(_), None) => given["expect"]["error"].is_string(),
        (Ok(endpoint), Some(url)) => {
            // The tests name a signing region only where it is not the region itself.
            let scheme = &expected["properties"]["authSchemes"][0];
            let region = scheme["signingRegion"].as_str().or(params["Region"].as_str());
            endpoint.uri() == format!("{url}/").as_str()
                && Some(endpoint.host().as_bytes()) == url.split("//").nth(1).map(str::as_bytes)
                && endpoint.signing_region() == region
                && endpoint.scope().is_ok() == region.is_some()
        }
        _ => false,
    };
    case.require(as_expected, format!("{resolved:?} and should be {}", given["expect"]));
    Ok(())
}
