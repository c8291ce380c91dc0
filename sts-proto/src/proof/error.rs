//! Why a proof cannot be made.

use std::fmt;

use crate::endpoint::EndpointError;
use crate::sigv4::SignError;

/// Why a proof or a token cannot be made, or why its consumer would refuse it. Nothing was sent.
///
/// Holds no part of a key, of a token or of an argument.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProofError {
    /// The endpoint has no region to sign for.
    Endpoint(EndpointError),
    /// The request cannot be signed.
    Sign(SignError),
    /// An argument cannot be part of the proof.
    #[non_exhaustive]
    Argument {
        /// The argument.
        name: &'static str,
        /// What is wrong with it, in words that continue its name.
        problem: &'static str,
    },
    /// The consumer takes temporary credentials alone, and these are long-term keys.
    LongTermKeys,
    /// The finished proof is longer than its consumer reads.
    #[non_exhaustive]
    TooLong {
        /// Its length in bytes.
        length: usize,
        /// The consumer's bound, in bytes.
        max: usize,
    },
    /// The consumer's own message, which the proof answers, cannot be used.
    #[non_exhaustive]
    Challenge {
        /// What is wrong with it, in words that continue "the server's message".
        problem: &'static str,
    },
}

impl fmt::Display for ProofError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Endpoint(error) => error.fmt(f),
            Self::Sign(error) => write!(f, "the proof cannot be signed: {error}"),
            Self::Argument { name, problem } => write!(f, "the proof cannot be made: the {name} {problem}"),
            Self::LongTermKeys => f.write_str(
                "long-term keys are not taken here: use the session of a role (AssumeRole) or of a federated user \
                 (GetFederationToken)",
            ),
            Self::TooLong { length, max } => write!(
                f,
                "the proof has {length} bytes and its consumer reads at most {max}: use credentials with a shorter session \
                 token, for example a session without tags or policies"
            ),
            Self::Challenge { problem } => {
                write!(
                    f,
                    "the proof cannot be made: the server's message {problem}; check which server it is"
                )
            }
        }
    }
}

impl std::error::Error for ProofError {}

impl From<EndpointError> for ProofError {
    fn from(error: EndpointError) -> Self {
        Self::Endpoint(error)
    }
}

impl From<SignError> for ProofError {
    fn from(error: SignError) -> Self {
        Self::Sign(error)
    }
}
