//! Prints every setting with its origin, and every source of credentials with what became of it. No secret is shown.
//!
//! `cargo run --example explain`, or with the name of a profile: `cargo run --example explain -- production`

use std::process::ExitCode;

use sts_blocking::{Client, Error};

fn main() -> ExitCode {
    match explain(std::env::args().nth(1)) {
        Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("explain: {error}");
            ExitCode::FAILURE
        }
    }
}

fn explain(profile: Option<String>) -> Result<String, Error> {
    // Without a region there is still something to explain.
    let mut builder = Client::builder().credentials_only();
    if let Some(profile) = profile {
        builder = builder.profile(profile);
    }
    Ok(builder.build()?.explain().to_string())
}
