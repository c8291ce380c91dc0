mod runtimes;

use sts_proto::Retry;
use sts_proto::operations::GetCallerIdentity;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::*;
use crate::Credentials;

#[tokio::test]
async fn a_future_that_is_dropped_leaves_connections_and_quota_as_they_were() {
    let (url, mut told) = server().await;
    let client = client(&url);
    for _ in 0..20 {
        client.get_caller_identity().await.unwrap();
        let heard = [told.recv().await, told.recv().await];
        assert_eq!(heard, [Some("connected"), Some("request")]);
        tokio::select! {
            biased;
            ended = client.get_caller_identity() => panic!("{ended:?}"),
            heard = told.recv() => assert_eq!(heard, Some("request")),
        }
        assert_eq!(told.recv().await, Some("closed"));
        assert_eq!(client.context().retry_quota(), 500);
    }
}

/// A program may have many calls under way, and futures are moved until they are polled.
#[test]
fn the_future_of_a_call_holds_what_the_call_needs_once() {
    let client = client("http://127.0.0.1:9");
    let call = size_of_val(&client.core().send(GetCallerIdentity::new(), 1));
    let future = size_of_val(&client.get_caller_identity());
    assert!(future < call + 400, "{future} bytes for a call of {call}");
    assert!(future < 2_000, "{future} bytes");
}

/// One attempt a call: whatever is sent again is not paid for.
fn client(url: &str) -> Client {
    let client = Builder::isolated().region("eu-west-1").endpoint_url(url).retry(Retry::off());
    client.credentials(Credentials::new("AKID", "secret")).build().unwrap()
}

/// The endpoint URL of a server, and what it tells: `connected`, `request` and `closed`. It answers the first request of
/// each connection, and is silent then.
async fn server() -> (String, UnboundedReceiver<&'static str>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (told, receiver) = unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let told = told.clone();
            tokio::spawn(async move {
                let _ = told.send("connected");
                let _ = serve(stream, &told).await;
                let _ = told.send("closed");
            });
        }
    });
    (url, receiver)
}

async fn serve(mut stream: TcpStream, told: &UnboundedSender<&'static str>) -> std::io::Result<()> {
    let mut read = Vec::new();
    let mut answered = false;
    while stream.read_buf(&mut read).await? > 0 {
        if !read.ends_with(b"Version=2011-06-15") {
            continue;
        }
        read.clear();
        let _ = told.send("request");
        if !answered {
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{IDENTITY}", IDENTITY.len());
            stream.write_all(answer.as_bytes()).await?;
            answered = true;
        }
    }
    Ok(())
}

const IDENTITY: &str = "<GetCallerIdentityResponse><GetCallerIdentityResult><UserId>u</UserId><Account>a</Account>\
    <Arn>arn</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>";
