//! Cases in the form that the SDK teams share, written as the folders of other cases.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use sts_proto::wire::time;

/// Writes a case into a folder.
pub(crate) fn write(document: &Value, folder: &Path) -> Result<(), String> {
    let text = |name: &str| document[name].as_str().ok_or_else(|| format!("it has no {name}"));
    let (region, home, case) = (text("region")?, text("home")?, &document["case"]);
    let now = seconds(text("now")?)?;
    let file = |name: &str, contents: &str| {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap_or(folder)).and_then(|()| fs::write(path, contents))
    };
    let file = |name: &str, contents: &str| file(name, contents).map_err(|error| format!("{name}: {error}"));
    let env = json!({"HOME": home, "AWS_REGION": region, "AWS_PROFILE": text("profile")?});
    file("env.json", &env.to_string())?;
    file(&format!("fs{home}/.aws/config"), case["configContents"].as_str().unwrap_or_default())?;
    let cache = format!("{home}/.aws/login/cache");
    for (name, contents) in case["cacheContents"].as_object().into_iter().flatten() {
        file(&format!("fs{cache}/{name}"), &contents.to_string())?;
    }
    let mut events = Vec::new();
    for (number, call) in case["mockApiCalls"].as_array().into_iter().flatten().enumerate() {
        events.extend(exchange(number, call, region)?);
    }
    file("http-traffic.json", &json!({ "events": events }).to_string())?;
    let mut test = json!({"now": now, "repeats": "free", "decided": {"by": "either"}});
    for outcome in case["outcomes"].as_array().into_iter().flatten() {
        match outcome["result"].as_str() {
            Some("error") => test["result"] = json!({"ErrorContains": "an error"}),
            Some("credentials") => {
                let expiry = outcome["expiresAt"].as_str().map(seconds).transpose()?;
                test["result"] = json!({"Ok": {
                    "access_key_id": outcome["accessKeyId"],
                    "secret_access_key": outcome["secretAccessKey"],
                    "session_token": outcome["sessionToken"],
                    "account_id": outcome["accountId"],
                    "expiry": expiry,
                }});
            }
            Some("cacheContents") => {
                for (name, contents) in
                    outcome.as_object().into_iter().flatten().filter(|(name, _)| *name != "result")
                {
                    let before = &case["cacheContents"][name];
                    if before != contents {
                        test["written"][format!("{cache}/{name}")]["content"] = contents.to_string().into();
                    }
                }
            }
            other => return Err(format!("what is the outcome {other:?}?")),
        }
    }
    file("test-case.json", &test.to_string())
}

fn exchange(number: usize, call: &Value, region: &str) -> Result<Vec<Value>, String> {
    let uri = format!("https://{region}.signin.aws.amazon.com/v1/token");
    let of = |action: Value| json!({"connection_id": number, "action": action});
    let data = |text: &Value, direction: &str| json!({"Data": {"data": {"Utf8": text.to_string()}, "direction": direction}});
    let (input, output) = (&call["request"]["tokenInput"], &call["response"]["tokenOutput"]);
    let status = match (call["responseCode"].as_u64(), output.is_null()) {
        (Some(status), _) => status,
        (None, false) => 200,
        (None, true) => return Err(format!("what is the answer {call}?")),
    };
    let answer = if output.is_null() { &call["response"] } else { output };
    Ok(vec![
        of(json!({"Request": {"request": {"method": "POST", "uri": uri, "headers": {}}}})),
        of(data(input, "Request")),
        of(json!({"Response": {"response": {"Ok": {"status": status, "headers": {}}}}})),
        of(data(answer, "Response")),
    ])
}

fn seconds(text: &str) -> Result<u64, String> {
    let at = time::parse(text).and_then(|at| at.duration_since(std::time::SystemTime::UNIX_EPOCH).ok());
    at.map(|since| since.as_secs()).ok_or_else(|| format!("{text} is no time"))
}
