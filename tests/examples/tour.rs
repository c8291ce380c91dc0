//! All eleven operations, through both clients, against an STS that this example starts itself.
//!
//! `cargo run --example tour`: nothing to configure, nothing leaves the machine.

use std::process::ExitCode;

use sts_proto::operations::{AssumeRole, GetCallerIdentity};
use sts_proto::{Credentials, Error, ErrorCode, Settings};
use sts_tests::driver::{Driver, Setup};
use sts_tests::eleven::eleven;
use sts_tests::sts::Server;

fn main() -> ExitCode {
    let sts = Server::start();
    println!("an sts listens on {}\n", sts.url());
    let settings = Settings::new().region("us-east-1").endpoint_url(sts.url());
    let alice = Credentials::new(sts.access_key_id(), sts.secret_access_key());

    let mut tour = Tour { settings, failures: 0 };
    let (mut operations, mut clients) = (0, 0);
    for driver in tour.clients(alice.clone()) {
        clients += 1;
        operations = tour.operations(&driver, &sts);
        tour.session(&driver, &sts);
        println!();
    }
    println!("two refusals, as a user sees them:");
    for driver in tour.clients(Credentials::new(sts.access_key_id(), "not-the-secret")) {
        tour.refusal(
            &driver,
            driver.send(GetCallerIdentity::new()).map(drop),
            ErrorCode::SignatureDoesNotMatch,
        );
    }
    for driver in tour.clients(alice) {
        let stranger = AssumeRole::new(sts.role_arn("nobody-has-this"), "tour");
        tour.refusal(&driver, driver.send(stranger).map(drop), ErrorCode::AccessDenied);
    }
    println!("\ntour: {operations} operations, {clients} clients, {} failures", tour.failures);
    if tour.failures == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

struct Tour {
    settings: Settings,
    failures: usize,
}

impl Tour {
    fn clients(&mut self, keys: Credentials) -> Vec<Driver> {
        let setup = Setup::new(self.settings.clone().credentials(keys));
        match setup.drivers() {
            Ok(drivers) => drivers.into(),
            Err(error) => {
                self.failed(&error);
                Vec::new()
            }
        }
    }

    /// One line an operation.
    fn operations(&mut self, driver: &Driver, sts: &Server) -> usize {
        println!("{:<9} {:<27} {:<46} request id", "client", "operation", "result");
        let rows = eleven(driver, sts);
        for row in &rows {
            print!("{:<9} {:<27} ", driver.to_string(), row.operation);
            match &row.outcome {
                Ok((shown, request_id)) => println!("{shown:<46} {request_id}"),
                Err(error) => self.failed(error),
            }
        }
        rows.len()
    }

    /// Assumes a role and prints the identity that its keys have.
    fn session(&mut self, driver: &Driver, sts: &Server) {
        let who = driver.send(AssumeRole::new(sts.role_arn("demo"), "tour")).and_then(|role| {
            let session = self.clients(role.credentials);
            let ask =
                |session: &Driver| Ok((session.to_string(), session.send(GetCallerIdentity::new())?.arn));
            session.iter().map(ask).collect::<Result<Vec<_>, Error>>()
        });
        match who {
            Ok(who) => {
                for (client, arn) in who {
                    println!("{:<9} the role's keys make the {client} client {arn}", driver.to_string());
                }
            }
            Err(error) => self.failed(&error),
        }
    }

    fn refusal(&mut self, driver: &Driver, result: Result<(), Error>, code: ErrorCode) {
        print!("{:<9} ", driver.to_string());
        match result {
            Err(error) if error.code() == Some(&code) => println!("{error}"),
            Err(error) => self.failed(&error),
            Ok(()) => {
                println!("FAILED: this should have been refused with {code}");
                self.failures += 1;
            }
        }
    }

    fn failed(&mut self, error: &Error) {
        println!("FAILED: {error}");
        self.failures += 1;
    }
}
