//! Prints every setting with its origin, and every source of credentials with what became of it. No secret is shown.
//!
//! `cargo run --example explain`, or with the name of a profile: `cargo run --example explain -- production`

use std::process::ExitCode;

use sts_blocking::{Builder, ChainProvider, Error};

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
    let mut builder = Builder::from_env()?;
    if let Some(profile) = profile {
        builder = builder.profile(profile);
    }
    // Unlike a client, a provider can do without a region.
    Ok(ChainProvider::from_builder(builder)?.explain().to_string())
}
