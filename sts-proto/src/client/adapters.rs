//! An async client as what gives credentials to other crates, which ask it for each request.

/// Implements the traits of these crates for a client, each with a feature of the driver that names the version it follows. The
/// driver has the dependencies.
#[doc(hidden)]
#[macro_export]
macro_rules! credentials_for_other_crates {
    ($client:ident) => {
        /// For the AWS SDK for Rust: `aws_config::defaults(..).credentials_provider(client)`.
        #[cfg(feature = "aws-credential-types-1")]
        impl ::aws_credential_types::provider::ProvideCredentials for $client {
            fn provide_credentials<'a>(
                &'a self,
            ) -> ::aws_credential_types::provider::future::ProvideCredentials<'a>
            where
                Self: 'a,
            {
                use ::aws_credential_types::Credentials;
                use ::aws_credential_types::provider::{error::CredentialsError, future};
                future::ProvideCredentials::new(async {
                    let keys = self.credentials().await.map_err(|error| match error.is_not_configured() {
                        true => CredentialsError::not_loaded(error),
                        false => CredentialsError::provider_error(error),
                    })?;
                    let (id, secret, token) = keys.to_text();
                    let mut given = Credentials::builder().access_key_id(id).secret_access_key(secret);
                    given.set_session_token(token);
                    given.set_account_id(keys.account_id.map(Into::into));
                    given.set_expiry(keys.expiration);
                    Ok(given.provider_name(env!("CARGO_PKG_NAME")).build())
                })
            }
        }

        /// For `object_store`: `AmazonS3Builder::new().with_credentials(Arc::new(client))`.
        #[cfg(feature = "object_store-0.14")]
        impl ::object_store::CredentialProvider for $client {
            type Credential = ::object_store::aws::AwsCredential;

            // As the macro of `async-trait` writes it.
            fn get_credential<'a, 'b>(
                &'a self,
            ) -> ::core::pin::Pin<
                Box<
                    dyn Future<Output = ::object_store::Result<::std::sync::Arc<Self::Credential>>>
                        + Send
                        + 'b,
                >,
            >
            where
                'a: 'b,
            {
                Box::pin(async {
                    let keys = self.credentials().await.map_err(|error| ::object_store::Error::Generic {
                        store: "S3",
                        source: error.into(),
                    })?;
                    let (key_id, secret_key, token) = keys.to_text();
                    Ok(::std::sync::Arc::new(::object_store::aws::AwsCredential {
                        key_id,
                        secret_key,
                        token,
                    }))
                })
            }
        }

        /// For `reqsign`: `Signer::new(context, client, RequestSigner::new("s3", "eu-west-1"))`.
        #[cfg(feature = "reqsign-core-3")]
        impl ::reqsign_core::ProvideCredential for $client {
            type Credential = ::reqsign_aws_core::Credential;

            async fn provide_credential(
                &self,
                _: &::reqsign_core::Context,
            ) -> ::reqsign_core::Result<Option<Self::Credential>> {
                use ::reqsign_core::{Error, ErrorKind, time::Timestamp};
                let keys = match self.credentials().await {
                    Ok(keys) => keys,
                    Err(error) if error.is_not_configured() => return Ok(None),
                    Err(error) => {
                        let text = error.to_string();
                        return Err(Error::new(ErrorKind::CredentialInvalid, text).with_source(error));
                    }
                };
                let (access_key_id, secret_access_key, session_token) = keys.to_text();
                let expires_in = keys.expiration_seconds().map(Timestamp::from_second).transpose()?;
                Ok(Some(Self::Credential { access_key_id, secret_access_key, session_token, expires_in }))
            }
        }
    };
}
