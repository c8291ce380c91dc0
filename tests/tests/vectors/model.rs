//! The core's table of endpoints against the published partitions and rules.

use std::collections::BTreeMap;

use serde_json::Value;
use sts_proto::endpoint::{Endpoint, EndpointParams};

use crate::report::{Report, json};

pub(crate) fn check(report: &mut Report) {
    let load = |name: &str| json(&report.path().join(name)).unwrap_or_else(|error| panic!("{error}"));
    let (partitions, rules) = (load("partitions.json"), load("sts-endpoint-rules.json"));
    let partitions = partitions["partitions"].as_array().expect("partitions");
    hosts(partitions, report);
    global_regions(partitions, &rules, report);
}

/// Each region that is published or resembles one, with and without FIPS and dual stack.
fn hosts(partitions: &[Value], report: &mut Report) {
    for partition in partitions {
        let outputs = &partition["outputs"];
        let text = |name: &str| outputs[name].as_str().expect("text");
        let id = partition["id"].as_str().expect("id");
        if outputs["supportsFIPS"] != true || outputs["supportsDualStack"] != true {
            panic!("{id} lacks FIPS or dual stack, which the table cannot say");
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
                report.case(&format!("partitions/{region} fips={fips} dual={dual}"), |case| {
                    case.count("hosts");
                    let expected = (host, signed_for.to_owned());
                    case.equal("host and region", &resolve(&region, fips, dual, false), &expected);
                    Ok(())
                });
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
                report.case(&format!("partitions/{region}"), |case| {
                    case.count("hosts");
                    let (host, _) = resolve(&region, false, false, false);
                    case.equal("host", &host, &format!("sts.{region}.amazonaws.com"));
                    Ok(())
                });
            }
        }
    }
}

/// The regions that the global endpoint stands for.
fn global_regions(partitions: &[Value], rules: &Value, report: &mut Report) {
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
    let regions =
        partitions.iter().flat_map(|partition| partition["regions"].as_object().expect("regions").keys());
    for region in regions {
        report.case(&format!("global regions/{region}"), |case| {
            case.count("global regions");
            let expected = match global.get(region.as_str()) {
                Some(signed_for) => ("sts.amazonaws.com".to_owned(), (*signed_for).to_owned()),
                None => resolve(region, false, false, false),
            };
            case.equal("host and region", &resolve(region, false, false, true), &expected);
            Ok(())
        });
    }
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
