//! What a signature is valid for: endpoints name it, the signer signs for it.

use std::borrow::Cow;

/// What a signature is valid for: one service in one region or, with the feature `sigv4a`, in several.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    region: Cow<'static, str>,
    service: Cow<'static, str>,
    /// Separated by commas. Only `in_regions`, which the feature `sigv4a` brings, sets it.
    regions: Option<Box<str>>,
}

impl Scope {
    /// The region and the service by their signing names, for example `us-east-1` and `sts`.
    pub fn new(region: impl Into<Cow<'static, str>>, service: impl Into<Cow<'static, str>>) -> Self {
        Self { region: region.into(), service: service.into(), regions: None }
    }

    /// The service in these regions, signed with Signature Version 4a: names that commas separate, or `*` for all regions.
    /// Blanks around a name and empty names are dropped. If no name is left, the scope's own region is the set.
    ///
    /// ```
    /// use sts_proto::sigv4::Scope;
    ///
    /// let scope =
    ///     Scope::new("us-east-1", "sts").in_regions("us-east-1, us-west-2");
    /// assert_eq!(scope.regions(), Some("us-east-1,us-west-2"));
    /// assert_eq!(
    ///     Scope::new("us-east-1", "sts").in_regions(" , ").regions(),
    ///     Some("us-east-1")
    /// );
    /// ```
    #[cfg(feature = "sigv4a")]
    pub fn in_regions(mut self, regions: &str) -> Self {
        let names: Vec<&str> = regions.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
        self.regions = Some(if names.is_empty() { (*self.region).into() } else { names.join(",").into() });
        self
    }

    /// The region, for example `us-east-1`.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The regions of a Signature Version 4a, separated by commas; `None` if the scope is one region.
    pub fn regions(&self) -> Option<&str> {
        // Known when it is compiled, where nothing can set them.
        if cfg!(feature = "sigv4a") { self.regions.as_deref() } else { None }
    }

    /// The service's signing name, for example `sts`.
    pub fn service(&self) -> &str {
        &self.service
    }
}
