//! A login to Vault or OpenBao with the credentials of AWS, to be posted by curl:
//!
//!     cargo run -p sts-blocking --example vault_login -- https://vault.example.com:8200 my-role vault.example.com |
//!         curl --config -
//!
//! The third argument is the server id, if the auth method is set up with one. What is printed is a secret.

use sts_blocking::Client;
use sts_blocking::proof::Vault;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(server), Some(role)) = (arguments.next(), arguments.next()) else {
        return Err("give the address of the server, a role and, if there is one, a server id".into());
    };
    let mut login = Vault::new(role);
    if let Some(id) = arguments.next() {
        login = login.server_id(id);
    }
    let body = Client::from_env()?.prove(&login)?;
    println!("url = \"{server}{}\"", Vault::path("aws"));
    println!("header = \"content-type: application/json\"");
    println!("data = \"{}\"", body.expose().replace('\\', "\\\\").replace('"', "\\\""));
    Ok(())
}
