use std::time::SystemTime;

use bytes::Bytes;
use http::header::DATE;
use http::{HeaderValue, Response, StatusCode};
use sts_proto::{Event, Phase, RetryClass, TransportErrorKind};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use RetryClass::{ClockSkew, Never, Throttling, Transient};
use TransportErrorKind as Kind;

/// A possible result of a request, and its class by the published rules.
#[derive(Debug)]
pub struct Fault {
    /// What arrives.
    pub wire: Wire,
    /// The class; `None` for a success.
    pub class: Option<RetryClass>,
}

/// What arrives, or why nothing does.
#[derive(Debug)]
pub enum Wire {
    /// A successful GetCallerIdentity response.
    Success,
    /// An error document: status, code, message.
    Refusal(u16, &'static str, &'static str),
    /// Any other response: status, body.
    Other(u16, &'static str),
    /// No response.
    Failure(TransportErrorKind),
}

impl Fault {
    /// The success.
    pub const SUCCESS: &'static Fault = &FAULTS[0];
    /// STS throttles the request.
    pub const THROTTLED: &'static Fault = &FAULTS[1];
    /// A proxy whose backend is down.
    pub const UNAVAILABLE: &'static Fault = &FAULTS[2];
    /// The connection is refused.
    pub const REFUSED: &'static Fault = &FAULTS[3];
    /// STS refuses a date in the past.
    pub const TOO_OLD: &'static Fault = &FAULTS[4];
    /// STS refuses a date in the future.
    pub const TOO_YOUNG: &'static Fault = &FAULTS[5];

    /// The first refusal of the table with this code.
    pub fn refusal(code: &str) -> &'static Fault {
        let with = |fault: &&Fault| matches!(fault.wire, Wire::Refusal(_, of, _) if of == code);
        FAULTS.iter().find(with).expect("a code of the table")
    }

    /// The event that the driver gives to the flow. A response carries the fault's index in [`FAULTS`] as
    /// `x-fault`, so that a trace shows which fault it was.
    pub fn event(&self) -> Event {
        let (status, body) = match &self.wire {
            Wire::Success => (200, Bytes::from_static(IDENTITY)),
            Wire::Refusal(status, code, message) => {
                let error = format!(
                    "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message>\
                     </Error><RequestId>simulated</RequestId></ErrorResponse>"
                );
                (*status, Bytes::from(error))
            }
            Wire::Other(status, body) => (*status, Bytes::from_static(body.as_bytes())),
            Wire::Failure(kind) => return Event::Failed((*kind).into()),
        };
        let mut response = Response::new(body);
        *response.status_mut() = StatusCode::from_u16(status).expect("the table holds statuses");
        let place = FAULTS.iter().position(|fault| std::ptr::eq(fault, self)).expect("a row of the table");
        response.headers_mut().insert("x-fault", HeaderValue::from(place));
        Event::Response(response)
    }

    /// The event with a header added, if it is a response.
    pub fn with(event: Event, name: &'static str, value: &str) -> Event {
        let Event::Response(mut response) = event else { return event };
        response.headers_mut().insert(name, HeaderValue::from_str(value).expect("a header's value"));
        Event::Response(response)
    }

    /// The event with the server's date, in the format of RFC 9110.
    pub fn dated(event: Event, at: SystemTime) -> Event {
        Self::with(event, DATE.as_str(), &date_of(at))
    }
}

/// `Fri, 17 May 2024 10:08:07 GMT`.
pub fn date_of(at: SystemTime) -> String {
    let text = OffsetDateTime::from(at).format(&Rfc2822).expect("a date after 1900");
    text.replace("+0000", "GMT")
}

const fn refusal(status: u16, code: &'static str, class: RetryClass) -> Fault {
    Fault { wire: Wire::Refusal(status, code, "why"), class: Some(class) }
}

const fn worded(status: u16, code: &'static str, message: &'static str, class: RetryClass) -> Fault {
    Fault { wire: Wire::Refusal(status, code, message), class: Some(class) }
}

const fn other(status: u16, body: &'static str, class: RetryClass) -> Fault {
    Fault { wire: Wire::Other(status, body), class: Some(class) }
}

const fn failure(kind: TransportErrorKind, class: RetryClass) -> Fault {
    Fault { wire: Wire::Failure(kind), class: Some(class) }
}

/// All faults; the first is the success.
pub static FAULTS: [Fault; 55] = [
    Fault { wire: Wire::Success, class: None },
    worded(400, "Throttling", "Rate exceeded", Throttling),
    refusal(503, "ServiceUnavailable", Transient),
    failure(Kind::Refused, Transient),
    worded(
        403,
        "SignatureDoesNotMatch",
        "Signature expired: 1 is now earlier than 2 (3 - 5 min.)",
        ClockSkew,
    ),
    worded(403, "SignatureDoesNotMatch", "Signature not yet current: 3 is still later than 2", ClockSkew),
    refusal(400, "BandwidthLimitExceeded", Throttling),
    refusal(400, "EC2ThrottledException", Throttling),
    refusal(400, "LimitExceededException", Throttling),
    refusal(400, "PriorRequestNotComplete", Throttling),
    refusal(400, "ProvisionedThroughputExceededException", Throttling),
    refusal(503, "RequestLimitExceeded", Throttling),
    refusal(400, "RequestThrottled", Throttling),
    refusal(400, "RequestThrottledException", Throttling),
    refusal(503, "SlowDown", Throttling),
    refusal(400, "ThrottledException", Throttling),
    refusal(400, "ThrottlingException", Throttling),
    refusal(400, "TooManyRequestsException", Throttling),
    refusal(400, "TransactionInProgressException", Throttling),
    other(429, "<html>slow down</html>", Throttling),
    other(429, "", Throttling),
    refusal(200, "Throttling", Throttling),
    refusal(500, "InternalFailure", Transient),
    other(500, "{}", Transient),
    other(502, "<html>bad gateway</html>", Transient),
    other(503, "", Transient),
    other(504, "<!DOCTYPE html><html>", Transient),
    refusal(400, "RequestTimeout", Transient),
    refusal(400, "RequestTimeoutException", Transient),
    refusal(400, "IDPCommunicationError", Transient),
    worded(
        400,
        "InvalidIdentityToken",
        "Couldn't retrieve verification key from your identity provider, please reference AssumeRoleWithWebIdentity",
        Transient,
    ),
    failure(Kind::UnknownHost, Transient),
    failure(Kind::Connect, Transient),
    failure(Kind::Closed, Transient),
    failure(Kind::Timeout(Phase::Connect), Transient),
    failure(Kind::Timeout(Phase::Response), Transient),
    failure(Kind::Timeout(Phase::Body), Transient),
    refusal(403, "RequestTimeTooSkewed", ClockSkew),
    refusal(400, "RequestExpired", ClockSkew),
    worded(403, "InvalidSignatureException", "Signature not yet current: 3", ClockSkew),
    worded(403, "SignatureDoesNotMatch", "The request signature we calculated does not match", Never),
    worded(400, "InvalidIdentityToken", "No OpenIDConnect provider found in your account", Never),
    refusal(403, "AccessDenied", Never),
    refusal(403, "ExpiredToken", Never),
    refusal(403, "InvalidClientTokenId", Never),
    refusal(400, "ValidationError", Never),
    other(404, "", Never),
    other(302, "", Never),
    other(501, "", Never),
    other(200, "<html/>", Never),
    other(200, "", Never),
    failure(Kind::Tls, Never),
    failure(Kind::NotHttp, Never),
    failure(Kind::TooLarge, Never),
    failure(Kind::Other, Never),
];

const IDENTITY: &[u8] =
    b"<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::0:user/a</Arn>\
    <UserId>AIDA</UserId><Account>0</Account></GetCallerIdentityResult></GetCallerIdentityResponse>";
