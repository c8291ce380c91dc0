//! Prints the caller's identity, with bare ureq: no signing, no parsing.

fn main() -> Result<(), ureq::Error> {
    let form = b"Action=GetCallerIdentity&Version=2011-06-15";
    let answer = whoami_ureq::post(&whoami_ureq::agent(), &whoami_ureq::url(), form)?;
    println!("{}", String::from_utf8_lossy(&answer));
    Ok(())
}
