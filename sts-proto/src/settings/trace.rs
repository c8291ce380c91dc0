use http::HeaderValue;
use percent_encoding::{CONTROLS, utf8_percent_encode};

use super::Env;

impl Env {
    /// The value that an AWS Lambda function forwards in `X-Amzn-Trace-Id`, so that Lambda can detect
    /// recursive loops: `_X_AMZN_TRACE_ID`, if `AWS_LAMBDA_FUNCTION_NAME` is set. Characters that a header
    /// cannot contain are percent-encoded.
    ///
    /// It changes with each invocation: a client that outlives an invocation sets it for each call with
    /// [`Call::trace_id`](crate::Call::trace_id).
    pub fn trace_id(&self) -> Option<HeaderValue> {
        if !self.is_aws_lambda() {
            return None;
        }
        // The trace id is optional, so one that is not Unicode is ignored.
        let id = self.get("_X_AMZN_TRACE_ID").ok()??;
        HeaderValue::try_from(utf8_percent_encode(id, CONTROLS).to_string()).ok()
    }

    /// Whether the environment is that of an AWS Lambda function.
    pub fn is_aws_lambda(&self) -> bool {
        self.has("AWS_LAMBDA_FUNCTION_NAME")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::to_str;

    fn of(variables: &[(&str, &str)]) -> Option<String> {
        let id = Env::from_iter(variables.iter().copied()).trace_id()?;
        to_str(&id).map(str::to_owned)
    }

    #[test]
    fn only_in_a_lambda_function_and_only_characters_that_a_header_may_contain() {
        let (function, id) = (("AWS_LAMBDA_FUNCTION_NAME", "f"), ("_X_AMZN_TRACE_ID", "Root=1-57;Sampled=1"));
        assert_eq!(of(&[function, id]).as_deref(), Some("Root=1-57;Sampled=1"));
        assert_eq!(of(&[id]), None);
        assert_eq!(of(&[("AWS_LAMBDA_FUNCTION_NAME", ""), id]), None);
        assert_eq!(of(&[function]), None);
        assert_eq!(of(&[function, (id.0, "")]), None);
        assert_eq!(of(&[function, (id.0, "a\r\nb: \u{e9}\u{7f}c")]).as_deref(), Some("a%0D%0Ab: %C3%A9%7Fc"));
    }
}
