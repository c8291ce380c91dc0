use http::HeaderValue;
use percent_encoding::{CONTROLS, utf8_percent_encode};

use super::Env;

impl Env {
    /// What a function of AWS Lambda passes on in `X-Amzn-Trace-Id`, so that Lambda recognizes a loop of functions: the
    /// variable `_X_AMZN_TRACE_ID` where `AWS_LAMBDA_FUNCTION_NAME` says that this is one. What a header must not hold is
    /// percent-encoded.
    ///
    /// Each invocation has another one: a client that outlives an invocation gives each call its own with
    /// [`Call::trace_id`](crate::Call::trace_id).
    pub fn trace_id(&self) -> Option<HeaderValue> {
        if !self.has("AWS_LAMBDA_FUNCTION_NAME") {
            return None;
        }
        // A call goes well without: what is not Unicode is no reason to fail.
        let id = self.get("_X_AMZN_TRACE_ID").ok()??;
        HeaderValue::try_from(utf8_percent_encode(id, CONTROLS).to_string()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> Option<String> {
        let id = Env::from_iter(variables.iter().copied()).trace_id()?;
        id.to_str().ok().map(str::to_owned)
    }

    #[test]
    fn only_in_a_function_and_only_what_a_header_may_hold() {
        let (function, id) = (("AWS_LAMBDA_FUNCTION_NAME", "f"), ("_X_AMZN_TRACE_ID", "Root=1-57;Sampled=1"));
        assert_eq!(of(&[function, id]).as_deref(), Some("Root=1-57;Sampled=1"));
        assert_eq!(of(&[id]), None);
        assert_eq!(of(&[("AWS_LAMBDA_FUNCTION_NAME", ""), id]), None);
        assert_eq!(of(&[function]), None);
        assert_eq!(of(&[function, (id.0, "")]), None);
        assert_eq!(of(&[function, (id.0, "a\r\nb: \u{e9}\u{7f}c")]).as_deref(), Some("a%0D%0Ab: %C3%A9%7Fc"));
    }
}
