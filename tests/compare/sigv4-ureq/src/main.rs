//! CALLS calls of AssumeRole from THREADS threads: the form written by hand, signed by aws-sigv4, sent by
//! ureq, the response read by quick-xml and serde.

#[path = "../../by_hand.rs"]
mod by_hand;

use std::env::var;
use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use by_hand::AssumeRoleResult;
use ureq::Agent;
use ureq::http::Request;

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse().expect("a number"));
    let (calls, threads): (usize, usize) =
        (arguments.next().expect("CALLS"), arguments.next().expect("THREADS"));
    let (agent, url, region) = (whoami_ureq::agent(), whoami_ureq::url(), var("AWS_REGION")?);
    let (id, secret) = (var("AWS_ACCESS_KEY_ID")?, var("AWS_SECRET_ACCESS_KEY")?);
    let keys = Credentials::new(id, secret, None, None, "environment").into();
    let work = || -> Result<(), Failure> {
        for _ in 0..calls / threads {
            call(&agent, &url, &region, &keys)?;
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        threads.into_iter().try_for_each(|thread| thread.join().expect("no panic"))
    })
}

fn call(agent: &Agent, url: &str, region: &str, keys: &Identity) -> Result<AssumeRoleResult, Failure> {
    let form = by_hand::form();
    let parameters = v4::SigningParams::builder()
        .identity(keys)
        .region(region)
        .name("sts")
        .time(SystemTime::now())
        .settings(SigningSettings::default())
        .build()?;
    let headers = [("content-type", "application/x-www-form-urlencoded; charset=utf-8")];
    let body = SignableBody::Bytes(form.as_bytes());
    let signable = SignableRequest::new("POST", url, headers.into_iter(), body)?;
    let (signature, _) = sign(signable, &parameters.into())?.into_parts();
    let [(name, value)] = headers;
    let mut request = Request::post(url).header(name, value).body(form)?;
    signature.apply_to_request_http1x(&mut request);
    Ok(by_hand::read(&agent.run(request)?.body_mut().read_to_vec()?)?)
}
