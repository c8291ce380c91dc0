//! What kubectl reads of a credential plugin, and what it says in `KUBERNETES_EXEC_INFO`.

#[cfg(feature = "verify")]
use std::fmt;
use std::time::SystemTime;

use super::draft::Draft;
#[cfg(feature = "verify")]
use super::json::Json;
use crate::secret::Secret;
use crate::wire::time;

/// The version of the `ExecCredential` that kubectl wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ApiVersion {
    /// `client.authentication.k8s.io/v1`
    V1,
    /// `client.authentication.k8s.io/v1beta1`, where nothing else is asked for.
    #[default]
    V1Beta1,
    /// `client.authentication.k8s.io/v1alpha1`, which Kubernetes has removed in version 1.24.
    V1Alpha1,
}

impl ApiVersion {
    /// The version that the environment variable `KUBERNETES_EXEC_INFO` asks for, and what there is to warn of, as the AWS
    /// CLI does: where it asks for none that is known, the answer is [`V1Beta1`](Self::V1Beta1). `None` stands for a
    /// variable that is not set.
    ///
    /// ```
    /// use sts_proto::proof::ApiVersion;
    ///
    /// let info = r#"{"apiVersion":"client.authentication.k8s.io/v1"}"#;
    /// let (version, warning) = ApiVersion::of_exec_info(Some(info));
    /// assert_eq!((version, warning), (ApiVersion::V1, None));
    /// ```
    #[cfg(feature = "verify")]
    pub fn of_exec_info(info: Option<&str>) -> (Self, Option<ExecInfoWarning>) {
        let warned = |warning| (Self::default(), Some(warning));
        let Some(info) = info else { return (Self::default(), None) };
        if info.is_empty() {
            return warned(ExecInfoWarning::Empty);
        }
        let Some((info @ Json::Object(_), _)) = Json::read_tolerantly(info.as_bytes()) else {
            return warned(ExecInfoWarning::Malformed);
        };
        let version = info.get("apiVersion").and_then(Json::text);
        let known = [Self::V1, Self::V1Beta1, Self::V1Alpha1];
        let asked = version.and_then(|asked| known.into_iter().find(|version| version.as_str() == asked));
        match asked {
            Some(Self::V1Alpha1) => (Self::V1Alpha1, Some(ExecInfoWarning::Deprecated)),
            Some(version) => (version, None),
            None => warned(ExecInfoWarning::Unrecognized),
        }
    }

    /// As `apiVersion` has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V1 => "client.authentication.k8s.io/v1",
            Self::V1Beta1 => "client.authentication.k8s.io/v1beta1",
            Self::V1Alpha1 => "client.authentication.k8s.io/v1alpha1",
        }
    }
}

/// What there is to warn of in `KUBERNETES_EXEC_INFO`: `Display` gives a sentence for standard error.
#[cfg(feature = "verify")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExecInfoWarning {
    /// It is set and empty.
    Empty,
    /// It is no JSON object.
    Malformed,
    /// It asks for no version that is known.
    Unrecognized,
    /// It asks for `v1alpha1`.
    Deprecated,
}

#[cfg(feature = "verify")]
impl fmt::Display for ExecInfoWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "KUBERNETES_EXEC_INFO is empty, so the answer is of version v1beta1: update the kubernetes client",
            Self::Malformed => {
                "KUBERNETES_EXEC_INFO is no json object, so the answer is of version v1beta1: update the kubernetes client"
            }
            Self::Unrecognized => {
                "KUBERNETES_EXEC_INFO has no apiVersion that is known, so the answer is of version v1beta1: update the \
                 kubernetes client or this program"
            }
            Self::Deprecated => {
                "KUBERNETES_EXEC_INFO asks for version v1alpha1, which kubernetes has removed: set apiVersion to \
                 client.authentication.k8s.io/v1beta1 in the kubeconfig"
            }
        })
    }
}

pub(super) fn write(version: ApiVersion, token: &Secret, expires: SystemTime) -> Secret {
    let mut json = Draft::with_capacity(256 + token.expose().len());
    json.put("{\"kind\":\"ExecCredential\",\"apiVersion\":");
    json.put_json(version.as_str());
    json.put(",\"spec\":{},\"status\":{");
    if let Some(expires) = time::format(expires) {
        json.put("\"expirationTimestamp\":");
        json.put_json(&expires);
        json.put(",");
    }
    json.put("\"token\":");
    json.put_json(token.expose());
    json.put("}}");
    json.into_secret()
}

#[cfg(all(test, feature = "verify"))]
mod tests {
    use super::*;

    #[test]
    fn what_kubectl_says() {
        use {ApiVersion::*, ExecInfoWarning::*};
        let of = |version: &str| {
            format!(r#"{{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/{version}"}}"#)
        };
        for (info, expected) in [
            (None, (V1Beta1, None)),
            (Some(""), (V1Beta1, Some(Empty))),
            (Some("{"), (V1Beta1, Some(Malformed))),
            (Some("[]"), (V1Beta1, Some(Malformed))),
            (Some("{}"), (V1Beta1, Some(Unrecognized))),
            (Some(r#"{"apiVersion":7}"#), (V1Beta1, Some(Unrecognized))),
            (Some(&*of("v1")), (V1, None)),
            (Some(&*of("v1beta1")), (V1Beta1, None)),
            (Some(&*of("v1alpha1")), (V1Alpha1, Some(Deprecated))),
            (Some(&*of("v2")), (V1Beta1, Some(Unrecognized))),
        ] {
            assert_eq!(ApiVersion::of_exec_info(info), expected, "{info:?}");
        }
    }
}
