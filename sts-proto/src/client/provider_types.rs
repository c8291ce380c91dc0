//! What both drivers' providers say, said once: they differ in `async` and `.await` only.

/// The providers of a driver whose documentation is the core's. The arguments are those of
/// [`common_client_methods`](crate::common_client_methods).
#[doc(hidden)]
#[macro_export]
macro_rules! provider_types {
    ($client:ident, ($($function:tt)*), ($($wait:tt)*)) => {
        /// One source of credentials, whatever else is configured: see
        /// [`sts_proto::client::SourceProvider`](sts_proto::client::SourceProvider).
        pub type SourceProvider = $crate::client::SourceProvider<Client>;

        /// Sessions of many roles, for a program that acts for tenants: see
        /// [`sts_proto::client::RoleSessions`](sts_proto::client::RoleSessions), and sts-async's example `tenants`.
        pub type RoleSessions = $crate::client::RoleSessions<Client>;

        /// Assumes a role, with whatever credentials the client has: see
        /// [`sts_proto::client::AssumeRoleProvider`](sts_proto::client::AssumeRoleProvider).
        ///
        /// ```no_run
        #[doc = $crate::example!($client, ($($function)*))]
        #[doc = concat!("use ", stringify!($client), "::operations::AssumeRole;")]
        #[doc = concat!("use ", stringify!($client), "::{AssumeRoleProvider, Client};")]
        ///
        /// let sts = Client::from_env()?;
        /// let hub = "arn:aws:iam::111122223333:role/hub";
        /// let hub = AssumeRole::new(hub, "nightly").external_id("x-42");
        /// let hub = AssumeRoleProvider::new(sts.clone(), hub);
        /// let in_hub = sts.with_credentials_provider(hub);
        /// // And another role on top of that one.
        /// let leaf = "arn:aws:iam::444455556666:role/leaf";
        /// let leaf = AssumeRole::new(leaf, "nightly").duration_seconds(900);
        /// let leaf = AssumeRoleProvider::new(in_hub, leaf);
        /// let in_leaf = sts.with_credentials_provider(leaf);
        #[doc = concat!("println!(\"{}\", in_leaf.get_caller_identity()", stringify!($($wait)*), "?.arn);")]
        /// # Ok(())
        /// # }
        /// ```
        pub type AssumeRoleProvider = $crate::client::AssumeRoleProvider<Client>;

        /// Assumes a role with the identity token in a file: see
        /// [`sts_proto::client::WebIdentityProvider`](sts_proto::client::WebIdentityProvider).
        ///
        /// ```no_run
        #[doc = $crate::example!($client, ($($function)*))]
        #[doc = concat!("use ", stringify!($client), "::{Client, WebIdentityProvider};")]
        ///
        /// let sts = Client::builder().region("eu-west-1").build()?;
        /// let role = "arn:aws:iam::123456789012:role/ci";
        /// let web = WebIdentityProvider::new(sts.clone(), role, "/run/ci/token")
        ///     .session_name("build-42");
        /// let sts = sts.with_credentials_provider(web);
        #[doc = concat!("println!(\"{}\", sts.get_caller_identity()", stringify!($($wait)*), "?.arn);")]
        /// # Ok(())
        /// # }
        /// ```
        pub type WebIdentityProvider = $crate::client::WebIdentityProvider<Client>;

        /// Gives signed JWTs that prove the identity of a client to other services: those of
        /// [`GetWebIdentityToken`](crate::operations::GetWebIdentityToken), kept and renewed in time.
        ///
        /// Calls with the same input share a token: audience, signing algorithm, duration and tags. Two inputs that differ
        /// in anything never share one. A token is fetched when it is needed first, once however many callers wait for it,
        /// and again before it ends, while it is asked for. If that fails, the old one is given out as long as it is valid.
        /// Where there are more than `max`, the one that was asked for longest ago is forgotten.
        ///
        /// The account has to have outbound web identity federation enabled, and the service has to trust the account's
        /// issuer.
        ///
        /// ```no_run
        #[doc = $crate::example!($client, ($($function)*))]
        /// use std::num::NonZeroUsize;
        #[doc = concat!("use ", stringify!($client), "::operations::GetWebIdentityToken;")]
        #[doc = concat!("use ", stringify!($client), "::{Client, WebIdentityTokenProvider};")]
        ///
        /// let max = NonZeroUsize::new(100).unwrap();
        /// let tokens = WebIdentityTokenProvider::new(Client::from_env()?, max);
        /// let input = ["api://AzureADTokenExchange"];
        /// let input = GetWebIdentityToken::new(input, "RS256").duration_seconds(3600);
        #[doc = concat!("let token = tokens.token(&input)", stringify!($($wait)*), "?;")]
        /// println!("send {} before {:?}", token.token.expose(), token.expiration);
        /// # Ok(())
        /// # }
        /// ```
        #[derive(Clone)]
        pub struct WebIdentityTokenProvider {
            client: Client,
            tokens: std::sync::Arc<$crate::client::WebIdentityTokens>,
        }

        impl WebIdentityTokenProvider {
            /// Tokens that `client` asks for, at most `max` at a time.
            pub fn new(client: Client, max: std::num::NonZeroUsize) -> Self {
                let tokens = $crate::client::WebIdentityTokens::new(client.core().clone(), max);
                Self { client, tokens: std::sync::Arc::new(tokens) }
            }

            /// A token for this input. It is valid at this moment; ask again for each use, which costs next to nothing.
            ///
            /// # Errors
            ///
            /// As for [`Client::get_web_identity_token`], where no valid token is kept.
            pub $($function)* token(
                &self,
                input: &$crate::operations::GetWebIdentityToken,
            ) -> Result<$crate::client::WebIdentityToken, $crate::Error> {
                let flow = self.tokens.get(input, seed());
                self.client.with_core(flow.core().clone()).run(flow) $($wait)*
            }

            /// Keeps a token for this input in a file, for programs that read one: `AZURE_FEDERATED_TOKEN_FILE`,
            /// `AWS_WEB_IDENTITY_TOKEN_FILE` and the like. Runs until it fails, so give it a thread or a task of its own.
            ///
            /// The file is replaced as a whole each time the token was renewed, and only its owner may read it. A renewal
            /// that fails is tried again while the last token that this call has written is valid.
            ///
            /// # Errors
            ///
            /// As for [`token`](Self::token), or since the file cannot be written, once no token that this call has written is
            /// valid. What the file held before is not looked at: a program that starts again gets a token or this error.
            ///
            /// ```no_run
            #[doc = $crate::example!($client, ($($function)*))]
            #[doc = concat!("use ", stringify!($client), "::operations::GetWebIdentityToken;")]
            #[doc = concat!("use ", stringify!($client), "::{Client, WebIdentityTokenProvider};")]
            ///
            /// let one = std::num::NonZeroUsize::MIN;
            /// let tokens = WebIdentityTokenProvider::new(Client::from_env()?, one);
            /// let input = GetWebIdentityToken::new(["api://AzureADTokenExchange"], "RS256");
            #[doc = concat!("let Err(error) = tokens.keep_in_file(&input, \"/run/app/token\")", stringify!($($wait)*), ";")]
            /// eprintln!("the file is out of date: {error}");
            /// # Ok(())
            /// # }
            /// ```
            pub $($function)* keep_in_file(
                &self,
                input: &$crate::operations::GetWebIdentityToken,
                file: impl Into<std::path::PathBuf>,
            ) -> Result<std::convert::Infallible, $crate::Error> {
                let flow = self.tokens.keep_in(input, file.into(), seed());
                self.client.with_core(flow.core().clone()).run(flow) $($wait)*
            }

            /// Forgets the token for this input, which the service that it is for has refused. The next
            /// [`token`](Self::token) is another; a file that is being kept goes on with its own. Returns whether there was one.
            pub fn forget(&self, input: &$crate::operations::GetWebIdentityToken) -> bool {
                self.tokens.forget(input)
            }

            /// The client that asks for the tokens.
            pub fn client(&self) -> &Client {
                &self.client
            }
        }

        /// Prints no token.
        impl std::fmt::Debug for WebIdentityTokenProvider {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct("WebIdentityTokenProvider").field("tokens", &self.tokens).finish_non_exhaustive()
            }
        }
    };
}
