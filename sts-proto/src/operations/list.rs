/// The list of operations. Everything that is needed once per operation expands from it: this module's
/// exports, the clients' methods, the tests of all operations. It calls the given macro with the tokens after
/// its name, in parentheses, and all entries.
///
/// An entry has the first sentence of the method's documentation, the operation, and the method: what it
/// takes, returns and sends. The method's example follows, in two parts: before and after the call, which
/// differs between the clients. Its lines should fit 80 columns.
#[doc(hidden)]
#[macro_export]
macro_rules! for_each_operation {
    ($with:ident $(, $($context:tt)*)?) => {
        $with! {
            ($($($context)*)?)

            /// Returns the caller's identity. Needs no permission, so it is a good test of credentials.
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

            /// Decodes the message that an AWS service adds to an `AccessDenied` error; it shows which policy
            /// denied the request.
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

            /// Exchanges a trade-in token for temporary keys that act for the customer of an AWS partner.
            GetDelegatedAccessToken:
                fn get_delegated_access_token(operation: GetDelegatedAccessToken)
                -> GetDelegatedAccessTokenOutput { operation }
            example {
                /// let operation = GetDelegatedAccessToken::new("tok-EXAMPLE");
            } {
                /// println!("{}", output.credentials.access_key_id);
            }

            /// Returns temporary keys for a federated user. To be called with the long-term keys of an IAM
            /// user.
            GetFederationToken:
                fn get_federation_token(operation: GetFederationToken)
                -> GetFederationTokenOutput { operation }
            example {
                /// let operation = GetFederationToken::new("bob").duration_seconds(3600);
            } {
                /// println!("{}", output.credentials.access_key_id);
            }

            /// Returns temporary keys for the caller, usually to prove MFA. To be called with the long-term
            /// keys of an IAM user.
            GetSessionToken:
                fn get_session_token(operation: GetSessionToken) -> GetSessionTokenOutput { operation }
            example {
                /// let device = "arn:aws:iam::123456789012:mfa/alice";
                /// let operation = GetSessionToken::new().serial_number(device).token_code("123456");
            } {
                /// println!("{}", output.credentials.access_key_id);
            }

            /// Returns a signed JWT that proves the caller's AWS identity to other services.
            GetWebIdentityToken:
                fn get_web_identity_token(operation: GetWebIdentityToken)
                -> GetWebIdentityTokenOutput { operation }
            example {
                /// let audience = ["https://api.example.com"];
                /// let operation = GetWebIdentityToken::new(audience, "ES384");
            } {
                /// println!("valid until {:?}", output.expiration);
            }
        }
    };
}
