//! A method for each operation; all of them are [`Client::send`].

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
    /// Returns temporary keys for a role. See [`AssumeRole`].
    ///
    /// ```no_run
    /// use sts_blocking::Client;
    /// use sts_blocking::operations::AssumeRole;
    ///
    /// let sts = Client::from_env()?;
    /// let role = sts.assume_role(AssumeRole::new("arn:aws:iam::123456789012:role/demo", "build-42").duration_seconds(900))?;
    /// println!("{} until {:?}", role.credentials.access_key_id, role.credentials.expiration);
    /// # Ok::<(), sts_blocking::Error>(())
    /// ```
    pub fn assume_role(&self, operation: AssumeRole) -> Result<AssumeRoleOutput, Error> {
        self.send(operation)
    }

    /// Returns temporary keys for a role to who was signed in by a SAML identity provider. Sent unsigned. See [`AssumeRoleWithSaml`].
    ///
    /// ```no_run
    /// use sts_blocking::Client;
    /// use sts_blocking::operations::AssumeRoleWithSaml;
    ///
    /// let sts = Client::from_env()?;
    /// let (role, provider) = ("arn:aws:iam::123456789012:role/demo", "arn:aws:iam::123456789012:saml-provider/idp");
    /// let assertion = std::fs::read_to_string("assertion.b64").unwrap();
    /// let session = sts.assume_role_with_saml(AssumeRoleWithSaml::new(role, provider, assertion))?;
    /// println!("{}", session.credentials.access_key_id);
    /// # Ok::<(), sts_blocking::Error>(())
    /// ```
    pub fn assume_role_with_saml(
        &self,
        operation: AssumeRoleWithSaml,
    ) -> Result<AssumeRoleWithSamlOutput, Error> {
        self.send(operation)
    }

    /// Returns temporary keys for a role to who was signed in by an OpenID Connect provider. Sent unsigned. See [`AssumeRoleWithWebIdentity`].
    ///
    /// ```no_run
    /// use sts_blocking::Client;
    /// use sts_blocking::operations::AssumeRoleWithWebIdentity;
    ///
    /// let sts = Client::from_env()?;
    /// let token = std::fs::read_to_string("token.jwt").unwrap();
    /// let operation = AssumeRoleWithWebIdentity::new("arn:aws:iam::123456789012:role/web", "bob", token.trim());
    /// let session = sts.assume_role_with_web_identity(operation)?;
    /// println!("{}", session.credentials.access_key_id);
    /// # Ok::<(), sts_blocking::Error>(())
    /// ```
    pub fn assume_role_with_web_identity(
        &self,
        operation: AssumeRoleWithWebIdentity,
    ) -> Result<AssumeRoleWithWebIdentityOutput, Error> {
        self.send(operation)
    }

    /// Returns keys for one privileged task on a member account. See [`AssumeRoot`].
    ///
    /// ```no_run
    /// use sts_blocking::Client;
    /// use sts_blocking::operations::AssumeRoot;
    ///
    /// let sts = Client::from_env()?;
    /// let task = "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials";
    /// let session = sts.assume_root(AssumeRoot::new("123456789012", task))?;
    /// println!("{}", session.credentials.access_key_id);
    /// # Ok::<(), sts_blocking::Error>(())
    /// ```
    pub fn assume_root(&self, operation: AssumeRoot) -> Result<AssumeRootOutput, Error> {
        self.send(operation)
    }

    /// Decodes what a service adds to an `AccessDenied`. See [`DecodeAuthorizationMessage`].
    ///
    /// ```no_run
    /// use sts_blocking::Client;
    /// use sts_blocking::operations::DecodeAuthorizationMessage;
    ///
    /// let sts = Client::from_env()?;
    /// let message = sts.decode_authorization_message(DecodeAuthorizationMessage::new("K7xEXAMPLE"))?;
    /// println!("{}", message.decoded_message);
    /// # Ok::<(), sts_blocking::Error>(())
    /// ```
    pub fn decode_authorization_message(
        &self,
        operation: DecodeAuthorizationMessage,
    ) -> Result<DecodeAuthorizationMessageOutput, Error> {
        self.send(operation)
    }

    /// Returns the account that an access key belongs to. See [`GetAccessKeyInfo`].
    ///
    /// ```no_run
    /// use sts_blocking::Client;
    /// use sts_blocking::operations::GetAccessKeyInfo;
    ///
    /// let sts = Client::from_env()?;
    /// let key = sts.get_access_key_info(GetAccessKeyInfo::new("AKIAIOSFODNN7EXAMPLE"))?;
    /// println!("{}", key.account);
    /// # Ok::<(), sts_blocking::Error>(())
    /// ```
    pub fn get_access_key_info(&self, operation: GetAccessKeyInfo) -> Result<GetAccessKeyInfoOutput, Error> {
        self.send(operation)
    }

    /// Returns who the caller is. See [`GetCallerIdentity`].
    ///
    /// ```no_run
    /// use sts_blocking::Client;
    ///
    /// let sts = Client::from_env()?;
    /// let me = sts.get_caller_identity()?;
    /// println!("{} (request {:?})", me.arn, me.metadata.request_id());
    /// # Ok::<(), sts_blocking::Error>(())
    /// ```
    pub fn get_caller_identity(&self) -> Result<GetCallerIdentityOutput, Error> {
        self.send(GetCallerIdentity::new())
    }

    /// Trades a token in for temporary keys. See [`GetDelegatedAccessToken`].
    ///
    /// ```no_run
    /// use sts_blocking::Client;
    /// use sts_blocking::operations::GetDelegatedAccessToken;
    ///
    /// let sts = Client::from_env()?;
    /// let session = sts.get_delegated_access_token(GetDelegatedAccessToken::new("tok-EXAMPLE"))?;
    /// println!("{}", session.credentials.access_key_id);
    /// # Ok::<(), sts_blocking::Error>(())
    /// ```
    pub fn get_delegated_access_token(
        &self,
        operation: GetDelegatedAccessToken,
    ) -> Result<GetDelegatedAccessTokenOutput, Error> {
        self.send(operation)
    }

    /// Returns temporary keys for a user whom the caller vouches for. See [`GetFederationToken`].
    ///
    /// ```no_run
    /// use sts_blocking::Client;
    /// use sts_blocking::operations::GetFederationToken;
    ///
    /// let sts = Client::from_env()?;
    /// let session = sts.get_federation_token(GetFederationToken::new("bob").duration_seconds(3600))?;
    /// println!("{}", session.credentials.access_key_id);
    /// # Ok::<(), sts_blocking::Error>(())
    /// ```
    pub fn get_federation_token(
        &self,
        operation: GetFederationToken,
    ) -> Result<GetFederationTokenOutput, Error> {
        self.send(operation)
    }

    /// Returns temporary keys for the caller itself, as a rule to prove MFA. See [`GetSessionToken`].
    ///
    /// ```no_run
    /// use sts_blocking::Client;
    /// use sts_blocking::operations::GetSessionToken;
    ///
    /// let sts = Client::from_env()?;
    /// let device = "arn:aws:iam::123456789012:mfa/alice";
    /// let session = sts.get_session_token(GetSessionToken::new().serial_number(device).token_code("123456"))?;
    /// println!("{}", session.credentials.access_key_id);
    /// # Ok::<(), sts_blocking::Error>(())
    /// ```
    pub fn get_session_token(&self, operation: GetSessionToken) -> Result<GetSessionTokenOutput, Error> {
        self.send(operation)
    }

    /// Returns a signed JWT that proves the caller's AWS identity to others. See [`GetWebIdentityToken`].
    ///
    /// ```no_run
    /// use sts_blocking::Client;
    /// use sts_blocking::operations::GetWebIdentityToken;
    ///
    /// let sts = Client::from_env()?;
    /// let token = sts.get_web_identity_token(GetWebIdentityToken::new(["https://api.example.com"], "ES384"))?;
    /// println!("good until {:?}", token.expiration);
    /// # Ok::<(), sts_blocking::Error>(())
    /// ```
    pub fn get_web_identity_token(
        &self,
        operation: GetWebIdentityToken,
    ) -> Result<GetWebIdentityTokenOutput, Error> {
        self.send(operation)
    }
}
