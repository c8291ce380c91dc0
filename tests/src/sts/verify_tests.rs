use time::macros::datetime;

use super::super::signed::Signed;
use super::*;

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const NOW: OffsetDateTime = datetime!(2015-08-30 12:36:00 UTC);
const VANILLA: &str = "GET / HTTP/1.1\nHost:example.amazonaws.com\nX-Amz-Date:20150830T123600Z\n\
    Authorization:AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
    SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31\n\n";

fn verify(request: &Signed, secret: &str, now: OffsetDateTime) -> Result<(), Fault> {
    request.judge(secret, &Rules { service: "service", region: Some("us-east-1"), now })
}

fn code(result: Result<(), Fault>) -> &'static str {
    result.map_or_else(|fault| fault.code, |()| "ok")
}

#[test]
fn vanilla() {
    assert_eq!(verify(&Signed::parse(VANILLA), SECRET, NOW), Ok(()));
    assert_eq!(code(verify(&Signed::parse(VANILLA), "x", NOW)), "SignatureDoesNotMatch");
    assert_eq!(code(verify(&Signed::parse(&format!("{VANILLA}body")), SECRET, NOW)), "SignatureDoesNotMatch");
}

#[test]
fn clocks_may_be_a_quarter_of_an_hour_apart() {
    let request = Signed::parse(VANILLA);
    for seconds in [-900, 900] {
        assert_eq!(verify(&request, SECRET, NOW + Duration::seconds(seconds)), Ok(()));
    }
    let late = verify(&request, SECRET, NOW + Duration::seconds(901)).unwrap_err();
    let expected = "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T125101Z - 15 min.)";
    assert_eq!((late.code, late.message.as_str()), ("SignatureDoesNotMatch", expected));
    let early = verify(&request, SECRET, NOW - Duration::seconds(901)).unwrap_err();
    let expected = "Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z (20150830T122059Z + 15 min.)";
    assert_eq!((early.code, early.message.as_str()), ("SignatureDoesNotMatch", expected));
}

#[test]
fn invalid_requests_are_refused() {
    for (from, to, expected) in [
        ("/us-east-1/", "/eu-west-1/", "valid region"),
        ("/us-east-1/", "//", "valid region"),
        ("/service/", "/s3/", "correct service"),
        ("aws4_request", "aws2_request", "valid terminator"),
        ("/20150830/", "/20150829/", "does not match YYYYMMDD"),
        ("20150830T123600Z", "2015-08-30T12:36:00Z", "basic format"),
        ("20150830T123600Z", "20150830T126100Z", "basic format"),
        ("X-Amz-Date", "X-Date", "'X-Amz-Date'"),
        ("SignedHeaders=host;", "SignedHeaders=", "'Host'"),
        ("host;x-amz-date", "host", "'x-amz-date' must be"),
        ("host;x-amz-date", "x-amz-date;host", "sorted"),
        ("host;x-amz-date", "Host;host;x-amz-date", "lower case"),
        ("GET / ", "GET /a ", "does not match the signature"),
        ("GET / ", "PUT / ", "does not match the signature"),
        ("GET / ", "GET /?a=b ", "does not match the signature"),
        ("Host:example", "Host:example2", "does not match the signature"),
        ("Signature=5f", "Signature=5F", "does not match the signature"),
        ("Signature=5f", "Signature=", "does not match the signature"),
        ("Authorization", "X-Amz-Extra: 1\nAuthorization", "'x-amz-extra' must be"),
        ("Signature=", "Sig=", "requires 'Signature'"),
        ("Credential=", "Credential= ", "not a valid key=value pair"),
        ("Credential=", "Credential=a/", "exactly 5"),
        ("Credential=", "Credential=1, Credential=", "more than once"),
        ("AWS4-HMAC-SHA256", "AWS4-ECDSA-P384-SHA384", "Unsupported"),
        ("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256", "slash-delimited"),
        ("Authorization", "Authorization:AWS4-HMAC-SHA256\nAuthorization", "Only one"),
        ("GET / ", "GET /?X-Amz-Signature=1 ", "Only one"),
    ] {
        let request = Signed::parse(&VANILLA.replacen(from, to, 1).replace("Date:2015-", "Date: 2015-"));
        let fault = verify(&request, SECRET, NOW).unwrap_err();
        assert!(fault.message.contains(expected), "{from} -> {to}: {fault:?}");
        assert_eq!(fault.status, if fault.code == "IncompleteSignature" { 400 } else { 403 });
    }
}

#[test]
fn no_claim() {
    for header in ["X-Other: 1", "Authorization: Bearer abc", "Authorization: "] {
        let request = Signed::parse(&format!("GET / HTTP/1.1\nHost: a\n{header}\n\n"));
        assert!(Claim::read(&request.received()).unwrap().is_none(), "{header}");
    }
}

#[test]
fn wrong_content_hash() {
    let request = VANILLA.replace("x-amz-date,", "x-amz-content-sha256;x-amz-date,");
    let request = Signed::parse(&request.replace("\n\n", "\nx-amz-content-sha256: UNSIGNED-PAYLOAD\n\n"));
    assert!(verify(&request, SECRET, NOW).unwrap_err().message.contains("x-amz-content-sha256"));
}

#[test]
fn presigned() {
    let scope = Scope { day: "20150830", region: Some("us-east-1"), service: "service" };
    let url = |expires: &str| {
        let start = format!(
            "GET /?Action=A&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=20150830T123600Z&X-Amz-SignedHeaders=host\
             &X-Amz-Credential=K%2F20150830%2Fus-east-1%2Fservice%2Faws4_request{expires}"
        );
        let request = Signed::parse(&format!("{start}&X-Amz-Signature=x HTTP/1.1\nHost: a\n\n"));
        let text = scope.string_to_sign("20150830T123600Z", &request.received().canonical(&["host"]));
        format!("{start}&X-Amz-Signature={} HTTP/1.1\nHost: a\n\n", scope.signature(SECRET, &text))
    };
    let good = Signed::parse(&url("&X-Amz-Expires=60"));
    assert_eq!(verify(&good, SECRET, NOW + Duration::seconds(59)), Ok(()));
    let expired = verify(&good, SECRET, NOW + Duration::seconds(60)).unwrap_err();
    assert_eq!(
        (expired.status, expired.code, expired.message.as_str()),
        (403, "AccessDenied", "Request has expired")
    );
    assert_eq!(code(verify(&good, SECRET, NOW - Duration::seconds(901))), "SignatureDoesNotMatch");
    let long = Signed::parse(&url("&X-Amz-Expires=604800"));
    assert_eq!(verify(&long, SECRET, NOW + Duration::days(6)), Ok(()));
    for expires in ["", "&X-Amz-Expires=", "&X-Amz-Expires=0", "&X-Amz-Expires=604801", "&X-Amz-Expires=x"] {
        assert_eq!(
            code(verify(&Signed::parse(&url(expires)), SECRET, NOW)),
            "IncompleteSignature",
            "{expires}"
        );
    }
    let with_token = url("&X-Amz-Expires=60&X-Amz-Security-Token=a%2Bb");
    let claim = Claim::read(&Signed::parse(&with_token).received()).unwrap().unwrap();
    assert_eq!(claim.token.as_deref(), Some("a+b"));
    let altered = Signed::parse(&url("&X-Amz-Expires=60").replace("Action=A", "Action=B"));
    assert_eq!(code(verify(&altered, SECRET, NOW)), "SignatureDoesNotMatch");
}

#[test]
fn sts_goes_by_its_quarter_of_an_hour() {
    for expires in ["0", "1", "60", "604800"] {
        let start = format!(
            "GET /?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2Fsts%2F\
             aws4_request&X-Amz-Date=20150830T123600Z&X-Amz-Expires={expires}&X-Amz-SignedHeaders=host"
        );
        let scope = Scope { day: "20150830", region: Some("us-east-1"), service: "sts" };
        let request = Signed::parse(&format!("{start} HTTP/1.1\nHost: a\n\n"));
        let text = scope.string_to_sign("20150830T123600Z", &request.received().canonical(&["host"]));
        let url = format!("{start}&X-Amz-Signature={} HTTP/1.1\nHost: a\n\n", scope.signature(SECRET, &text));
        let request = Signed::parse(&url);
        let verdict = |seconds| request.verify(SECRET, "sts", None, NOW + Duration::seconds(seconds));
        assert_eq!(verdict(900), Ok(()), "{expires}");
        assert_eq!(verdict(901), Err("SignatureDoesNotMatch"), "{expires}");
    }
}
