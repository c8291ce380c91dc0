mod runtimes;

use std::sync::Mutex;
use std::time::{Duration, Instant};

use sts_proto::{Phase, Retry, TransportErrorKind};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use super::*;
use crate::operations::AssumeRoleWithWebIdentity;
use crate::{Credentials, SendTimeouts, Transport, TransportFuture};

/// Keeps what is sent and answers as one who knows the caller.
#[derive(Clone, Default)]
struct Canned(Arc<Mutex<Vec<http::Request<Bytes>>>>);

impl Canned {
    /// The access keys that requests were signed with.
    fn signers(&self) -> Vec<String> {
        let signer = |request: &http::Request<Bytes>| {
            let header = request.headers()["authorization"].to_str().unwrap();
            header.split_once("Credential=").unwrap().1.split('/').next().unwrap().to_owned()
        };
        self.0.lock().unwrap().iter().map(signer).collect()
    }
}

impl Transport for Canned {
    fn send(&self, request: http::Request<Bytes>, _: SendTimeouts) -> TransportFuture<'_> {
        self.0.lock().unwrap().push(request);
        Box::pin(async {
            Ok(http::Response::new(Bytes::from_static(
                b"<GetCallerIdentityResponse><GetCallerIdentityResult><UserId>AIDA</UserId>\
                  <Account>0123</Account><Arn>arn:aws:iam::0123:user/a</Arn></GetCallerIdentityResult>\
                  <ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata>\
                  </GetCallerIdentityResponse>",
            )))
        })
    }
}

#[tokio::test]
async fn calls_go_out_signed_and_come_back_typed() {
    let canned = Canned::default();
    let client = Builder::isolated().region("eu-west-1").transport(canned.clone());
    let client = client.credentials(Credentials::new("AKID", "planted-secret")).build().unwrap();
    let me = client.get_caller_identity().await.unwrap();
    assert_eq!((me.arn.as_str(), me.metadata.request_id()), ("arn:aws:iam::0123:user/a", Some("r-1")));
    client.get_caller_identity().await.unwrap();
    let web = AssumeRoleWithWebIdentity::new("arn", "me", "jwt");
    assert!(matches!(client.assume_role_with_web_identity(web).await, Err(Error::Response(_))));

    let sent = canned.0.lock().unwrap();
    let header = |index: usize, name: &str| sent[index].headers().get(name).cloned();
    assert!(header(0, "authorization").is_some() && header(2, "authorization").is_none());
    assert!(header(0, "user-agent").unwrap().to_str().unwrap().starts_with("sts-async/"));
    assert_ne!(header(0, "amz-sdk-invocation-id"), header(1, "amz-sdk-invocation-id"));
}

/// What a server does once it has answered.
#[derive(Clone, Copy, PartialEq)]
enum Then {
    Closes,
    /// Answers the first request of each connection, and is silent then.
    FallsSilent,
}

/// The endpoint URL of a server, and what it tells: `connected`, `request` and `closed`.
async fn server(then: Then) -> (String, mpsc::UnboundedReceiver<&'static str>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (told, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let told = told.clone();
            tokio::spawn(async move {
                let _ = told.send("connected");
                let _ = serve(stream, then, &told).await;
                let _ = told.send("closed");
            });
        }
    });
    (url, receiver)
}

async fn serve(
    mut stream: TcpStream,
    then: Then,
    told: &mpsc::UnboundedSender<&'static str>,
) -> std::io::Result<()> {
    let mut read = Vec::new();
    let mut answered = false;
    while stream.read_buf(&mut read).await? > 0 {
        if !read.ends_with(b"Version=2011-06-15") {
            continue;
        }
        read.clear();
        let _ = told.send("request");
        if then == Then::FallsSilent && answered {
            continue;
        }
        let body = "<GetCallerIdentityResponse><GetCallerIdentityResult><UserId>u</UserId><Account>a</Account>\
            <Arn>arn</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>";
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        stream.write_all(answer.as_bytes()).await?;
        answered = true;
        if then == Then::Closes {
            return Ok(());
        }
    }
    Ok(())
}

/// One attempt a call: whatever is sent again is not paid for.
fn client(url: &str) -> Client {
    let client = Builder::isolated().region("eu-west-1").endpoint_url(url).retry(Retry::off());
    client.credentials(Credentials::new("AKID", "secret")).build().unwrap()
}

#[tokio::test]
async fn a_server_that_closes_after_each_answer_costs_no_attempt() {
    let (url, mut told) = server(Then::Closes).await;
    let client = client(&url);
    for call in 0..50 {
        let me = client.get_caller_identity().await.unwrap();
        assert_eq!(me.metadata.attempts(), 1);
        // Now and then the end of the connection is seen before the next call, and now and then it is not.
        if call % 2 == 0 {
            while told.recv().await != Some("closed") {}
        }
    }
}

#[tokio::test]
async fn other_timeouts_leave_the_rest_shared() {
    let (url, mut told) = server(Then::FallsSilent).await;
    let client = client(&url);
    let quick = Timeouts { attempt: Duration::from_millis(200), ..Timeouts::default() };
    let begun = Instant::now();
    client.get_caller_identity().await.unwrap();
    let error = client.with_timeouts(quick).get_caller_identity().await.unwrap_err();
    let kind = error.as_transport_error().map(sts_proto::TransportError::kind);
    assert_eq!(kind, Some(TransportErrorKind::Timeout(Phase::Response)));
    assert!(begun.elapsed() < Duration::from_secs(9));
    let heard = [told.recv().await, told.recv().await, told.recv().await, told.recv().await];
    assert_eq!(heard, [Some("connected"), Some("request"), Some("request"), Some("closed")]);
    assert_eq!(client.context().timeouts(), Timeouts::default());
}

#[tokio::test]
async fn a_future_that_is_dropped_leaves_connections_and_quota_as_they_were() {
    let (url, mut told) = server(Then::FallsSilent).await;
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
