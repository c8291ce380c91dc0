//! Prints the caller's identity, with sts-blocking.

fn main() -> Result<(), sts_blocking::Error> {
    println!("{}", sts_blocking::Client::from_env()?.get_caller_identity()?.arn);
    Ok(())
}
