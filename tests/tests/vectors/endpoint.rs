//! The service team's endpoint tests, and this crate's table against the published partitions and rules.
//!
//! The files are looked for below `$STS_VECTORS`, then in `../shared` beside the repository. Where there are
//! none the tests say so and pass, but not if `CI` is set.
#![allow(clippy::disallowed_methods, reason = "a test reads its data from files")]

use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use sts_proto::endpoint::{Endpoint, EndpointParams};

#[test]
fn service_tests() {
    let Some(file) = load("vectors/endpoint/sts-endpoint-tests.json") else { return };
    let cases = file["testCases"].as_array().expect("testCases");
    let mut failures = Vec::new();
    for case in cases {
        let name = case["documentation"].as_str().expect("documentation");
        let params = &case["params"];
        let flag = |name: &str| params[name].as_bool().unwrap_or(false);
        let resolved = Endpoint::resolve(&EndpointParams {
            region: params["Region"].as_str(),
            use_fips: flag("UseFIPS"),
            use_dual_stack: flag("UseDualStack"),
            use_global_endpoint: flag("UseGlobalEndpoint"),
            endpoint_url: params["Endpoint"].as_str(),
        });
        let expected = &case["expect"]["endpoint"];
        let as_expected = match (&resolved, expected["url"].as_str()) {
            (Err(_), None) => case["expect"]["error"].is_string(),
            (Ok(endpoint), Some(url)) => {
                // The tests name a signing region only where it is not the region itself.
                let scheme = &expected["properties"]["authSchemes"][0];
                let region = scheme["signingRegion"].as_str().or(params["Region"].as_str());
                endpoint.uri() == format!("{url}/").as_str()
                    && Some(endpoint.host().as_bytes()) == url.split("//").nth(1).map(str::as_bytes)
                    && endpoint.signing_region() == region
                    && endpoint.scope().is_ok() == region.is_some()
            }
            _ => false,
        };
        if !as_expected {
            failures.push(format!("{name}: {resolved:?}"));
        }
    }
    report("service tests", cases.len(), &failures);
}

#[test]
fn table_agrees_with_the_published_partitions() {
    let Some(file) = load("model/partitions.json") else { return };
    let mut checked = 0;
    let mut failures = Vec::new();
    let partitions = file["partitions"].as_array().expect("partitions");
    for partition in partitions {
        let outputs = &partition["outputs"];
        let text = |name: &str| outputs[name].as_str().expect("text");
        let id = partition["id"].as_str().expect("id");
        if outputs["supportsFIPS"] != true || outputs["supportsDualStack"] != true {
            failures.push(format!("{id} lacks FIPS or dual stack, which the table cannot say"));
        }
        let heads = region_heads(partition["regionRegex"].as_str().expect("regionRegex"));
        let listed = partition["regions"].as_object().expect("regions").keys().cloned();
        for region in
            listed.chain(heads.iter().flat_map(|head| [format!("{head}-new-1"), format!("{head}-w2-34")]))
        {
            let is_pseudo = region.starts_with("aws-");
            let signed_for = if is_pseudo { text("implicitGlobalRegion") } else { &region };
            let (plain, dual_stack) = (text("dnsSuffix"), text("dualStackDnsSuffix"));
            let fips_label = if id == "aws-us-gov" { "sts" } else { "sts-fips" };
            let ordinary = match region.as_str() {
                "aws-global" => "sts.amazonaws.com".to_owned(),
                _ => format!("sts.{region}.{plain}"),
            };
            for (fips, dual, host) in [
                (false, false, ordinary),
                (false, true, format!("sts.{region}.{dual_stack}")),
                (true, false, format!("{fips_label}.{region}.{plain}")),
                (true, true, format!("sts-fips.{region}.{dual_stack}")),
            ] {
                checked += 1;
                let resolved = resolve(&region, fips, dual, false);
                if resolved != (host.clone(), signed_for.to_owned()) {
                    failures.push(format!("{region} fips={fips} dual={dual}: {resolved:?}, not {host}"));
                }
            }
        }
        // What only resembles the pattern belongs to the default partition.
        for head in &heads {
            for region in [
                head.to_string(),
                format!("{head}-1"),
                format!("{head}-north"),
                format!("{head}-a-b-1"),
                format!("{head}-north-1x"),
                format!("x{head}-north-1"),
            ] {
                checked += 1;
                let (host, _) = resolve(&region, false, false, false);
                if host != format!("sts.{region}.amazonaws.com") {
                    failures.push(format!("{region}: {host}"));
                }
            }
        }
    }
    report("partitions", checked, &failures);
}

#[test]
fn table_agrees_with_the_published_global_regions() {
    let (Some(rules), Some(partitions)) =
        (load("model/sts-endpoint-rules.json"), load("model/partitions.json"))
    else {
        return;
    };
    // The first rule is the global endpoint's: a list of regions, and an endpoint for each.
    let global: BTreeMap<&str, &str> = rules["rules"][0]["rules"]
        .as_array()
        .expect("rules")
        .iter()
        .filter_map(|rule| {
            let signed_for = &rule["endpoint"]["properties"]["authSchemes"][0]["signingRegion"];
            Some((rule["conditions"][0]["argv"][1].as_str()?, signed_for.as_str()?))
        })
        .collect();
    assert!(global.contains_key("us-east-1"), "the rule set has another shape: {global:?}");
    let regions: Vec<&String> = partitions["partitions"]
        .as_array()
        .expect("partitions")
        .iter()
        .flat_map(|partition| partition["regions"].as_object().expect("regions").keys())
        .collect();
    let mut failures = Vec::new();
    for region in &regions {
        let resolved = resolve(region, false, false, true);
        let expected = match global.get(region.as_str()) {
            Some(signed_for) => ("sts.amazonaws.com".to_owned(), (*signed_for).to_owned()),
            None => resolve(region, false, false, false),
        };
        if resolved != expected {
            failures.push(format!("{region}: {resolved:?}, not {expected:?}"));
        }
    }
    report("global regions", regions.len(), &failures);
}

fn resolve(
    region: &str,
    use_fips: bool,
    use_dual_stack: bool,
    use_global_endpoint: bool,
) -> (String, String) {
    let params = EndpointParams {
        region: Some(region),
        use_fips,
        use_dual_stack,
        use_global_endpoint,
        ..EndpointParams::default()
    };
    let endpoint = Endpoint::resolve(&params).unwrap_or_else(|error| panic!("{region}: {error}"));
    let host = endpoint.host().to_str().expect("ASCII").to_owned();
    (host, endpoint.signing_region().expect("a region was given").to_owned())
}

/// What the patterns begin with, written out: `^(us|eu)\-\w+\-\d+$` is `us` and `eu`.
fn region_heads(pattern: &str) -> Vec<String> {
    let head = pattern.strip_prefix('^').and_then(|rest| rest.strip_suffix(r"\-\w+\-\d+$"));
    let head = head.unwrap_or_else(|| panic!("pattern has another shape: {pattern}")).replace(r"\-", "-");
    let heads: Vec<String> = match (head.split_once('('), head.strip_suffix(')')) {
        (Some((before, _)), Some(inner)) => {
            inner[before.len() + 1..].split('|').map(|choice| format!("{before}{choice}")).collect()
        }
        _ => vec![head],
    };
    for head in &heads {
        let plain = head.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        assert!(plain, "pattern has another shape: {pattern}");
    }
    heads
}

fn report(what: &str, ran: usize, failures: &[String]) {
    say(&format!("{what}: {ran} ran, {} failed", failures.len()));
    assert!(failures.is_empty(), "{what}: {} of {ran} failed:\n{}", failures.len(), failures.join("\n"));
    assert!(ran > 0, "{what}: nothing ran");
}

/// Reads `vectors/…` or `model/…`.
fn load(name: &str) -> Option<Value> {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let chosen = std::env::var_os("STS_VECTORS").map(PathBuf::from).map(|vectors| {
        match name.strip_prefix("vectors/") {
            Some(below) => vectors.join(below),
            None => vectors.join("..").join(name),
        }
    });
    let candidates: Vec<PathBuf> = chosen.into_iter().chain([shared.join(name)]).collect();
    let Some(path) = candidates.iter().find(|path| path.is_file()) else {
        assert!(std::env::var_os("CI").is_none(), "{name} is not in {candidates:?}");
        say(&format!("skipped: {name} is not in {candidates:?}"));
        return None;
    };
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Some(serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

/// Past the test harness, which keeps what a passing test prints to itself.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}
