/// The list of operations. Whatever has to exist once for each operation is an expansion of it: what this module exports,
/// the methods of the clients, the tests that go through all operations. It calls the given macro with the tokens behind
/// its name, in parentheses, and all entries.
///
/// An entry has the method's first sentence, the operation, and the method: what it is given, returns and sends. Then
/// comes the method's example, before the call and after it (the call differs between the clients), in lines that fit
/// 80 columns.
#[doc(hidden)]
#[macro_export]
macro_rules! for_each_operation {
    ($with:ident $(, $($context:tt)*)?) => {
        $with! {
            ($($($context)*)?)

            /// Returns the caller's identity. Needs no permission, so it is the test of credentials.
            GetCallerIdentity:
                fn get_caller_identity()
                -> GetCallerIdentityOutput { $crate::operations::GetCallerIdentity::new() }
            example {} {
                /// println!("{} in account {}", output.arn, output.account);
            }

            /// Returns temporary keys for a role, in the caller's account or another.
            AssumeRole: fn assume_role(operation: AssumeRole) -> AssumeRoleOutput { operation }
            example {
                /// let role = "arn:aws:iam::123456789012:role/demo";
                /// let operation = AssumeRole::new(role, "build-42").duration_seconds(900);
            } {
                /// println!("{:?}", output.credentials.expiration);
            }

            /// Returns temporary keys for a role, for a user whom a SAML 2.0 identity provider has signed in. Sent unsigned.
            AssumeRoleWithSaml:
                fn assume_role_with_saml(operation: AssumeRoleWithSaml)
                -> AssumeRoleWithSamlOutput { operation }
            example {
                /// let role = "arn:aws:iam::123456789012:role/demo";
                /// let provider = "arn:aws:iam::123456789012:saml-provider/idp";
                /// let assertion = "PHNhbWxwOlJlc3BvbnNlPg==";
                /// let operation = AssumeRoleWithSaml::new(role, provider, assertion);
            } {
                /// println!("{:?} until {:?}", output.subject, output.credentials.expiration);
            }

            /// Returns temporary keys for a role, for a user whom an OpenID Connect provider has signed in. Sent unsigned.
            AssumeRoleWithWebIdentity:
                fn assume_role_with_web_identity(operation: AssumeRoleWithWebIdentity)
                -> AssumeRoleWithWebIdentityOutput { operation }
            example {
                /// let role = "arn:aws:iam::123456789012:role/web";
                /// let token = std::fs::read_to_string("token.jwt").unwrap_or_default();
                /// let operation = AssumeRoleWithWebIdentity::new(role, "bob", token.trim());
            } {
                /// println!("{}", output.credentials.access_key_id);
            }

            /// Returns keys for one privileged task on a member account of the caller's organization.
            AssumeRoot: fn assume_root(operation: AssumeRoot) -> AssumeRootOutput { operation }
            example {
                /// let task = "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials";
                /// let operation = AssumeRoot::new("123456789012", task);
            } {
                /// println!("{}", output.credentials.access_key_id);
            }

            /// Decodes what an AWS service adds to an `AccessDenied`: which policy denied the request, and why.
            DecodeAuthorizationMessage:
                fn decode_authorization_message(operation: DecodeAuthorizationMessage)
                -> DecodeAuthorizationMessageOutput { operation }
            example {
                /// let operation = DecodeAuthorizationMessage::new("K7xEXAMPLE");
            } {
                /// println!("{}", output.decoded_message);
            }

            /// Returns the account that an access key belongs to.
            GetAccessKeyInfo:
                fn get_access_key_info(operation: GetAccessKeyInfo) -> GetAccessKeyInfoOutput { operation }
            example {
                /// let operation = GetAccessKeyInfo::new("AKIAIOSFODNN7EXAMPLE");
            } {
                /// println!("{}", output.account);
            }

            /// Trades a token in for temporary keys that act for an AWS partner's customer.
            GetDelegatedAccessToken:
                fn get_delegated_access_token(operation: GetDelegatedAccessToken)
                -> GetDelegatedAccessTokenOutput { operation }
            example {
                /// let operation = GetDelegatedAccessToken::new("tok-EXAMPLE");
            } {
                /// println!("{}", output.credentials.access_key_id);
            }

            /// Returns temporary keys for a user whom the caller vouches for. Called with a user's long-term keys.
            GetFederationToken:
                fn get_federation_token(operation: GetFederationToken)
                -> GetFederationTokenOutput { operation }
            example {
                /// let operation = GetFederationToken::new("bob").duration_seconds(3600);
            } {
                /// println!("{}", output.credentials.access_key_id);
            }

            /// Returns temporary keys for the caller itself, as a rule to prove MFA. Called with a user's long-term keys.
            GetSessionToken:
                fn get_session_token(operation: GetSessionToken) -> GetSessionTokenOutput { operation }
            example {
                /// let device = "arn:aws:iam::123456789012:mfa/alice";
                /// let operation = GetSessionToken::new().serial_number(device).token_code("123456");
            } {
                /// println!("{}", output.credentials.access_key_id);
            }

            /// Returns a signed JWT that proves the caller's AWS identity to others.
            GetWebIdentityToken:
                fn get_web_identity_token(operation: GetWebIdentityToken)
                -> GetWebIdentityTokenOutput { operation }
            example {
                /// let audience = ["https://api.example.com"];
                /// let operation = GetWebIdentityToken::new(audience, "ES384");
            } {
                /// println!("good until {:?}", output.expiration);
            }
        }
    };
}
