//! What a verifier accepts.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, HeaderValue};

use super::replay::Replay;
use crate::endpoint::Recognized;

/// The form in which STS is asked to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AnswerFormat {
    /// `application/json`
    Json,
    /// `text/xml`
    Xml,
}

impl AnswerFormat {
    /// The media type.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Xml => "text/xml",
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Policy {
    pub(super) audience: Option<(HeaderName, HeaderValue)>,
    /// The list of signed headers of a token: `host` and the audience's.
    pub(super) token_headers: String,
    pub(super) partitions: BTreeSet<String>,
    /// All of the partitions' if there is no list.
    pub(super) regions: Option<BTreeSet<String>>,
    /// All if there is no list.
    pub(super) accounts: Option<BTreeSet<String>>,
    pub(super) max_age: Duration,
    pub(super) max_future: Duration,
    pub(super) format: AnswerFormat,
    pub(super) timeout: Duration,
    pub(super) replay: Option<Arc<Replay>>,
}

impl Policy {
    pub(super) fn new(audience: Option<(HeaderName, HeaderValue)>, format: AnswerFormat) -> Self {
        let name = audience.as_ref().map(|(name, _)| name.as_str());
        let mut token_headers: Vec<&str> = name.into_iter().chain(["host"]).collect();
        token_headers.sort_unstable();
        Self {
            token_headers: token_headers.join(";"),
            audience,
            partitions: BTreeSet::from(["aws".to_owned()]),
            regions: None,
            accounts: None,
            max_age: HONOURED,
            max_future: Duration::from_secs(300),
            format,
            timeout: Duration::from_secs(10),
            replay: None,
        }
    }

    pub(super) fn allows(&self, host: &Recognized<'_>) -> bool {
        self.partitions.contains(host.partition)
            && self.regions.as_ref().is_none_or(|regions| regions.contains(host.region))
    }
}

/// How long STS honours a signature, whatever lifetime is written into it.
pub(super) const HONOURED: Duration = Duration::from_secs(900);
