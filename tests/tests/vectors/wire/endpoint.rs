//! Where requests go.

use sts_proto::endpoint::{Endpoint, EndpointError, EndpointParams};

use super::text::Url;
use crate::record::Record;
use crate::report::Case;
use crate::rules::Rule;

struct Expect {
    url: String,
    signing_region: Option<String>,
    signing_name: Option<String>,
}

pub(crate) fn check(mut record: Record, case: &mut Case) -> Result<(), String> {
    let mut params = record.record("params")?;
    let (region, url) = (params.text_or_null("Region")?, params.text_or_null("Endpoint")?);
    let given = EndpointParams {
        region: region.as_deref(),
        use_fips: params.flag("UseFIPS")?,
        use_dual_stack: params.flag("UseDualStack")?,
        use_global_endpoint: params.flag("UseGlobalEndpoint")?,
        endpoint_url: url.as_deref(),
    };
    params.end()?;
    let mut expected = record.record("expect")?;
    let expected = if expected.has("error") {
        let error = expected.text("error")?;
        expected.end()?;
        Err(error)
    } else {
        let expect = Expect {
            url: expected.text("url")?,
            signing_region: expected.text_or_null("signing_region")?,
            signing_name: expected.text_or_null("signing_name")?,
        };
        expected.end()?;
        Ok(expect)
    };
    // What another client did, in whatever words.
    record.value("peer")?;
    record.end()?;

    let ours = Endpoint::resolve(&given);
    if let Some(rule) = refusal(region.as_deref(), None)? {
        is_refused(ours.err().as_ref(), rule, None, case);
        return Ok(());
    }
    if let Some(name) = region.as_deref().map(without_fips).filter(|name| region.as_deref() != Some(name)) {
        case.rule(Rule::FipsInTheName);
        let plain = EndpointParams { region: Some(name), use_fips: true, ..given };
        case.equal("endpoint", &ours, &Endpoint::resolve(&plain));
        return Ok(());
    }
    match expected {
        Err(error) => refused(&ours, &error, case),
        Ok(expect) => match refusal(region.as_deref(), url.as_deref())? {
            Some(rule) => is_refused(ours.err().as_ref(), rule, url.as_deref(), case),
            None => {
                let ours = ours.map_err(|error| format!("there is no endpoint: {error}"))?;
                resolved(&ours, &expect, region.as_deref(), case)?;
            }
        },
    }
    Ok(())
}

/// The rule by which there is no endpoint for such settings, if there is one.
pub(crate) fn refusal(region: Option<&str>, url: Option<&str>) -> Result<Option<Rule>, String> {
    if region.is_some_and(|region| !is_host_label(region)) {
        return Ok(Some(Rule::NotAHostLabel));
    }
    let url = url.map(Url::new).transpose()?;
    Ok(url.filter(|url| !url.extras().is_empty()).map(|_| Rule::UrlRefused))
}

/// Checks that the rule is kept, and that the message holds nothing that might be a password.
pub(crate) fn is_refused(error: Option<&EndpointError>, rule: Rule, url: Option<&str>, case: &mut Case) {
    case.rule(rule);
    let right = match error {
        Some(EndpointError::InvalidRegion { .. }) => rule == Rule::NotAHostLabel,
        Some(EndpointError::InvalidUrl { .. }) => rule == Rule::UrlRefused,
        _ => false,
    };
    case.require(right, format!("it should be refused ({rule:?}) and the error is {error:?}"));
    let message = error.map(|error| format!("{error} {error:?}")).unwrap_or_default();
    for extra in url.and_then(|url| Url::new(url).ok()).iter().flat_map(Url::extras) {
        case.require(
            extra.is_empty() || !message.contains(extra),
            "the message repeats what may be a secret",
        );
    }
}

fn refused(ours: &Result<Endpoint, EndpointError>, expected: &str, case: &mut Case) {
    case.count("endpoint errors");
    let right = match ours {
        Ok(_) => false,
        Err(error) if expected.contains("Missing Region") => *error == EndpointError::MissingRegion,
        Err(error) if expected.contains("FIPS and custom") => {
            matches!(error, EndpointError::FipsWithUrl { .. })
        }
        Err(error) if expected.contains("Dualstack and custom") => {
            matches!(error, EndpointError::DualStackWithUrl { .. })
        }
        Err(_) => true,
    };
    case.require(right, format!("it is {ours:?} and should be the error {expected:?}"));
}

fn resolved(ours: &Endpoint, expect: &Expect, region: Option<&str>, case: &mut Case) -> Result<(), String> {
    let url = Url::new(&expect.url)?;
    case.equal("url", &Url::new(&ours.uri().to_string())?, &url);
    case.equal("host", ours.host().to_str().unwrap_or_default(), &url.authority);
    case.equal("authority", &ours.uri().authority().map(|own| own.as_str()), &Some(url.authority.as_str()));
    // A vector names a signing region only where it is not the region itself.
    let named = expect.signing_region.as_deref().or(region);
    let main = named.and_then(main_region);
    if main.is_some() {
        case.rule(Rule::PseudoRegion);
    }
    case.equal("signing region", &ours.signing_region(), &main.or(named));
    match (ours.scope(), named) {
        (Ok(scope), _) => {
            let name = expect.signing_name.as_deref().unwrap_or("sts");
            case.equal("signing name", scope.service(), name);
        }
        (Err(error), None) => drop(case.equal("scope", &error, &EndpointError::MissingSigningRegion)),
        (Err(error), Some(_)) => case.fail(format!("there is no scope: {error}")),
    }
    case.count("endpoints resolved");
    Ok(())
}

fn without_fips(region: &str) -> &str {
    let name = region.strip_prefix("fips-").unwrap_or(region);
    name.strip_suffix("-fips").unwrap_or(name)
}

/// One label of a host name (RFC 1123 §2.1).
fn is_host_label(region: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-';
    matches!(region.len(), 1..=63)
        && region.chars().all(allowed)
        && !region.starts_with('-')
        && !region.ends_with('-')
}

/// The main region of the partition that such a name stands for (`model/partitions.json`, `implicitGlobalRegion`).
pub(crate) fn main_region(region: &str) -> Option<&'static str> {
    Some(match region {
        "aws-global" => "us-east-1",
        "aws-cn-global" => "cn-northwest-1",
        "aws-us-gov-global" => "us-gov-west-1",
        "aws-iso-global" => "us-iso-east-1",
        "aws-iso-b-global" => "us-isob-east-1",
        "aws-iso-e-global" => "eu-isoe-west-1",
        "aws-iso-f-global" => "us-isof-south-1",
        _ => return None,
    })
}
