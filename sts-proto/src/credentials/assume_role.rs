use std::sync::Arc;
use std::time::SystemTime;

use super::Role;
use crate::call::Call;
use crate::context::Context;
use crate::error::{CredentialsError, Error, Redactor, TransportError, TransportErrorKind};
use crate::flow::{Effect, Event, Flow, Step};
use crate::keys::Credentials;
use crate::operations::{AssumeRole as Operation, AssumeRoleOutput};
use crate::secret::Secret;
use crate::types::AssumedRoleUser;

/// Assumes a role with credentials that are there already.
#[derive(Debug)]
pub(super) struct AssumeRole {
    role: Role,
    credentials: Arc<Credentials>,
    context: Arc<Context>,
    seed: u128,
    /// Once the code of the MFA device is known, where one is needed.
    call: Option<Box<Call<Operation>>>,
}

impl AssumeRole {
    pub(super) fn new(role: Role, credentials: Credentials, context: Arc<Context>, seed: u128) -> Self {
        Self { role, credentials: Arc::new(credentials), context, seed, call: None }
    }

    pub(super) fn role_arn(&self) -> &str {
        &self.role.role_arn
    }

    fn call(&mut self, code: Option<Secret>) -> &mut Call<Operation> {
        let mut operation = Operation::new(self.role.role_arn.as_str(), self.role.session_name(self.seed));
        if let Some(id) = &self.role.external_id {
            operation = operation.external_id(id.as_str());
        }
        if let Some(seconds) = self.role.duration_seconds {
            operation = operation.duration_seconds(seconds);
        }
        let once = code.is_some();
        if let (Some(code), Some(serial)) = (code, &self.role.mfa_serial) {
            // As it was typed, perhaps with the end of its line.
            operation = operation.serial_number(serial.as_str()).token_code(code.expose().trim());
        }
        let mut call = Call::new(operation, Arc::clone(&self.context), self.seed);
        call = call.credentials(Arc::clone(&self.credentials));
        if once {
            // A code is good for one request.
            call = call.once();
        }
        self.call.insert(Box::new(call))
    }
}

impl Flow for AssumeRole {
    type Output = Credentials;
    type Error = Error;

    fn step(&mut self, now: SystemTime, event: Event) -> Result<Step<Credentials>, Error> {
        let step = match (&mut self.call, &self.role.mfa_serial, event) {
            (Some(call), _, event) => call.step(now, event),
            (None, Some(serial), Event::Start) => {
                return Ok(Step::Perform(Effect::AskMfaCode(serial.clone())));
            }
            (None, None, Event::Start) => self.call(None).step(now, Event::Start),
            // Each wrong code counts against the device.
            (None, Some(serial), Event::MfaCode(code)) if code.expose().trim().is_empty() => {
                return Err(no_code(serial, TransportErrorKind::Unsupported.into()).into());
            }
            (None, Some(_), Event::MfaCode(code)) => self.call(Some(code)).step(now, Event::Start),
            (None, Some(serial), Event::Failed(error)) => return Err(no_code(serial, error).into()),
            _ => return Err(Error::OutOfTurn),
        };
        let output = match step? {
            Step::Perform(effect) => return Ok(Step::Perform(effect)),
            Step::Done(output) => output,
        };
        let Credentials { secret_access_key, session_token, .. } = &*self.credentials;
        let sent: Vec<_> = session_token.iter().chain([secret_access_key]).cloned().collect();
        Ok(Step::Done(session(output.credentials, output.assumed_role_user.as_ref(), &sent)?))
    }
}

/// The credentials of a role's session. Their access key id is shown, so it is none of the secrets that were `sent`.
pub(super) fn session(
    issued: Credentials,
    user: Option<&AssumedRoleUser>,
    sent: &[Secret],
) -> Result<Credentials, CredentialsError> {
    if Redactor::new(sent).finds(&issued.access_key_id) {
        let problem = "its access key id is a secret that was sent; check that the endpoint is one of sts";
        return Err(CredentialsError::new("the role's session", problem));
    }
    Ok(of_account(issued, user))
}

/// With the account that the role belongs to, where one is given.
fn of_account(mut credentials: Credentials, user: Option<&AssumedRoleUser>) -> Credentials {
    let arn = user.and_then(|user| user.arn.as_deref());
    // arn:partition:sts::account:assumed-role/…; the account is shown, so it is nothing but an account.
    let account = arn.and_then(|arn| arn.split(':').nth(4)).filter(|account| is_account(account));
    credentials.account_id = account.map(str::to_owned);
    credentials
}

/// Twelve digits at AWS, more or fewer elsewhere.
fn is_account(text: &str) -> bool {
    (1..=LONGEST_ACCOUNT).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The session's keys, with the account that the role belongs to.
impl From<AssumeRoleOutput> for Credentials {
    fn from(output: AssumeRoleOutput) -> Self {
        of_account(output.credentials, output.assumed_role_user.as_ref())
    }
}

fn no_code(serial: &str, error: TransportError) -> CredentialsError {
    let problem = format!(
        "the role needs the code of the mfa device {serial}, and nobody gave one; set mfa_code when building the client"
    );
    CredentialsError::new("the mfa device", problem).because(error)
}

const LONGEST_ACCOUNT: usize = 20;
