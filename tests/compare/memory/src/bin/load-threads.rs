//! CALLS calls of AssumeRole with sts-async on a runtime with two threads, AT_ONCE of them concurrently. Nothing is sent: what
//! calls could wait for is in the client.

use bytes::Bytes;
use sts_async::operations::AssumeRole;
use sts_async::{Builder, Credentials, Error, SendTimeouts, Transport, TransportFuture};

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), Error> {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse().expect("a number"));
    let (calls, at_once): (usize, usize) =
        (arguments.next().expect("CALLS"), arguments.next().expect("AT_ONCE"));
    let keys = Credentials::new("AKIDEXAMPLEAKIDEXAMP", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
    let client = Builder::isolated().region("eu-west-1").credentials(keys).transport(Canned).build()?;
    let mut tasks = Vec::new();
    for _ in 0..at_once {
        let client = client.clone();
        tasks.push(tokio::spawn(async move {
            for _ in 0..calls / at_once {
                let operation = AssumeRole::new(
                    "arn:aws:iam::123456789012:role/deployment-of-the-shop",
                    "build-42-of-the-main-branch",
                );
                client.send(operation.duration_seconds(900).external_id("b6d1c9")).await?;
            }
            Ok::<(), Error>(())
        }));
    }
    for task in tasks {
        task.await.expect("no panic")?;
    }
    Ok(())
}

/// A transport that answers once the other tasks have run.
struct Canned;

impl Transport for Canned {
    fn send(&self, _: http::Request<Bytes>, _: SendTimeouts) -> TransportFuture<'_> {
        Box::pin(async {
            tokio::task::yield_now().await;
            Ok(http::Response::new(Bytes::from_static(ANSWER)))
        })
    }
}

const ANSWER: &[u8] = include_bytes!("../../../../../sts-proto/benches/cost/assume_role.xml");
