//! Where the project goes another way than vectors do.

/// Where the project goes another way than the vector. Each vector under a rule is still checked: it has to do what
/// the rule says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rule {
    NotExpressible,
    UrlRefused,
    NotAHostLabel,
    PseudoRegion,
    FipsInTheName,
    RequiredMember,
    Doctype,
    OverBounds,
    InventedCode,
    BareError,
    PlainNames,
    OtherRetryClass,
    RawSpace,
    NameInBrackets,
    VersionOne,
    NotValidated,
    EntryOfNoUse,
}

impl Rule {
    /// What the rule says, and where `REFERENCE.md` supports it.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::NotExpressible => {
                "outside the model, and the type has no such value: a required member is absent, a number of an input is \
         negative or beyond 32 bits, one of an answer beyond 64 (§1: what cannot be expressed is refused)"
            }
            Self::UrlRefused => {
                "an endpoint URL with user info, query or fragment is a configuration error (§2: a custom endpoint URL)"
            }
            Self::NotAHostLabel => {
                "a region that is not a host label is a configuration error (§3, last paragraph)"
            }
            Self::PseudoRegion => {
                "a region that names a partition is signed for the partition's main region (§3: host and signing region \
         cannot disagree; model/partitions.json, implicitGlobalRegion)"
            }
            Self::FipsInTheName => "region fips-X or X-fips means X with FIPS (§3, last paragraph)",
            Self::RequiredMember => {
                "an answer without a required member is an error that names it (§2: reading)"
            }
            Self::Doctype => "a document with a DOCTYPE is refused (§2: reading)",
            Self::OverBounds => {
                "a document of more than 1 MiB or 64 levels is refused (§2: depth and size capped)"
            }
            Self::InventedCode => {
                "without an error document there is no code and no message; the vector's are botocore's, made of the status \
         (§2: a proxy's body keeps status, request id and retry class)"
            }
            Self::BareError => "a bare <Error> is an error document (§2: reading); botocore cannot read it",
            Self::PlainNames => {
                "inside an error, `message` is the message and `RequestId` the request id, as in a bare <Error> and in the \
         JavaScript client (§2: reading); botocore has them among the rest"
            }
            Self::OtherRetryClass => {
                "clock skew is a class of its own, a verification key that could not be fetched is transient (§4), and \
         prefix#Code is Code (§1); the JavaScript client has it otherwise"
            }
            Self::NameInBrackets => {
                "in the credentials file the whole text between the brackets is the profile's name (§8: parsing of shared files)"
            }
            Self::VersionOne => {
                "a metadata service that forbids its tokens is asked without, as its version 1, where that is allowed (§8: IMDS); \
         if that is forbidden as well, it is an error that names the service"
            }
            Self::NotValidated => {
                "a value is not checked before it is sent, since the service does so; a blank key of a profile counts as absent; a \
         session whose policy is no JSON is not shared with the AWS CLI"
            }
            Self::EntryOfNoUse => {
                "an entry of the AWS CLI's cache that is cut, foreign or without a zone counts as absent (§8: the AWS CLI's cache)"
            }
            Self::RawSpace => {
                "a target with a raw space is no URI, and an `http::Uri` cannot hold it (RFC 3986)"
            }
        }
    }
}
