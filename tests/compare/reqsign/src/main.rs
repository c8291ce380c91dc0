//! CALLS calls of AssumeRole, AT_ONCE of them concurrently: the form written by hand, signed by reqsign, sent
//! by hyper, the response read by quick-xml and serde.

#[path = "../../by_hand.rs"]
mod by_hand;

use std::env::var;

use by_hand::AssumeRoleResult;
use bytes::Bytes;
use http::{Request, Uri};
use reqsign_aws_v4::constants::X_AMZ_CONTENT_SHA_256;
use reqsign_aws_v4::{Credential, RequestSigner, StaticCredentialProvider};
use reqsign_core::{Context, Signer, hash};
use whoami_hyper::Hyper;

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse().expect("a number"));
    let (calls, at_once): (usize, usize) =
        (arguments.next().expect("CALLS"), arguments.next().expect("AT_ONCE"));
    let (client, uri) = (whoami_hyper::client(), whoami_hyper::uri());
    let keys = StaticCredentialProvider::new(&var("AWS_ACCESS_KEY_ID")?, &var("AWS_SECRET_ACCESS_KEY")?);
    let signer = Signer::new(Context::new(), keys, RequestSigner::new("sts", &var("AWS_REGION")?));
    let mut tasks = Vec::new();
    for _ in 0..at_once {
        let (client, uri, signer) = (client.clone(), uri.clone(), signer.clone());
        tasks.push(tokio::spawn(async move {
            for _ in 0..calls / at_once {
                call(&client, &uri, &signer).await?;
            }
            Ok::<(), Failure>(())
        }));
    }
    for task in tasks {
        task.await??;
    }
    Ok(())
}

async fn call(client: &Hyper, uri: &Uri, signer: &Signer<Credential>) -> Result<AssumeRoleResult, Failure> {
    let form = by_hand::form();
    let request = Request::post(uri.clone())
        .header("content-type", "application/x-www-form-urlencoded; charset=utf-8")
        // Without this, reqsign does not sign the body.
        .header(X_AMZ_CONTENT_SHA_256, hash::hex_sha256(form.as_bytes()));
    let (mut head, form) = request.body(form)?.into_parts();
    signer.sign(&mut head, None).await?;
    let answer = whoami_hyper::send(client, Request::from_parts(head, Bytes::from(form))).await?;
    Ok(by_hand::read(&answer)?)
}
