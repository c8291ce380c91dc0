//! What `aws eks get-token` does: a credential plugin for kubectl, which runs it and reads its standard output.
//!
//!     cargo run -p sts-blocking --example eks_token -- my-cluster

use sts_blocking::Client;
use sts_blocking::proof::{ApiVersion, Eks};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let cluster = std::env::args().nth(1).ok_or("give the name of a cluster")?;
    let info = std::env::var("KUBERNETES_EXEC_INFO").ok();
    let (version, warning) = ApiVersion::of_exec_info(info.as_deref());
    if let Some(warning) = warning {
        eprintln!("{warning}");
    }
    let token = Client::from_env()?.prove(&Eks::new(cluster))?;
    println!("{}", token.exec_credential(version).expose());
    Ok(())
}
