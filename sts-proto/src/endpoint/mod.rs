//! Where requests go and which region they are signed for.
//!
//! ```
//! use sts_proto::endpoint::{Endpoint, EndpointParams};
//!
//! let region = Some("eu-west-1");
//! let params = EndpointParams { region, ..Default::default() };
//! let endpoint = Endpoint::resolve(&params)?;
//! assert_eq!(endpoint.uri(), "https://sts.eu-west-1.amazonaws.com/");
//! assert_eq!(endpoint.host(), "sts.eu-west-1.amazonaws.com");
//! assert_eq!(endpoint.signing_region(), Some("eu-west-1"));
//!
//! // An emulator, a VPC endpoint, another server: the URL is used as it is.
//! let endpoint = Endpoint::resolve(&EndpointParams {
//!     region: Some("us-east-1"),
//!     endpoint_url: Some("http://localhost:4566"),
//!     ..Default::default()
//! })?;
//! assert_eq!(endpoint.host(), "localhost:4566");
//! # Ok::<(), sts_proto::endpoint::EndpointError>(())
//! ```
//!
//! # The rules
//!
//! They are the "endpoint rules" that AWS publishes for STS. The first row that matches applies. `R` is the
//! region, and the domain is that of the region's partition:
//!
//! | settings | host | signed for |
//! |---|---|---|
//! | endpoint URL and FIPS or dual stack | error | |
//! | endpoint URL | the URL's | R, if there is one |
//! | no region | error | |
//! | FIPS and dual stack | `sts-fips.R.api.aws` | R |
//! | FIPS | `sts-fips.R.amazonaws.com`; in GovCloud `sts.R.amazonaws.com` | R |
//! | dual stack | `sts.R.api.aws` | R |
//! | R is `aws-global`; or the global endpoint is requested and R is one of 15 old regions | `sts.amazonaws.com` | `us-east-1` |
//! | otherwise | `sts.R.amazonaws.com` | R |
//!
//! A region that matches no partition is treated as part of the partition `aws`, so that regions newer than
//! this crate work.
//!
//! `fips-R` and `R-fips` are old spellings of "R with FIPS" and are treated as such in every row: with an
//! endpoint URL, they are the error in the first row.
//!
//! `aws-global` and its counterparts in other partitions (`aws-cn-global`, …) name a partition, not a region,
//! and no service accepts them in a signature. If a rule keeps such a name in the host, or it is combined
//! with an endpoint URL, the request is signed for the partition's main region: `us-east-1`,
//! `cn-northwest-1`, ….
//!
//! A region in capitals means the one in lower case, which is the only one that AWS accepts in a signature. With an
//! endpoint URL, a region is signed for as it was written, since another server may have named it so; only the names above,
//! which stand for something else, are known in any case. A region is never trimmed.

#[cfg(feature = "credentials")]
mod console;
mod error;
mod partitions;
#[cfg(feature = "credentials")]
mod portal;
#[cfg(feature = "verify")]
mod recognize;
#[cfg(feature = "login")]
mod sign_in;
mod url;

#[cfg(feature = "credentials")]
pub(crate) use console::ConsoleHosts;
pub use error::EndpointError;
#[cfg(feature = "roles-anywhere")]
pub(crate) use portal::roles_anywhere;
#[cfg(feature = "credentials")]
pub(crate) use portal::{oidc, portal};
#[cfg(feature = "verify")]
pub(crate) use recognize::{Recognized, recognize};
#[cfg(feature = "login")]
pub(crate) use sign_in::sign_in;
#[cfg(feature = "credentials")]
pub(crate) use url::is_label;

use crate::scope::Scope;
use http::{HeaderValue, Uri};
use partitions::{
    GLOBAL_HOST, GLOBAL_REGION, GLOBAL_SIGNING_REGION, LEGACY_GLOBAL_REGIONS, Partition, SERVICE,
    SERVICE_FIPS,
};
use std::borrow::Cow;
use std::fmt;
pub(crate) use url::{Problem, Target, check_characters, read_host_and_port};

/// The settings that determine the endpoint. By default, none is set. Exhaustive on purpose: a program writes what it sets
/// and takes the rest from `default()`.
#[allow(clippy::exhaustive_structs)] // on purpose
#[derive(Clone, Copy, Default)]
pub struct EndpointParams<'a> {
    /// The region, for example `eu-west-1`. Required unless there is an endpoint URL.
    pub region: Option<&'a str>,
    /// Use the endpoint whose cryptography is validated under FIPS 140.
    pub use_fips: bool,
    /// Use the endpoint that has both IPv4 and IPv6 addresses.
    pub use_dual_stack: bool,
    /// Use `sts.amazonaws.com` in the regions where it used to be the default. Ignored with FIPS, dual stack
    /// or an endpoint URL.
    pub use_global_endpoint: bool,
    /// Send requests to this URL: `http` or `https`, a host, and optionally a port and a path.
    ///
    /// User info, a query or a fragment is an error, and so is any character that RFC 3986 does not allow,
    /// except underscores in the host name, which container tools use.
    pub endpoint_url: Option<&'a str>,
}

/// Shows an endpoint URL only if it is valid: an invalid one may hold a password in any place.
impl fmt::Debug for EndpointParams<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let EndpointParams { region, use_fips, use_dual_stack, use_global_endpoint, endpoint_url } = self;
        let endpoint_url = endpoint_url.map(|url| Target::parse(url).map(|_| url));
        f.debug_struct("EndpointParams")
            .field("region", region)
            .field("use_fips", use_fips)
            .field("use_dual_stack", use_dual_stack)
            .field("use_global_endpoint", use_global_endpoint)
            .field("endpoint_url", &endpoint_url)
            .finish()
    }
}

/// Where requests go and which region they are signed for. Both are in one value, so that they cannot
/// disagree.
///
/// Every `Endpoint` is usable: it has an absolute URL and the matching `Host` header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    target: Target,
    scope: Option<Scope>,
    /// The region that was set, if requests to the endpoint are signed for another one.
    region: Option<String>,
    /// What operations are signed for, if that is not `scope`.
    #[cfg(feature = "sigv4a")]
    in_regions: Option<Scope>,
}

impl Endpoint {
    /// Applies [the rules](self#the-rules).
    ///
    /// # Errors
    ///
    /// If there is neither a region nor an endpoint URL, if one of them is malformed, or if the settings
    /// contradict each other.
    pub fn resolve(params: &EndpointParams<'_>) -> Result<Endpoint, EndpointError> {
        let region = params.region.map(Region::parse).transpose()?;
        let fips = params.use_fips || region.as_ref().is_some_and(|region| region.fips);

        if let Some(url) = params.endpoint_url {
            if fips {
                return Err(EndpointError::FipsWithUrl { fips: None, url: None });
            }
            if params.use_dual_stack {
                return Err(EndpointError::DualStackWithUrl { dual_stack: None, url: None });
            }
            let signing_region = region.as_ref().map(|region| {
                match Partition::of(&region.name).signing_region(&region.name) {
                    name if name == region.name => region.written,
                    name => name,
                }
            });
            return Endpoint::new(url, signing_region);
        }

        let region = &*region.ok_or(EndpointError::MissingRegion)?.name;
        let partition = Partition::of(region);
        let (label, suffix) = match (fips, params.use_dual_stack) {
            (true, true) => (SERVICE_FIPS, partition.dual_stack_dns_suffix),
            (true, false) => (partition.fips_label, partition.dns_suffix),
            (false, true) => (SERVICE, partition.dual_stack_dns_suffix),
            (false, false) if is_global(region, params.use_global_endpoint) => {
                let endpoint = Endpoint::new(&format!("https://{GLOBAL_HOST}"), Some(GLOBAL_SIGNING_REGION))?;
                let set = Some(region).filter(|region| *region != GLOBAL_REGION);
                return Ok(Endpoint { region: set.map(str::to_owned), ..endpoint });
            }
            (false, false) => (SERVICE, partition.dns_suffix),
        };
        Endpoint::new(&format!("https://{label}.{region}.{suffix}"), Some(partition.signing_region(region)))
    }

    /// The URL that requests are sent to: scheme, lower-case host, the port unless it is the scheme's
    /// default, and the path (`/` if none was given).
    pub fn uri(&self) -> &Uri {
        &self.target.uri
    }

    /// The same with a query; `None` if that makes it longer than an [`Uri`] may be.
    pub(crate) fn uri_with_query(&self, query: &str) -> Option<Uri> {
        let mut parts = self.uri().clone().into_parts();
        parts.path_and_query = Some(format!("{}?{query}", self.uri().path()).parse().ok()?);
        Uri::from_parts(parts).ok()
    }

    /// The value of the `Host` header (RFC 9110 §7.2): the authority of [`uri`](Endpoint::uri).
    pub fn host(&self) -> &HeaderValue {
        &self.target.host
    }

    /// The region that requests are signed for; `None` if an endpoint URL was given without a region.
    pub fn signing_region(&self) -> Option<&str> {
        self.scope.as_ref().map(Scope::region)
    }

    /// The region that was set, where other services are asked: not `us-east-1`, which the global endpoint is signed for.
    ///
    /// # Errors
    ///
    /// As [`scope`](Self::scope).
    pub(crate) fn region(&self) -> Result<&str, EndpointError> {
        Ok(match &self.region {
            Some(region) => region,
            None => self.scope()?.region(),
        })
    }

    /// The scope of a signature for this endpoint, in its region.
    ///
    /// # Errors
    ///
    /// If an endpoint URL was given without a region. Unsigned operations work with such an endpoint.
    pub fn scope(&self) -> Result<&Scope, EndpointError> {
        self.scope.as_ref().ok_or(EndpointError::MissingSigningRegion)
    }

    /// What operations are signed for: the endpoint's region, or the regions of `in_regions`.
    ///
    /// # Errors
    ///
    /// As [`scope`](Self::scope).
    pub(crate) fn operation_scope(&self) -> Result<&Scope, EndpointError> {
        #[cfg(feature = "sigv4a")]
        if let Some(scope) = &self.in_regions {
            return Ok(scope);
        }
        self.scope()
    }

    /// The same endpoint, for which operations are signed with Signature Version 4a, valid in these regions: see
    /// [`Scope::in_regions`]. Proofs and tokens of other services stay signed for one region.
    #[cfg(feature = "sigv4a")]
    pub fn in_regions(mut self, regions: &str) -> Self {
        self.in_regions = self.scope.clone().map(|scope| scope.in_regions(regions));
        self
    }

    fn new(url: &str, signing_region: Option<&str>) -> Result<Endpoint, EndpointError> {
        let target =
            Target::parse(url).map_err(|problem| EndpointError::InvalidUrl { problem, set_by: None })?;
        let scope = signing_region.map(|region| Scope::new(region.to_owned(), SERVICE));
        Ok(Endpoint {
            target,
            scope,
            region: None,
            #[cfg(feature = "sigv4a")]
            in_regions: None,
        })
    }
}

/// The region that requests to services of AWS are signed for where this one is set: in lower case, without the `fips-` of old
/// spellings, and a partition's main region for the name that stands for the partition.
pub(crate) fn signing_region(region: &str) -> Result<Cow<'_, str>, EndpointError> {
    let name = Region::parse(region)?.name;
    Ok(match Partition::of(&name).signing_region(&name) {
        signed if signed == name => name,
        other => Cow::Owned(other.to_owned()),
    })
}

/// Whether `url` is a valid endpoint URL. A valid one holds no password.
pub(crate) fn is_usable_url(url: &str) -> bool {
    Target::parse(url).is_ok()
}

fn is_global(region: &str, asked_for: bool) -> bool {
    region == GLOBAL_REGION || asked_for && LEGACY_GLOBAL_REGIONS.contains(&region)
}

/// A region that can be part of a host name, without the `fips-` or `-fips` of old spellings.
struct Region<'a> {
    /// In lower case, as AWS names its regions.
    name: Cow<'a, str>,
    written: &'a str,
    fips: bool,
}

impl<'a> Region<'a> {
    fn parse(text: &'a str) -> Result<Region<'a>, EndpointError> {
        let mut written = text;
        // The prefix and the suffix can occur together or repeatedly; all of them mean FIPS.
        while let Some(rest) = without_fips(written) {
            written = rest;
        }
        if !url::is_label(written, |_| false) {
            let region = text.chars().take(80).collect();
            return Err(EndpointError::InvalidRegion { region, set_by: None });
        }
        let name = match written.bytes().any(|byte| byte.is_ascii_uppercase()) {
            true => Cow::Owned(written.to_ascii_lowercase()),
            false => Cow::Borrowed(written),
        };
        Ok(Region { name, written, fips: written.len() != text.len() })
    }
}

fn without_fips(name: &str) -> Option<&str> {
    const PREFIX: &str = "fips-";
    const SUFFIX: &str = "-fips";
    match name.split_at_checked(PREFIX.len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case(PREFIX) => return Some(rest),
        _ => {}
    }
    let (rest, suffix) = name.split_at_checked(name.len().checked_sub(SUFFIX.len())?)?;
    suffix.eq_ignore_ascii_case(SUFFIX).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNSET: EndpointParams<'static> = EndpointParams {
        region: None,
        use_fips: false,
        use_dual_stack: false,
        use_global_endpoint: false,
        endpoint_url: None,
    };

    fn resolve(params: EndpointParams<'_>) -> Result<(String, Option<String>), EndpointError> {
        let endpoint = Endpoint::resolve(&params)?;
        Ok((endpoint.uri().to_string(), endpoint.signing_region().map(str::to_owned)))
    }

    fn found(uri: &str, signing_region: &str) -> Result<(String, Option<String>), EndpointError> {
        Ok((uri.to_owned(), Some(signing_region.to_owned())))
    }

    #[test]
    fn an_old_fips_region_name_means_the_region_with_fips() {
        for name in ["fips-us-east-1", "us-east-1-fips", "fips-us-east-1-fips", "us-east-1-fips-fips"] {
            let params = EndpointParams { region: Some(name), ..UNSET };
            assert_eq!(resolve(params), found("https://sts-fips.us-east-1.amazonaws.com/", "us-east-1"));
            let params = EndpointParams { use_dual_stack: true, use_global_endpoint: true, ..params };
            assert_eq!(resolve(params), found("https://sts-fips.us-east-1.api.aws/", "us-east-1"));
            let params = EndpointParams { region: Some(name), endpoint_url: Some("https://h"), ..UNSET };
            assert_eq!(resolve(params), Err(EndpointError::FipsWithUrl { fips: None, url: None }));
        }
        let params = EndpointParams { region: Some("us-gov-west-1-fips"), ..UNSET };
        assert_eq!(resolve(params), found("https://sts.us-gov-west-1.amazonaws.com/", "us-gov-west-1"));
    }

    #[test]
    fn a_pseudo_region_is_signed_for_a_real_one() {
        let params = EndpointParams { region: Some("aws-global"), ..UNSET };
        assert_eq!(resolve(params), found("https://sts.amazonaws.com/", "us-east-1"));
        let dual_stack = EndpointParams { use_dual_stack: true, ..params };
        assert_eq!(resolve(dual_stack), found("https://sts.aws-global.api.aws/", "us-east-1"));
        let fips = EndpointParams { use_fips: true, ..params };
        assert_eq!(resolve(fips), found("https://sts-fips.aws-global.amazonaws.com/", "us-east-1"));
        let custom = EndpointParams { endpoint_url: Some("https://h/p"), ..params };
        assert_eq!(resolve(custom), found("https://h/p", "us-east-1"));
        let china = EndpointParams { region: Some("aws-cn-global"), ..UNSET };
        assert_eq!(resolve(china), found("https://sts.aws-cn-global.amazonaws.com.cn/", "cn-northwest-1"));
    }

    #[test]
    fn a_region_must_be_a_host_label() {
        let max_label = "a".repeat(63);
        for name in ["moon-1", "1", "fips", "a--b", &max_label] {
            let expected = format!("https://sts.{name}.amazonaws.com/");
            assert_eq!(resolve(EndpointParams { region: Some(name), ..UNSET }), found(&expected, name));
        }
        let too_long = "a".repeat(64);
        for name in [
            "",
            " ",
            " us-east-1",
            "us-east-1\n",
            "us-east-1.",
            "us_east_1",
            "-a",
            "a-",
            "fips-",
            "-fips",
            "fips--fips",
            "-fips-fips",
            "fips--a",
            "a.example.com/",
            "a@b",
            "a/b",
            "a:1",
            "a#",
            "a?",
            "%61",
            "\u{fc}",
            "\0",
            &too_long,
        ] {
            for endpoint_url in [None, Some("https://h")] {
                let params = EndpointParams { region: Some(name), endpoint_url, ..UNSET };
                let error = resolve(params).expect_err(name);
                assert_eq!(error, EndpointError::InvalidRegion { region: name.to_owned(), set_by: None });
                assert!(error.to_string().starts_with(&format!("region {name:?} is not valid")), "{error}");
            }
        }
    }

    #[test]
    fn a_region_in_capitals_means_the_one_in_lower_case() {
        let region = |name| EndpointParams { region: Some(name), ..UNSET };
        for (name, uri, signing_region) in [
            ("US-East-1", "https://sts.us-east-1.amazonaws.com/", "us-east-1"),
            ("CN-NORTH-1", "https://sts.cn-north-1.amazonaws.com.cn/", "cn-north-1"),
            ("US-GOV-WEST-1", "https://sts.us-gov-west-1.amazonaws.com/", "us-gov-west-1"),
            ("EUSC-DE-EAST-1", "https://sts.eusc-de-east-1.amazonaws.eu/", "eusc-de-east-1"),
            ("US-ISOB-EAST-1", "https://sts.us-isob-east-1.sc2s.sgov.gov/", "us-isob-east-1"),
            ("AWS-GLOBAL", "https://sts.amazonaws.com/", "us-east-1"),
            ("AWS-CN-GLOBAL", "https://sts.aws-cn-global.amazonaws.com.cn/", "cn-northwest-1"),
            ("FIPS-US-EAST-1", "https://sts-fips.us-east-1.amazonaws.com/", "us-east-1"),
            ("US-EAST-1-FIPS", "https://sts-fips.us-east-1.amazonaws.com/", "us-east-1"),
            ("Us-Gov-West-1-Fips", "https://sts.us-gov-west-1.amazonaws.com/", "us-gov-west-1"),
        ] {
            assert_eq!(resolve(region(name)), found(uri, signing_region), "{name}");
        }
        let global = EndpointParams { use_global_endpoint: true, ..region("EU-WEST-1") };
        assert_eq!(resolve(global), found("https://sts.amazonaws.com/", "us-east-1"));
        let dual_stack = EndpointParams { use_dual_stack: true, ..region("CN-NORTH-1") };
        let expected = "https://sts.cn-north-1.api.amazonwebservices.com.cn/";
        assert_eq!(resolve(dual_stack), found(expected, "cn-north-1"));
        let with_url = |name| EndpointParams { endpoint_url: Some("https://h"), ..region(name) };
        assert_eq!(resolve(with_url("EU-West-1")), found("https://h/", "EU-West-1"));
        assert_eq!(resolve(with_url("AWS-Global")), found("https://h/", "us-east-1"));
        assert_eq!(
            resolve(with_url("FIPS-US-EAST-1")),
            Err(EndpointError::FipsWithUrl { fips: None, url: None })
        );
    }

    #[test]
    fn an_endpoint_url_without_a_region_cannot_be_signed_for() {
        let params = EndpointParams { endpoint_url: Some("http://localhost:4566"), ..UNSET };
        let endpoint = Endpoint::resolve(&params).expect("a URL is enough");
        assert_eq!(endpoint.signing_region(), None);
        let error = endpoint.scope().expect_err("no region");
        assert_eq!(error, EndpointError::MissingSigningRegion);
        assert!(error.to_string().contains("AWS_REGION"), "{error}");
    }

    #[test]
    fn a_missing_region_error_says_where_a_region_is_looked_for() {
        for use_global_endpoint in [false, true] {
            let error = resolve(EndpointParams { use_global_endpoint, ..UNSET }).expect_err("no region");
            for place in ["the program", "AWS_REGION", "AWS_DEFAULT_REGION"] {
                assert!(error.to_string().contains(place), "{error}");
            }
        }
    }

    #[test]
    fn no_message_quotes_an_invalid_endpoint_url() {
        for url in [
            "https://someone:hunter2@h",
            "https://someone:hunter2",
            "someone:hunter2@h",
            "someone://hunter2@h",
            "https://someone:hun/ter2@h",
            "https://someone:hunter2#@h",
            "https://someone:hunter2?@h",
            "https://someone hunter2@h",
            "https://someone%40hunter2",
            "https://h/someone|hunter2",
            "https://h/?someone=hunter2",
        ] {
            let params = EndpointParams { region: Some("us-east-1"), endpoint_url: Some(url), ..UNSET };
            for params in [params, EndpointParams { use_fips: true, ..params }] {
                let error = Endpoint::resolve(&params).expect_err(url);
                for text in [error.to_string(), format!("{error:?}"), format!("{params:?}")] {
                    assert!(!text.contains("someone") && !text.contains("ter2"), "{text}");
                }
            }
        }
    }

    #[test]
    fn messages_are_lower_case_fragments_that_name_the_setting() {
        let by = |place: &str| Some(place.into());
        let (region, url) = (by("AWS_REGION"), by("AWS_ENDPOINT_URL_STS"));
        let url_setting = "AWS_ENDPOINT_URL_STS";
        let fips = by("AWS_USE_FIPS_ENDPOINT");
        for (error, setting) in [
            (EndpointError::MissingRegion, "AWS_REGION"),
            (EndpointError::RegionNotFound { problem: "nothing".into() }, "AWS_REGION"),
            (EndpointError::InvalidRegion { region: "\n".to_owned(), set_by: region }, "AWS_REGION"),
            (EndpointError::InvalidUrl { problem: "is empty", set_by: url.clone() }, url_setting),
            (EndpointError::FipsWithUrl { fips, url: url.clone() }, url_setting),
            (EndpointError::DualStackWithUrl { dual_stack: by("the program"), url }, url_setting),
            (EndpointError::MissingSigningRegion, "AWS_REGION"),
        ] {
            let text = error.to_string();
            assert!(text.contains(setting), "{text}");
            assert!(!text.ends_with('.') && !text.contains('\n'), "{text}");
            assert!(text.starts_with(char::is_lowercase), "{text}");
        }
    }
}
