//! A provider of `sts-async` for the traits of other crates. These ask it for every request, so that their
//! own copies are never outdated, as it keeps its credentials fresh. Copy the few lines that you need.

use std::fmt;
use std::sync::Arc;

use sts_async::{CredentialsProvider, Error};

/// Wraps a provider: a client, a chain, a role.
#[derive(Clone)]
pub struct Adapter(Arc<dyn CredentialsProvider>);

impl Adapter {
    /// Wraps this provider.
    pub fn new(provider: impl CredentialsProvider) -> Self {
        Self(Arc::new(provider))
    }
}

impl fmt::Debug for Adapter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Adapter")
    }
}

/// For the AWS SDK for Rust: `aws_config::defaults(..).credentials_provider(Adapter::new(..))`.
mod aws_sdk {
    use aws_credential_types::Credentials;
    use aws_credential_types::provider::{ProvideCredentials, error::CredentialsError, future};

    use sts_async::CredentialsError::NotConfigured;

    use super::{Adapter, Error};

    impl ProvideCredentials for Adapter {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            future::ProvideCredentials::new(async {
                let keys = self.0.credentials().await.map_err(|error| match error {
                    Error::Credentials(NotConfigured(_)) => CredentialsError::not_loaded(error),
                    _ => CredentialsError::provider_error(error),
                })?;
                let mut given = Credentials::builder()
                    .access_key_id(keys.access_key_id)
                    .secret_access_key(keys.secret_access_key.expose())
                    .provider_name("sts-async");
                if let Some(token) = &keys.session_token {
                    given = given.session_token(token.expose());
                }
                if let Some(account) = keys.account_id {
                    given = given.account_id(account);
                }
                given.set_expiry(keys.expiration);
                Ok(given.build())
            })
        }
    }
}

/// For `object_store`: `AmazonS3Builder::new().with_credentials(Arc::new(Adapter::new(..)))`.
mod store {
    use std::sync::Arc;

    use async_trait::async_trait;
    use object_store::CredentialProvider;
    use object_store::aws::AwsCredential;

    use super::Adapter;

    #[async_trait]
    impl CredentialProvider for Adapter {
        type Credential = AwsCredential;

        async fn get_credential(&self) -> object_store::Result<Arc<AwsCredential>> {
            let keys = self.0.credentials().await;
            let keys =
                keys.map_err(|error| object_store::Error::Generic { store: "S3", source: error.into() })?;
            Ok(Arc::new(AwsCredential {
                key_id: keys.access_key_id,
                secret_key: keys.secret_access_key.expose().to_owned(),
                token: keys.session_token.map(|token| token.expose().to_owned()),
            }))
        }
    }
}

/// For `reqsign`: `Signer::new(context, Adapter::new(..), RequestSigner::new("s3", "eu-west-1"))`.
mod request_signer {
    use std::time::SystemTime;

    use reqsign::aws::Credential;
    use reqsign::time::Timestamp;
    use reqsign::{Context, Error, ErrorKind, ProvideCredential, Result};

    use super::Adapter;

    impl ProvideCredential for Adapter {
        type Credential = Credential;

        async fn provide_credential(&self, _: &Context) -> Result<Option<Credential>> {
            let keys = match self.0.credentials().await {
                Ok(keys) => keys,
                Err(sts_async::Error::Credentials(sts_async::CredentialsError::NotConfigured(_))) => {
                    return Ok(None);
                }
                Err(error) => {
                    return Err(
                        Error::new(ErrorKind::CredentialInvalid, error.to_string()).with_source(error)
                    );
                }
            };
            let seconds =
                |end: SystemTime| end.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs().try_into().ok();
            let expires_in = keys.expiration.and_then(seconds).map(Timestamp::from_second);
            Ok(Some(Credential {
                access_key_id: keys.access_key_id,
                secret_access_key: keys.secret_access_key.expose().to_owned(),
                session_token: keys.session_token.map(|token| token.expose().to_owned()),
                expires_in: expires_in.transpose()?,
            }))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use aws_credential_types::provider::ProvideCredentials;
    use object_store::CredentialProvider;
    use reqsign::ProvideCredential;
    use sts_async::Credentials;

    use super::Adapter;

    #[tokio::test]
    async fn each_returns_the_credentials_of_its_provider() {
        let end = SystemTime::UNIX_EPOCH + Duration::from_secs(4_000_000_000);
        let keys = Credentials::new("ASIAEXAMPLE", "secret").with_session_token("token").with_expiration(end);
        let adapter = Adapter::new(keys.with_account_id("123456789012"));

        let given = adapter.provide_credentials().await.unwrap();
        assert_eq!((given.access_key_id(), given.secret_access_key()), ("ASIAEXAMPLE", "secret"));
        assert_eq!((given.session_token(), given.expiry()), (Some("token"), Some(end)));
        assert_eq!(given.account_id().unwrap().as_str(), "123456789012");

        let given = adapter.get_credential().await.unwrap();
        assert_eq!((&*given.key_id, &*given.secret_key), ("ASIAEXAMPLE", "secret"));
        assert_eq!(given.token.as_deref(), Some("token"));

        let given = adapter.provide_credential(&reqsign::Context::new()).await.unwrap().unwrap();
        assert_eq!((&*given.access_key_id, &*given.secret_access_key), ("ASIAEXAMPLE", "secret"));
        assert_eq!(given.session_token.as_deref(), Some("token"));
        assert_eq!(given.expires_in.unwrap().to_string(), "2096-10-02T07:06:40Z");
    }
}
