//! The operations of the service as methods; each is [`Client::send`] under its own name.

use sts_proto::Error;
use sts_proto::operations::{
    AssumeRole, AssumeRoleOutput, AssumeRoleWithSaml, AssumeRoleWithSamlOutput, AssumeRoleWithWebIdentity,
    AssumeRoleWithWebIdentityOutput, AssumeRoot, AssumeRootOutput, DecodeAuthorizationMessage,
    DecodeAuthorizationMessageOutput, GetAccessKeyInfo, GetAccessKeyInfoOutput, GetCallerIdentity,
    GetCallerIdentityOutput, GetDelegatedAccessToken, GetDelegatedAccessTokenOutput, GetFederationToken,
    GetFederationTokenOutput, GetSessionToken, GetSessionTokenOutput, GetWebIdentityToken,
    GetWebIdentityTokenOutput,
};

use crate::Client;

impl Client {
    /// Who the caller is. Needs no permission, so it is the test of credentials.
    ///
    /// Members, lifetimes and errors: [`GetCallerIdentity`].
    ///
    /// ```no_run
    /// # async fn example(sts: sts_async::Client) -> Result<(), sts_async::Error> {
    /// let me = sts.get_caller_identity().await?;
    /// println!("{} in account {}", me.arn, me.account);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn get_caller_identity(&self) -> Result<GetCallerIdentityOutput, Error> {
        self.send(GetCallerIdentity::new()).await
    }

    /// Temporary keys for a role, in the caller's account or another.
    ///
    /// Members, lifetimes and errors: [`AssumeRole`].
    ///
    /// ```no_run
    /// # async fn example(sts: sts_async::Client) -> Result<(), sts_async::Error> {
    /// use sts_async::{Client, operations::AssumeRole};
    ///
    /// let role = AssumeRole::new("arn:aws:iam::123456789012:role/demo", "build-42").duration_seconds(900);
    /// let session = sts.assume_role(role).await?;
    /// let as_role = Client::builder().region("eu-west-1").credentials(session.credentials).build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn assume_role(&self, operation: AssumeRole) -> Result<AssumeRoleOutput, Error> {
        self.send(operation).await
    }

    /// Temporary keys for a role, for who was signed in by a SAML 2.0 identity provider. Sent unsigned.
    ///
    /// Members, lifetimes and errors: [`AssumeRoleWithSaml`].
    ///
    /// ```no_run
    /// # async fn example(sts: sts_async::Client) -> Result<(), sts_async::Error> {
    /// use sts_async::operations::AssumeRoleWithSaml;
    ///
    /// let (role, provider) = ("arn:aws:iam::123456789012:role/demo", "arn:aws:iam::123456789012:saml-provider/idp");
    /// let session = sts.assume_role_with_saml(AssumeRoleWithSaml::new(role, provider, "PHNhbWxwOlJlc3BvbnNlPg==")).await?;
    /// println!("{:?} until {:?}", session.subject, session.credentials.expiration);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn assume_role_with_saml(
        &self,
        operation: AssumeRoleWithSaml,
    ) -> Result<AssumeRoleWithSamlOutput, Error> {
        self.send(operation).await
    }

    /// Temporary keys for a role, for who was signed in by an OpenID Connect provider. Sent unsigned.
    ///
    /// Members, lifetimes and errors: [`AssumeRoleWithWebIdentity`].
    ///
    /// ```no_run
    /// # async fn example(sts: sts_async::Client) -> Result<(), sts_async::Error> {
    /// use sts_async::operations::AssumeRoleWithWebIdentity;
    ///
    /// let token = std::fs::read_to_string("/var/run/secrets/token").unwrap_or_default();
    /// let role = AssumeRoleWithWebIdentity::new("arn:aws:iam::123456789012:role/web", "bob", token);
    /// let session = sts.assume_role_with_web_identity(role).await?;
    /// println!("{} until {:?}", session.credentials.access_key_id, session.credentials.expiration);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn assume_role_with_web_identity(
        &self,
        operation: AssumeRoleWithWebIdentity,
    ) -> Result<AssumeRoleWithWebIdentityOutput, Error> {
        self.send(operation).await
    }

    /// Keys for one privileged task on a member account of the caller's organization.
    ///
    /// Members, lifetimes and errors: [`AssumeRoot`].
    ///
    /// ```no_run
    /// # async fn example(sts: sts_async::Client) -> Result<(), sts_async::Error> {
    /// use sts_async::operations::AssumeRoot;
    ///
    /// let task = "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials";
    /// let session = sts.assume_root(AssumeRoot::new("123456789012", task)).await?;
    /// println!("{}", session.credentials.access_key_id);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn assume_root(&self, operation: AssumeRoot) -> Result<AssumeRootOutput, Error> {
        self.send(operation).await
    }

    /// What an AWS service added to an `AccessDenied`, decoded, so that one sees which policy said no.
    ///
    /// Members, lifetimes and errors: [`DecodeAuthorizationMessage`].
    ///
    /// ```no_run
    /// # async fn example(sts: sts_async::Client) -> Result<(), sts_async::Error> {
    /// use sts_async::operations::DecodeAuthorizationMessage;
    ///
    /// let message = sts.decode_authorization_message(DecodeAuthorizationMessage::new("K7xEXAMPLE")).await?;
    /// println!("{}", message.decoded_message);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn decode_authorization_message(
        &self,
        operation: DecodeAuthorizationMessage,
    ) -> Result<DecodeAuthorizationMessageOutput, Error> {
        self.send(operation).await
    }

    /// The account that an access key belongs to.
    ///
    /// Members, lifetimes and errors: [`GetAccessKeyInfo`].
    ///
    /// ```no_run
    /// # async fn example(sts: sts_async::Client) -> Result<(), sts_async::Error> {
    /// use sts_async::operations::GetAccessKeyInfo;
    ///
    /// let key = sts.get_access_key_info(GetAccessKeyInfo::new("AKIAIOSFODNN7EXAMPLE")).await?;
    /// println!("{}", key.account);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn get_access_key_info(
        &self,
        operation: GetAccessKeyInfo,
    ) -> Result<GetAccessKeyInfoOutput, Error> {
        self.send(operation).await
    }

    /// Temporary keys that act for an AWS partner's customer, for a token to trade in.
    ///
    /// Members, lifetimes and errors: [`GetDelegatedAccessToken`].
    ///
    /// ```no_run
    /// # async fn example(sts: sts_async::Client) -> Result<(), sts_async::Error> {
    /// use sts_async::operations::GetDelegatedAccessToken;
    ///
    /// let session = sts.get_delegated_access_token(GetDelegatedAccessToken::new("tok-EXAMPLE")).await?;
    /// println!("{}", session.credentials.access_key_id);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn get_delegated_access_token(
        &self,
        operation: GetDelegatedAccessToken,
    ) -> Result<GetDelegatedAccessTokenOutput, Error> {
        self.send(operation).await
    }

    /// Temporary keys for a user whom the caller vouches for. Called with a user's long-term keys.
    ///
    /// Members, lifetimes and errors: [`GetFederationToken`].
    ///
    /// ```no_run
    /// # async fn example(sts: sts_async::Client) -> Result<(), sts_async::Error> {
    /// use sts_async::operations::GetFederationToken;
    ///
    /// let session = sts.get_federation_token(GetFederationToken::new("bob").duration_seconds(3600)).await?;
    /// println!("{}", session.credentials.access_key_id);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn get_federation_token(
        &self,
        operation: GetFederationToken,
    ) -> Result<GetFederationTokenOutput, Error> {
        self.send(operation).await
    }

    /// Temporary keys for the caller itself, as a rule to prove MFA. Called with a user's long-term keys.
    ///
    /// Members, lifetimes and errors: [`GetSessionToken`].
    ///
    /// ```no_run
    /// # async fn example(sts: sts_async::Client) -> Result<(), sts_async::Error> {
    /// use sts_async::operations::GetSessionToken;
    ///
    /// let mfa = GetSessionToken::new().serial_number("arn:aws:iam::123456789012:mfa/alice").token_code("123456");
    /// let session = sts.get_session_token(mfa).await?;
    /// println!("{}", session.credentials.access_key_id);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn get_session_token(
        &self,
        operation: GetSessionToken,
    ) -> Result<GetSessionTokenOutput, Error> {
        self.send(operation).await
    }

    /// A signed JWT that proves the caller's AWS identity to others.
    ///
    /// Members, lifetimes and errors: [`GetWebIdentityToken`].
    ///
    /// ```no_run
    /// # async fn example(sts: sts_async::Client) -> Result<(), sts_async::Error> {
    /// use sts_async::operations::GetWebIdentityToken;
    ///
    /// let ask = GetWebIdentityToken::new(["https://api.example.com"], "ES384").duration_seconds(300);
    /// let token = sts.get_web_identity_token(ask).await?;
    /// println!("good until {:?}", token.expiration);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn get_web_identity_token(
        &self,
        operation: GetWebIdentityToken,
    ) -> Result<GetWebIdentityTokenOutput, Error> {
        self.send(operation).await
    }
}
