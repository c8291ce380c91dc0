//! Why an endpoint cannot be resolved.

use std::fmt;

/// Why the settings give no endpoint, or why requests to it cannot be signed.
///
/// A message names the setting and what sets it, and says what to do. It never quotes an endpoint URL, which may contain a
/// password. The fields that name what sets something, such as `AWS_REGION`, are `None` where
/// [`Endpoint::resolve`](super::Endpoint::resolve) was given the value itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndpointError {
    /// There is neither a region nor an endpoint URL.
    MissingRegion,
    /// No region was given in code, and no environment was looked in.
    RegionNotGiven,
    /// No region was given to a client in a web page, which has no environment.
    RegionNotGivenInPage,
    /// There is no region in the settings, and the instance's metadata cannot be asked for it or has given none.
    #[non_exhaustive]
    RegionNotFound {
        /// What was asked, what came of it, and what to do.
        problem: Box<str>,
    },
    /// The region cannot be part of a host name.
    #[non_exhaustive]
    InvalidRegion {
        /// The region as it was given, truncated to 80 characters.
        region: String,
        /// What sets it.
        set_by: Option<Box<str>>,
    },
    /// The endpoint URL is not one that requests can be sent to.
    #[non_exhaustive]
    InvalidUrl {
        /// What is wrong, in words that continue "the endpoint URL". Quotes no part of the URL.
        problem: &'static str,
        /// What sets it.
        set_by: Option<Box<str>>,
    },
    /// FIPS was requested, by its own setting or by a region such as `fips-us-east-1`, together with an
    /// endpoint URL.
    #[non_exhaustive]
    FipsWithUrl {
        /// What turns FIPS on.
        fips: Option<Box<str>>,
        /// What sets the URL.
        url: Option<Box<str>>,
    },
    /// Dual stack was requested together with an endpoint URL.
    #[non_exhaustive]
    DualStackWithUrl {
        /// What turns dual stack on.
        dual_stack: Option<Box<str>>,
        /// What sets the URL.
        url: Option<Box<str>>,
    },
    /// The request has to be signed, but the endpoint URL was given without a region.
    MissingSigningRegion,
}

impl EndpointError {
    /// The same of settings for which an environment was `looked` in, or was not.
    pub(crate) fn of_search(self, looked: bool) -> Self {
        match self {
            EndpointError::MissingRegion | EndpointError::MissingSigningRegion if !looked => {
                EndpointError::RegionNotGiven
            }
            error => error,
        }
    }
}

/// Where a region is looked for, as the continuation of "looked in".
const WHERE_REGION: &str = match cfg!(feature = "credentials") {
    true => {
        "the program's own settings, AWS_REGION, AWS_DEFAULT_REGION, the profile's region and, unless it is switched off, \
         instance metadata"
    }
    false => "the program's own settings, AWS_REGION and AWS_DEFAULT_REGION",
};

impl fmt::Display for EndpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EndpointError::MissingRegion => {
                write!(f, "no region: looked in {WHERE_REGION}; set one, for example us-east-1")
            }
            EndpointError::RegionNotGiven => f.write_str(
                "no region: none was given, and the builder is isolated and looks in no environment; set one, for \
                 example us-east-1",
            ),
            EndpointError::RegionNotGivenInPage => f.write_str(
                "no region: none was given, and a web page has no environment and no files; set one, for example us-east-1",
            ),
            EndpointError::RegionNotFound { problem } => {
                write!(f, "no region: looked in {WHERE_REGION}: {problem}; or set one, for example us-east-1")
            }
            EndpointError::InvalidRegion { region, set_by } => write!(
                f,
                "region {region:?}{} is not valid: it must be 1 to 63 letters, digits and hyphens, no hyphen at \
                 either end, for example us-east-1",
                Of(set_by)
            ),
            EndpointError::InvalidUrl { problem, set_by } => write!(
                f,
                "the endpoint url{} {problem}; write it like https://sts.example.com:8443/path or \
                 http://localhost:4566",
                Of(set_by)
            ),
            EndpointError::FipsWithUrl { fips, url } => contradiction(f, "FIPS", fips, url),
            EndpointError::DualStackWithUrl { dual_stack, url } => {
                contradiction(f, "dual stack", dual_stack, url)
            }
            EndpointError::MissingSigningRegion => write!(
                f,
                "the endpoint url came without a region to sign for: looked in {WHERE_REGION}; set one, for \
                 example us-east-1"
            ),
        }
    }
}

impl std::error::Error for EndpointError {}

fn contradiction(
    f: &mut fmt::Formatter<'_>,
    what: &str,
    turned_on_by: &Option<Box<str>>,
    url: &Option<Box<str>>,
) -> fmt::Result {
    write!(f, "the endpoint url{} cannot be combined with {what}", Of(url))?;
    if let Some(place) = turned_on_by {
        write!(f, ", which {place} turns on")?;
    }
    write!(f, "; turn {what} off, or remove the endpoint url")
}

/// What sets a value, behind its name.
struct Of<'a>(&'a Option<Box<str>>);

impl fmt::Display for Of<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_ref().map_or(Ok(()), |place| write!(f, " of {place}"))
    }
}
