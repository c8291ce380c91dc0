//! Any endpoint parameters: resolving never panics, the result is usable and means the same to other URL
//! parsers, and no error quotes a URL.
//!
//! The bits of the first byte are the flags; then follow the region, a line feed and the endpoint URL.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sts_proto::endpoint::{Endpoint, EndpointError, EndpointParams};
use url::Url;

fuzz_target!(|data: &[u8]| {
    let [flags, rest @ ..] = data else { return };
    let Ok(text) = std::str::from_utf8(rest) else { return };
    let (region, url) = text.split_once('\n').unwrap_or((text, ""));
    let flag = |bit: u8| flags & 1 << bit != 0;
    let params = EndpointParams {
        region: flag(0).then_some(region),
        use_fips: flag(1),
        use_dual_stack: flag(2),
        use_global_endpoint: flag(3),
        endpoint_url: flag(4).then_some(url),
    };
    match Endpoint::resolve(&params) {
        Ok(endpoint) => usable(&endpoint, &params),
        Err(error) => short(&error, url),
    }
});

fn usable(endpoint: &Endpoint, params: &EndpointParams<'_>) {
    let uri = endpoint.uri();
    assert_eq!(uri.authority().map(|authority| authority.as_str()), endpoint.host().to_str().ok());
    assert_eq!((uri.query(), uri.authority().is_some_and(|it| it.as_str().contains('@'))), (None, false));
    assert!(uri.path().starts_with('/'));
    assert_eq!(endpoint.scope().is_ok(), params.region.is_some());
    if params.endpoint_url.is_none() {
        let region = params.region.unwrap_or_default().to_ascii_lowercase();
        let fips = params.use_fips || region.starts_with("fips-") || region.ends_with("-fips");
        let host = uri.host().unwrap_or_default();
        // In GovCloud, the ordinary endpoint is the one with FIPS.
        let ordinary = region.contains("us-gov-") && !params.use_dual_stack;
        assert!(host.starts_with(if fips && !ordinary { "sts-fips." } else { "sts." }) || fips, "{host}");
        assert!(!fips || ordinary || host.starts_with("sts-fips."), "{host}");
        // Behind the service and the region, which may be any label: `sts-fips.api.amazonaws.com` is of a region `api`.
        let suffix = host.splitn(3, '.').last().unwrap_or_default();
        assert_eq!(suffix.starts_with("api."), params.use_dual_stack, "{host}");
    }
    // Resolving the result again must not change it. The region that was set may be another than the one to sign for.
    let text = uri.to_string();
    let again = EndpointParams {
        region: endpoint.signing_region(),
        endpoint_url: Some(&text),
        ..EndpointParams::default()
    };
    let again = Endpoint::resolve(&again).expect("it was resolved before");
    let of = |it: &Endpoint| (it.uri().clone(), it.host().clone(), it.scope().ok().cloned());
    assert_eq!(of(&again), of(endpoint));
    // By the rules of browsers. They treat `0x7f.1` as an address and `h.0x` as a malformed one; by RFC 1123
    // both are names.
    let theirs = match Url::parse(&text) {
        Err(url::ParseError::InvalidIpv4Address) => return,
        // A label that is not valid Punycode is still a label.
        Err(url::ParseError::IdnaError) if text.contains("xn--") => return,
        theirs => theirs.expect("the other parser accepts it"),
    };
    assert_eq!(theirs.scheme(), uri.scheme_str().unwrap_or_default());
    assert_eq!(theirs.port(), uri.port_u16());
    match theirs.host() {
        Some(url::Host::Domain(name)) => assert_eq!(Some(name), uri.host()),
        Some(url::Host::Ipv4(address)) => {
            let ours = uri.host().and_then(|host| host.trim_end_matches('.').parse().ok());
            assert_eq!(ours.unwrap_or(address), address);
        }
        Some(url::Host::Ipv6(address)) => {
            let ours = uri.host().and_then(|host| host.strip_prefix('[')?.strip_suffix(']'));
            assert_eq!(ours.and_then(|host| host.parse().ok()), Some(address));
        }
        None => panic!("{text} has no host"),
    }
}

fn short(error: &EndpointError, url: &str) {
    let text = error.to_string();
    assert!(!text.contains('\n') && text.len() < 2048, "an error must be one short line: {text:?}");
    if let EndpointError::InvalidUrl { problem, .. } = error {
        let long = url.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() > 12);
        long.for_each(|word| assert!(problem.contains(word) || !text.contains(word), "{text:?}"));
    }
}
