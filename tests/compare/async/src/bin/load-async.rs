//! CALLS calls of AssumeRole with sts-async, AT_ONCE of them concurrently.

use std::time::Duration;

use sts_async::Timeouts;
use sts_async::operations::AssumeRole;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), sts_async::Error> {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse().expect("a number"));
    let (calls, at_once): (usize, usize) =
        (arguments.next().expect("CALLS"), arguments.next().expect("AT_ONCE"));
    // Under valgrind a thousand connections take longer than a client waits; what is repeated then is not to be counted.
    let patient = Duration::from_secs(3600);
    let timeouts = Timeouts { connect: patient, attempt: patient, call: patient };
    let client = sts_async::Client::from_env()?.with_timeouts(timeouts);
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
            Ok::<(), sts_async::Error>(())
        }));
    }
    for task in tasks {
        task.await.expect("no panic")?;
    }
    Ok(())
}
