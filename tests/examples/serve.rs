//! The embedded STS as a program, for tests of programs in any language.
//!
//! `cargo run -q -p sts-tests --example serve` prints where it is and the keys of its user, as lines for a shell, and serves
//! until Ctrl-C. On standard error it prints a line for each request.
//!
//! ```sh
//! cargo run -q -p sts-tests --example serve >sts.env &
//! until [ -s sts.env ]; do sleep 0.1; done
//! . ./sts.env
//! aws sts get-caller-identity
//! aws sts assume-role --role-arn "$STS_TESTS_ROLE_ARN" --role-session-name me
//! sts whoami
//! kill %1
//! ```

use std::time::Duration;

use sts_tests::sts::Server;

fn main() {
    let sts = Server::start();
    print!("{}", lines(&sts));
    loop {
        std::thread::sleep(TICK);
        for request in sts.take_requests() {
            let action = request.action.as_deref().unwrap_or("no action");
            let code = request.code.as_deref().unwrap_or("ok");
            eprintln!("{action}: {} {code} (request id {})", request.status.as_u16(), request.request_id);
        }
    }
}

/// The variables that lead a program to this server.
fn lines(sts: &Server) -> String {
    let url = sts.url();
    let variables = [
        // The first is for STS alone; some programs know the second only.
        ("AWS_ENDPOINT_URL_STS", &*url),
        ("AWS_ENDPOINT_URL", &*url),
        ("AWS_REGION", "us-east-1"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", sts.access_key_id()),
        ("AWS_SECRET_ACCESS_KEY", sts.secret_access_key()),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("STS_TESTS_ROLE_ARN", &sts.role_arn("demo")),
        ("STS_TESTS_MFA_SERIAL", &sts.mfa_serial()),
        ("STS_TESTS_MFA_CODE", sts.mfa_code()),
        ("STS_TESTS_WEB_ROLE_ARN", &sts.role_arn("web")),
        ("STS_TESTS_WEB_IDENTITY_TOKEN", &sts.web_identity_token("bob")),
    ];
    let mut lines = String::from("unset AWS_SESSION_TOKEN AWS_PROFILE AWS_DEFAULT_PROFILE\n");
    for (name, value) in variables {
        // No value has a quotation mark.
        lines += &format!("export {name}='{value}'\n");
    }
    lines
}

const TICK: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests {
    use sts_proto::operations::{AssumeRole, AssumeRoleWithWebIdentity, GetCallerIdentity, GetSessionToken};
    use sts_tests::driver::Setup;

    use super::*;

    #[test]
    fn the_variables_lead_both_clients_to_the_server() {
        let sts = Server::start();
        let lines = lines(&sts);
        let variables = lines.lines().filter_map(|line| line.strip_prefix("export ")?.split_once('='));
        let variables: Vec<_> = variables.map(|(name, value)| (name, value.trim_matches('\''))).collect();
        let of = |name: &str| variables.iter().find(|(found, _)| *found == name).unwrap().1;
        for driver in Setup::of_environment(variables.iter().copied()).drivers().unwrap() {
            assert_eq!(driver.send(GetCallerIdentity::new()).unwrap().arn, sts.user_arn());
            driver.send(AssumeRole::new(of("STS_TESTS_ROLE_ARN"), "me")).unwrap();
            let session = GetSessionToken::new().serial_number(of("STS_TESTS_MFA_SERIAL"));
            driver.send(session.token_code(of("STS_TESTS_MFA_CODE"))).unwrap();
            let token = of("STS_TESTS_WEB_IDENTITY_TOKEN");
            driver.send(AssumeRoleWithWebIdentity::new(of("STS_TESTS_WEB_ROLE_ARN"), "me", token)).unwrap();
        }
        assert!(!lines.contains('"') && lines.lines().count() > 10);
    }
}
