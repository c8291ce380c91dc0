//! Serves the page of `tests/wasm/page`, and an STS that it may ask: `tests/wasm/page/start` builds it and runs this.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::PathBuf;

use sts_tests::site::Site;
use sts_tests::sts::Server;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let Some(folder) = arguments.next() else {
        println!("nothing to serve; tests/wasm/page/start builds the page and serves it");
        return Ok(());
    };
    let port = arguments.next().map_or(Ok(0), |port| port.parse())?;
    let sts = Server::start();
    let given = [
        ("endpoint", sts.url()),
        ("region", "eu-west-1".to_owned()),
        ("access_key_id", sts.access_key_id().to_owned()),
        ("secret", sts.secret_access_key().to_owned()),
        ("role", sts.role_arn("demo")),
    ];
    let given: String = given.iter().map(|(name, value)| format!("{name} {value}\n")).collect();
    let site = Site::start(port, PathBuf::from(folder), BTreeMap::from([("given", given)]))?;
    println!("{}", site.url());
    // What the page posts, if it posts anything.
    for post in site.posts() {
        println!("{}: {}", post.path, post.body);
    }
    Ok(())
}
