//! A client as the source of credentials for other crates, each of which signs a request that the embedded STS takes.

#![cfg(test)]

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_credential_types::provider::ProvideCredentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt;
use object_store::aws::AmazonS3Builder;
use object_store::client::{
    ClientOptions, HttpClient, HttpConnector, HttpError, HttpRequest, HttpResponse, HttpService,
};
use object_store::{CredentialProvider, ObjectStoreExt};
use reqsign::aws::RequestSigner;
use reqsign::{ProvideCredential, Signer, hash};
use sts_async::operations::AssumeRole;
use sts_async::sts_proto::{Effect, Event};
use sts_async::{Builder, Client, Credentials, SendTimeouts};
use sts_tests::driver::Once;
use sts_tests::sts::{Server, Signed};

const FORM: &str = "Action=GetCallerIdentity&Version=2011-06-15";
const FORM_TYPE: &str = "application/x-www-form-urlencoded; charset=utf-8";

/// A client in a role, whose session is fetched when the other crate asks.
fn client(sts: &Server) -> Client {
    let alice = Credentials::new(sts.access_key_id(), sts.secret_access_key());
    let base = Builder::isolated().region("us-east-1").endpoint_url(sts.url()).credentials(alice);
    let role = AssumeRole::new(sts.role_arn("demo"), "adapter");
    base.build().unwrap().in_role(role)
}

/// Without credentials.
fn empty() -> Client {
    Builder::isolated().region("us-east-1").build().unwrap()
}

/// A request for the caller's identity, to be signed.
fn unsigned(sts: &Server) -> Request<Bytes> {
    let request = Request::post(format!("{}/", sts.url())).header("content-type", FORM_TYPE);
    request.header("host", sts.address().to_string()).body(FORM.into()).unwrap()
}

/// The server knows whose request it is.
async fn is_in_role(client: &Client, request: Request<Bytes>) {
    let send = Effect::Send(request, SendTimeouts::default());
    let Ok(Event::Response(response)) = client.run(Once::from(send)).await else { panic!("no answer") };
    let text = String::from_utf8_lossy(response.body());
    assert!(text.contains(":assumed-role/demo/adapter<"), "{text}");
}

#[tokio::test]
async fn aws_credential_types_1() {
    let sts = Server::start();
    let client = client(&sts);
    let given = client.provide_credentials().await.unwrap();
    assert!(given.expiry().is_some_and(|end| end > SystemTime::now() + Duration::from_secs(3000)));
    let identity = given.into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region("us-east-1")
        .name("sts")
        .time(SystemTime::now())
        .settings(SigningSettings::default());
    let mut request = unsigned(&sts);
    let uri = request.uri().to_string();
    let headers = [("content-type", FORM_TYPE)];
    let signable =
        SignableRequest::new("POST", uri, headers.into_iter(), SignableBody::Bytes(FORM.as_bytes()));
    let signed = sign(signable.unwrap(), &parameters.build().unwrap().into()).unwrap();
    signed.into_parts().0.apply_to_request_http1x(&mut request);
    is_in_role(&client, request).await;

    let error = empty().provide_credentials().await.unwrap_err();
    assert!(matches!(error, CredentialsError::CredentialsNotLoaded(_)), "{error:?}");
    let account = Credentials::new("AKIDEXAMPLE", "secret").with_account_id("123456789012");
    let given = Builder::isolated().region("us-east-1").credentials(account).build().unwrap();
    let given = given.provide_credentials().await.unwrap();
    assert_eq!((given.account_id().unwrap().as_str(), given.session_token()), ("123456789012", None));
}

#[tokio::test]
async fn reqsign_core_3() {
    let sts = Server::start();
    let client = client(&sts);
    let signer = Signer::new(reqsign::Context::new(), client.clone(), RequestSigner::new("sts", "us-east-1"));
    let (mut head, body) = unsigned(&sts).into_parts();
    // Without this, reqsign does not sign the body.
    head.headers.insert("x-amz-content-sha256", hash::hex_sha256(FORM.as_bytes()).parse().unwrap());
    signer.sign(&mut head, None).await.unwrap();
    is_in_role(&client, Request::from_parts(head, body)).await;

    let end = SystemTime::UNIX_EPOCH + Duration::from_secs(4_000_000_000);
    let keys = Credentials::new("ASIAEXAMPLE", "secret").with_expiration(end);
    let given = Builder::isolated().region("us-east-1").credentials(keys).build().unwrap();
    let given = given.provide_credential(&reqsign::Context::new()).await.unwrap().unwrap();
    assert_eq!(given.expires_in.unwrap().to_string(), "2096-10-02T07:06:40Z");
    assert!(empty().provide_credential(&reqsign::Context::new()).await.unwrap().is_none());
}

#[tokio::test]
async fn object_store_0_14() {
    let sts = Server::start();
    let client = client(&sts);
    let secret = client.credentials().await.unwrap().secret_access_key;
    let store = AmazonS3Builder::new()
        .with_bucket_name("bucket")
        .with_region("us-east-1")
        .with_endpoint("https://s3.test")
        .with_http_connector(Verifier(secret.expose().into()))
        .with_credentials(Arc::new(client))
        .build()
        .unwrap();
    // No blank: S3 encodes a path once, and the verifier twice, as the other services do.
    let put = store.put(&"folder/object".into(), Bytes::from_static(b"contents").into()).await.unwrap();
    assert_eq!(put.e_tag.as_deref(), Some("verified"));
    let error = empty().get_credential().await.unwrap_err();
    assert!(error.to_string().contains("no credentials"), "{error}");
}

/// S3, as far as its signatures go: with the verifier of the embedded STS.
#[derive(Clone, Debug)]
struct Verifier(Arc<str>);

impl HttpConnector for Verifier {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

#[async_trait::async_trait]
impl HttpService for Verifier {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let (mut head, body) = request.into_parts();
        let authority = head.uri.authority().unwrap().as_str().parse().unwrap();
        head.headers.entry("host").or_insert(authority);
        assert!(head.headers.contains_key("x-amz-security-token"));
        let signed = Signed {
            method: head.method.to_string(),
            path: head.uri.path().to_owned(),
            query: head.uri.query().unwrap_or_default().to_owned(),
            headers: head.headers,
            body: String::from_utf8(body.collect().await.unwrap().to_bytes().into()).unwrap(),
        };
        let verdict = signed.verify(&self.0, "s3", Some("us-east-1"), SystemTime::now().into());
        assert_eq!((verdict, &*signed.body), (Ok(()), "contents"));
        Ok(Response::builder().header("etag", "verified").body(Bytes::new().into()).unwrap())
    }
}
