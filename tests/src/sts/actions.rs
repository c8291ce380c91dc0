//! Performs the eleven operations.

use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use super::Options;
use super::answer::{Fault, Xml};
use super::authority::{check_mfa, check_role_arn, check_session, not_authorized};
use super::federation::{Assertion, WebIdentity, jwt};
use super::form::Form;
use super::identity::{Caller, Issued, Principal, Role, SessionKind, Store, Trust, Wanted};
use super::policy::{self, Packed};

/// A request that has passed all checks of the request itself.
pub(crate) struct Call<'a> {
    pub(crate) options: &'a Options,
    pub(crate) store: &'a mut Store,
    pub(crate) form: &'a Form,
    pub(crate) now: OffsetDateTime,
}

/// Writes the contents of a response's result element.
pub(crate) type Answer = Result<Box<dyn FnOnce(&mut Xml)>, Fault>;

impl<'a> Call<'a> {
    /// Performs an operation that needs no credentials.
    pub(crate) fn perform_unsigned(&mut self, operation: &str) -> Answer {
        match operation {
            "AssumeRoleWithSAML" => self.assume_role_with_saml(),
            "AssumeRoleWithWebIdentity" => self.assume_role_with_web_identity(),
            _ => Err(unknown(operation)),
        }
    }

    /// Performs an operation for `caller`.
    pub(crate) fn perform(&mut self, operation: &str, caller: &Caller) -> Answer {
        check_session(operation, caller, self.form)?;
        match operation {
            "AssumeRole" => self.assume_role(caller),
            "AssumeRoot" => self.assume_root(caller),
            "DecodeAuthorizationMessage" => self.decode_authorization_message(),
            "GetAccessKeyInfo" => self.get_access_key_info(),
            "GetCallerIdentity" => get_caller_identity(caller),
            "GetDelegatedAccessToken" => self.get_delegated_access_token(caller),
            "GetFederationToken" => self.get_federation_token(caller),
            "GetSessionToken" => self.get_session_token(caller),
            "GetWebIdentityToken" => self.get_web_identity_token(caller),
            _ => Err(unknown(operation)),
        }
    }

    fn assume_role(&mut self, caller: &Caller) -> Answer {
        let (arn, session) = (self.text("RoleArn"), self.text("RoleSessionName"));
        check_role_arn(arn)?;
        let denied = || not_authorized(&caller.principal, "sts:AssumeRole", arn);
        let (role, principal) = self.store.role(arn, Trust::Principals, session).ok_or_else(denied)?;
        let external_id = self.form.get("ExternalId");
        if role.external_id.is_some() && role.external_id.as_deref() != external_id {
            return Err(denied());
        }
        let mfa = check_mfa(self.form, caller, &self.options.mfa_code)?;
        if role.requires_mfa && !mfa {
            return Err(denied());
        }
        let seconds = self.role_seconds(role, Some(caller))?;
        let inherited = caller.session.as_ref().and_then(|session| session.source_identity.clone());
        let asked = self.form.get("SourceIdentity").map(str::to_owned);
        if inherited.is_some() && asked.is_some() && inherited != asked {
            return Err(not_authorized(&caller.principal, "sts:SetSourceIdentity", arn));
        }
        let packed = self.packed_policy()?;
        let source_identity = asked.or(inherited);
        let issued =
            self.issue(principal.clone(), SessionKind::Role, seconds, mfa, source_identity.clone(), packed);
        Ok(Box::new(move |xml| {
            write_assumed_role(xml, &principal);
            write_credentials(xml, &issued);
            write_packed(xml, packed);
            write_optional(xml, "SourceIdentity", source_identity.as_deref());
            write_token_size(xml, &issued);
        }))
    }

    fn assume_role_with_saml(&mut self) -> Answer {
        let (arn, provider) = (self.text("RoleArn"), self.text("PrincipalArn"));
        check_role_arn(arn)?;
        let assertion = Assertion::read(self.text("SAMLAssertion"), self.now)?;
        let denied = || Fault::access_denied("Not authorized to perform sts:AssumeRoleWithSAML");
        if provider != self.options.saml_provider_arn() || !assertion.is_for(arn, provider) {
            return Err(denied());
        }
        let (role, principal) =
            self.store.role(arn, Trust::Saml, &assertion.session_name).ok_or_else(denied)?;
        let seconds = self.role_seconds(role, None)?;
        let packed = self.packed_policy()?;
        let issued = self.issue(principal.clone(), SessionKind::Role, seconds, false, None, packed);
        let qualifier = super::canonical::hash(format!("{}{provider}", assertion.issuer).as_bytes());
        Ok(Box::new(move |xml| {
            write_assumed_role(xml, &principal);
            write_credentials(xml, &issued);
            write_packed(xml, packed);
            xml.text("Subject", &assertion.subject);
            xml.text("SubjectType", &assertion.subject_type);
            xml.text("Issuer", &assertion.issuer);
            xml.text("Audience", &assertion.audience);
            xml.text("NameQualifier", &qualifier[..28]);
            write_token_size(xml, &issued);
        }))
    }

    fn assume_role_with_web_identity(&mut self) -> Answer {
        let (arn, session, token) =
            (self.text("RoleArn"), self.text("RoleSessionName"), self.text("WebIdentityToken"));
        check_role_arn(arn)?;
        let identity = match self.form.get("ProviderId") {
            None => WebIdentity::read(token, self.now)?,
            // The access tokens of these two are opaque.
            Some(provider @ ("www.amazon.com" | "graph.facebook.com")) => WebIdentity {
                subject: format!("{provider}.user"),
                audience: provider.to_owned(),
                issuer: provider.to_owned(),
            },
            Some(_) => return Err(Fault::new(400, "InvalidParameterValue", "Unknown ProviderId")),
        };
        let denied = || Fault::access_denied("Not authorized to perform sts:AssumeRoleWithWebIdentity");
        let (role, principal) = self.store.role(arn, Trust::WebIdentity, session).ok_or_else(denied)?;
        let seconds = self.role_seconds(role, None)?;
        let packed = self.packed_policy()?;
        let issued = self.issue(principal.clone(), SessionKind::Role, seconds, false, None, packed);
        Ok(Box::new(move |xml| {
            xml.text("SubjectFromWebIdentityToken", &identity.subject);
            xml.text("Audience", &identity.audience);
            write_assumed_role(xml, &principal);
            write_credentials(xml, &issued);
            write_packed(xml, packed);
            xml.text("Provider", &identity.issuer);
            write_token_size(xml, &issued);
        }))
    }

    fn assume_root(&mut self, caller: &Caller) -> Answer {
        let target = self.text("TargetPrincipal");
        let account = target
            .strip_prefix("arn:aws:iam::")
            .and_then(|rest| rest.strip_suffix(":root"))
            .unwrap_or(target);
        if account.len() != 12 || !account.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(Fault::validation("Invalid target principal."));
        }
        let tasks = [
            "IAMAuditRootUserCredentials",
            "IAMCreateRootUserPassword",
            "IAMDeleteRootUserCredentials",
            "S3UnlockBucketPolicy",
            "SQSUnlockQueuePolicy",
        ];
        let task = self.text("TaskPolicyArn.arn").strip_prefix("arn:aws:iam::aws:policy/root-task/");
        if !task.is_some_and(|task| tasks.contains(&task)) {
            return Err(Fault::validation("Invalid task policy ARN."));
        }
        let principal = Principal::Root { account: account.to_owned() };
        let source_identity = caller.session.as_ref().and_then(|session| session.source_identity.clone());
        let seconds = self.seconds(900);
        let issued =
            self.issue(principal, SessionKind::Root, seconds, false, source_identity.clone(), Packed::NONE);
        Ok(Box::new(move |xml| {
            write_credentials(xml, &issued);
            write_optional(xml, "SourceIdentity", source_identity.as_deref());
            write_token_size(xml, &issued);
        }))
    }

    fn decode_authorization_message(&self) -> Answer {
        let Some(message) = self.store.messages.get(self.text("EncodedMessage")).cloned() else {
            return Err(Fault::new(400, "InvalidAuthorizationMessageException", "Message is not valid"));
        };
        Ok(Box::new(move |xml| xml.text("DecodedMessage", &message)))
    }

    fn get_access_key_info(&self) -> Answer {
        let Some(account) = self.store.account_of(self.text("AccessKeyId")).map(str::to_owned) else {
            return Err(Fault::validation("The specified access key does not exist."));
        };
        Ok(Box::new(move |xml| xml.text("Account", &account)))
    }

    fn get_delegated_access_token(&mut self, caller: &Caller) -> Answer {
        let expires = self.store.trade_in_tokens.get(self.text("TradeInToken"));
        if expires.is_none_or(|expires| *expires <= self.now) {
            return Err(Fault::new(
                400,
                "ExpiredTradeInTokenException",
                "The trade-in token is expired or not valid",
            ));
        }
        let principal = caller.principal.clone();
        let issued = self.issue(principal.clone(), SessionKind::Delegated, 3600, false, None, Packed::NONE);
        Ok(Box::new(move |xml| {
            write_credentials(xml, &issued);
            xml.text("AssumedPrincipal", &principal.arn());
        }))
    }

    fn get_federation_token(&mut self, caller: &Caller) -> Answer {
        let account = caller.principal.account().to_owned();
        let principal = Principal::Federated { account, name: self.text("Name").to_owned() };
        let packed = self.packed_policy()?;
        let seconds = self.seconds(43_200);
        let issued = self.issue(principal.clone(), SessionKind::Federation, seconds, false, None, packed);
        Ok(Box::new(move |xml| {
            write_credentials(xml, &issued);
            xml.element("FederatedUser", |xml| {
                xml.text("Arn", &principal.arn());
                xml.text("FederatedUserId", &principal.user_id());
            });
            write_packed(xml, packed);
            write_token_size(xml, &issued);
        }))
    }

    fn get_session_token(&mut self, caller: &Caller) -> Answer {
        let mfa = check_mfa(self.form, caller, &self.options.mfa_code)?;
        let seconds = self.seconds(43_200);
        let issued =
            self.issue(caller.principal.clone(), SessionKind::SessionToken, seconds, mfa, None, Packed::NONE);
        Ok(Box::new(move |xml| {
            write_credentials(xml, &issued);
            write_token_size(xml, &issued);
        }))
    }

    fn get_web_identity_token(&mut self, caller: &Caller) -> Answer {
        if !self.options.outbound_web_identity {
            let code = "OutboundWebIdentityFederationDisabledException";
            let message = "Outbound web identity federation is not enabled for this account";
            return Err(Fault::new(403, code, message));
        }
        let algorithm = self.text("SigningAlgorithm");
        if !matches!(algorithm, "RS256" | "ES384") {
            return Err(Fault::validation(format!("Invalid signing algorithm: {algorithm}")));
        }
        let expires = self.now.saturating_add(Duration::seconds(self.seconds(300).into()));
        if caller.session.as_ref().is_some_and(|session| session.expires < expires) {
            let message = "The requested token duration extends beyond the expiration of the session";
            return Err(Fault::new(403, "SessionDurationEscalationException", message));
        }
        let audience = self.form.list("Audience", "");
        let tags: serde_json::Map<String, Value> =
            policy::tags(self.form)?.into_iter().map(|(key, value)| (key.to_owned(), json!(value))).collect();
        let claims = json!({
            "iss": self.options.outbound_issuer(),
            "sub": caller.principal.arn(),
            "aud": if audience.len() == 1 { json!(audience[0]) } else { json!(audience) },
            "iat": self.now.unix_timestamp(),
            "exp": expires.unix_timestamp(),
            "jti": self.store.dice.uuid(),
            "https://sts.amazonaws.com/": { "aws_account": caller.principal.account(), "request_tags": tags },
        });
        if claims.to_string().len() > self.options.packed_limit * 2 {
            let message = "The requested token payload size exceeds the limit";
            return Err(Fault::new(400, "JWTPayloadSizeExceededException", message));
        }
        let token = jwt(algorithm, &claims);
        Ok(Box::new(move |xml| {
            xml.text("WebIdentityToken", &token);
            xml.time("Expiration", expires);
        }))
    }

    /// The value of a required member, whose presence was checked before.
    pub(crate) fn text(&self, name: &str) -> &'a str {
        self.form.get(name).unwrap_or_default()
    }

    /// The requested lifetime; zero means the default.
    pub(crate) fn seconds(&self, default: u32) -> u32 {
        let asked = self.form.number("DurationSeconds").and_then(|seconds| u32::try_from(seconds).ok());
        asked.filter(|seconds| *seconds > 0).unwrap_or(default)
    }

    fn role_seconds(&self, role: &Role, caller: Option<&Caller>) -> Result<u32, Fault> {
        let seconds = self.seconds(3600.min(role.max_session_seconds));
        let chained = caller
            .and_then(|caller| caller.session.as_ref())
            .is_some_and(|session| matches!(session.kind, SessionKind::Role));
        if chained && seconds > 3600 {
            return Err(Fault::validation(
                "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role \
                 chaining",
            ));
        }
        if seconds > role.max_session_seconds {
            return Err(Fault::validation(
                "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
            ));
        }
        Ok(seconds)
    }

    fn packed_policy(&self) -> Result<Packed, Fault> {
        policy::check(self.form, self.options.packed_limit)
    }

    pub(crate) fn issue(
        &mut self,
        principal: Principal,
        kind: SessionKind,
        seconds: u32,
        mfa: bool,
        source_identity: Option<String>,
        packed: Packed,
    ) -> Issued {
        let minimum_token_size = self
            .form
            .number("MinimumSessionTokenSize")
            .and_then(|size| usize::try_from(size).ok())
            .unwrap_or(0);
        let packed = packed.bytes;
        let wanted = Wanted { principal, kind, seconds, mfa, source_identity, packed, minimum_token_size };
        self.store.issue(wanted, self.now)
    }
}

fn get_caller_identity(caller: &Caller) -> Answer {
    let principal = caller.principal.clone();
    Ok(Box::new(move |xml| {
        xml.text("Arn", &principal.arn());
        xml.text("UserId", &principal.user_id());
        xml.text("Account", principal.account());
    }))
}

fn unknown(operation: &str) -> Fault {
    Fault::new(500, "InternalFailure", format!("{operation} is in the model, but not implemented"))
}

pub(crate) fn write_credentials(xml: &mut Xml, issued: &Issued) {
    xml.element("Credentials", |xml| {
        xml.text("AccessKeyId", &issued.access_key_id);
        xml.text("SecretAccessKey", &issued.secret);
        xml.text("SessionToken", &issued.token);
        xml.time("Expiration", issued.expires);
    });
}

pub(crate) fn write_assumed_role(xml: &mut Xml, principal: &Principal) {
    xml.element("AssumedRoleUser", |xml| {
        xml.text("AssumedRoleId", &principal.user_id());
        xml.text("Arn", &principal.arn());
    });
}

fn write_packed(xml: &mut Xml, packed: Packed) {
    if packed.bytes > 0 {
        xml.number("PackedPolicySize", packed.percent);
    }
}

fn write_token_size(xml: &mut Xml, issued: &Issued) {
    xml.number("SessionTokenUtilization", issued.utilization);
    xml.number("SessionTokenSize", issued.token.len());
}

fn write_optional(xml: &mut Xml, name: &str, text: Option<&str>) {
    if let Some(text) = text {
        xml.text(name, text);
    }
}
