//! CALLS requests of an AssumeRole with bare hyper, AT_ONCE of them concurrently.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse().expect("a number"));
    let (calls, at_once): (usize, usize) =
        (arguments.next().expect("CALLS"), arguments.next().expect("AT_ONCE"));
    let (client, uri) = (whoami_hyper::client(), whoami_hyper::uri());
    let mut tasks = Vec::new();
    for _ in 0..at_once {
        let (client, uri) = (client.clone(), uri.clone());
        tasks.push(tokio::spawn(async move {
            for _ in 0..calls / at_once {
                whoami_hyper::post(&client, &uri, include_bytes!("../../../assume_role.form")).await?;
            }
            Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
        }));
    }
    for task in tasks {
        task.await??;
    }
    Ok(())
}
