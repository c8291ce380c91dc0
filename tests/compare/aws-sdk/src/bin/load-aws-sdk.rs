//! CALLS calls of AssumeRole with the official SDK, AT_ONCE of them concurrently.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse().expect("a number"));
    let (calls, at_once): (usize, usize) =
        (arguments.next().expect("CALLS"), arguments.next().expect("AT_ONCE"));
    let client = whoami_aws_sdk::client()?;
    let mut tasks = Vec::new();
    for _ in 0..at_once {
        let client = client.clone();
        tasks.push(tokio::spawn(async move {
            for _ in 0..calls / at_once {
                client
                    .assume_role()
                    .role_arn("arn:aws:iam::123456789012:role/deployment-of-the-shop")
                    .role_session_name("build-42-of-the-main-branch")
                    .duration_seconds(900)
                    .external_id("b6d1c9")
                    .send()
                    .await
                    .expect("a valid response");
            }
        }));
    }
    for task in tasks {
        task.await?;
    }
    Ok(())
}
