//! The system's entropy.

use std::io;

use sts_blocking::Secret;

use crate::failure::Failure;

pub(crate) fn bytes() -> io::Result<[u8; 32]> {
    let mut bytes = [0; 32];
    getrandom::getrandom(&mut bytes)?;
    Ok(bytes)
}

/// 32 bytes in hexadecimal digits.
pub(crate) fn token() -> io::Result<Secret> {
    let mut digits = String::with_capacity(64);
    for byte in bytes()? {
        digits.push_str(&format!("{byte:02x}"));
    }
    Ok(Secret::new(digits))
}

pub(crate) fn failed(error: io::Error) -> Failure {
    Failure::Other(format!("the system gives no random numbers: {error}"))
}
