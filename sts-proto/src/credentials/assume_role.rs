use std::error::Error as _;
use std::sync::Arc;
use std::time::SystemTime;

use super::cli_cache::{CliCache, Heard};
use super::region::LocatedCall;
use super::{Role, imds};
use crate::call::Call;
use crate::context::Context;
use crate::error::{CredentialsError, Error, Redactor};
use crate::flow::{Effect, Event, Flow, Step};
use crate::keys::Credentials;
use crate::operations::{AssumeRole as Operation, AssumeRoleOutput};
use crate::perform::NO_CODE;
use crate::secret::Secret;
use crate::transport::{TransportError, TransportErrorKind};
use crate::types::AssumedRoleUser;

/// Assumes a role with the given credentials.
#[derive(Debug)]
pub(super) struct AssumeRole {
    role: Role,
    credentials: Arc<Credentials>,
    context: Arc<Context>,
    seed: u128,
    metadata: Option<imds::Config>,
    /// For the AWS CLI's cache.
    heard: Option<Heard>,
    entry: Option<Secret>,
    /// `None` until the code of the MFA device is known.
    call: Option<Box<LocatedCall<Operation>>>,
}

impl AssumeRole {
    pub(super) fn new(role: Role, credentials: Credentials, context: Arc<Context>, seed: u128) -> Self {
        let credentials = Arc::new(credentials);
        Self { role, credentials, context, seed, metadata: None, heard: None, entry: None, call: None }
    }

    /// Where the region may be asked for, if the client has none.
    pub(super) fn metadata(mut self, metadata: Option<imds::Config>) -> Self {
        self.metadata = metadata;
        self
    }

    /// Makes an entry of the AWS CLI's cache: see [`entry`](Self::entry).
    pub(super) fn shared(mut self, cache: Option<&CliCache>) -> Self {
        self.heard = cache.map(Heard::new);
        self
    }

    /// The role that is assumed, and the entry of its session once there is one.
    pub(super) fn entry(&mut self) -> (&Role, Option<Secret>) {
        (&self.role, self.entry.take())
    }

    /// What the call is signed with.
    pub(super) fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    pub(super) fn role_arn(&self) -> &str {
        &self.role.role_arn
    }

    fn call(&mut self, code: Option<Secret>) -> &mut LocatedCall<Operation> {
        let mut operation = as_operation(&self.role, self.role.session_name(self.seed));
        let once = code.is_some();
        if let Some(code) = code {
            operation = operation.token_code(code);
        }
        let mut call = Call::new(operation, Arc::clone(&self.context), self.seed);
        call = call.credentials(Arc::clone(&self.credentials));
        if once {
            // A code is valid for one request.
            call = call.once();
        }
        self.call.insert(Box::new(LocatedCall::new(call, &self.context, self.metadata.as_ref())))
    }
}

impl Flow for AssumeRole {
    type Output = Credentials;
    type Error = Error;

    fn step(&mut self, now: SystemTime, event: Event) -> Result<Step<Credentials>, Error> {
        if let Some(heard) = &mut self.heard {
            heard.hear(&event);
        }
        let step = match (&mut self.call, &self.role.mfa_serial, event) {
            (Some(call), _, event) => call.step(now, event),
            (None, Some(serial), Event::Start) => {
                return Ok(Step::Perform(Effect::AskMfaCode(serial.clone())));
            }
            (None, None, Event::Start) => self.call(None).step(now, Event::Start),
            (None, Some(serial), event) => {
                let code = mfa_code(serial, event)?;
                self.call(Some(code)).step(now, Event::Start)
            }
            _ => return Err(Error::OutOfTurn),
        };
        let output = match step? {
            Step::Perform(effect) => return Ok(Step::Perform(effect)),
            Step::Done(output) => output,
        };
        let Credentials { secret_access_key, session_token, .. } = &*self.credentials;
        let sent: Vec<_> = session_token.iter().chain([secret_access_key]).cloned().collect();
        self.entry = self.heard.as_ref().and_then(|heard| heard.role(&output));
        Ok(Step::Done(session(output.credentials, output.assumed_role_user.as_ref(), &sent)?))
    }
}

/// The operation that assumes a role, without the code of the MFA device.
pub(super) fn as_operation(role: &Role, session_name: String) -> Operation {
    let mut operation = Operation::new(role.role_arn.as_str(), session_name);
    operation.external_id.clone_from(&role.external_id);
    operation.duration_seconds = role.duration_seconds;
    operation.serial_number.clone_from(&role.mfa_serial);
    operation
}

/// The credentials of a role's session. Error messages and logs show the access key id, so it must not be a secret that was
/// `sent`.
pub(super) fn session(
    issued: Credentials,
    user: Option<&AssumedRoleUser>,
    sent: &[Secret],
) -> Result<Credentials, CredentialsError> {
    if Redactor::new(sent).finds(&issued.access_key_id) {
        let problem = "its access key id is a secret that was sent; check that the endpoint is an sts";
        return Err(CredentialsError::new("the role's session", problem));
    }
    Ok(of_account(issued, user))
}

/// The credentials with the account of the role, if the answer has it.
fn of_account(mut credentials: Credentials, user: Option<&AssumedRoleUser>) -> Credentials {
    credentials.account_id = account(user).map(str::to_owned);
    credentials
}

/// The account of the role.
pub(super) fn account(user: Option<&AssumedRoleUser>) -> Option<&str> {
    let arn = user.and_then(|user| user.arn.as_deref());
    // arn:partition:sts::account:assumed-role/…; the account is shown, so nothing else may pass for one.
    arn.and_then(|arn| arn.split(':').nth(4)).filter(|account| is_account(account))
}

/// AWS has twelve digits, other servers more or fewer.
pub(super) fn is_account(text: &str) -> bool {
    (1..=MAX_ACCOUNT).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The keys of the session, with the account of the role.
impl From<AssumeRoleOutput> for Credentials {
    fn from(output: AssumeRoleOutput) -> Self {
        of_account(output.credentials, output.assumed_role_user.as_ref())
    }
}

/// The answer to the question for a code of this device.
pub(crate) fn mfa_code(serial: &str, event: Event) -> Result<Secret, Error> {
    match event {
        // AWS counts wrong codes against the device, so an empty one is not sent.
        Event::MfaCode(code) if code.expose().trim().is_empty() => {
            let error = TransportError::new(TransportErrorKind::Unsupported, NO_CODE);
            Err(no_code(serial, error).into())
        }
        // What the user typed may include the end of the line.
        Event::MfaCode(code) => Ok(code.expose().trim().into()),
        Event::Failed(error) => Err(no_code(serial, error).into()),
        _ => Err(Error::OutOfTurn),
    }
}

fn no_code(serial: &str, error: TransportError) -> CredentialsError {
    // What the driver says is more than the kind: there may be nothing to ask with, or no answer.
    let reason = error.source().map_or_else(|| error.to_string(), ToString::to_string);
    let problem = format!("the role needs the code of the mfa device {serial}: {reason}");
    CredentialsError::new("the mfa device", problem).because(error)
}

const MAX_ACCOUNT: usize = 20;
